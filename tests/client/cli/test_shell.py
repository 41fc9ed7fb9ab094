"""The command among the shell's: exit codes, interrupts, broken pipes, and what it needs installed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from pjai.testing import Daemon
from pjai_wire import version
from tests.client.cli.shell import PJAI, House, Shell, running

COMMANDS = (
    *("status", "health", "query", "count", "get", "watch", "commit", "events", "rebuild", "remember"),
    *("document get", "document set", "explain", "live", "actors", "actors restart"),
)

PIPE_BYTES = 2**20
"""More than Linux lets a pipe of ours hold."""

WITHOUT_THE_EXTRA = """
import sys

class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == sys.argv[1]:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from pjai.cli import main
sys.exit(main(["status"]))
"""


def test_version_is_the_packages(shell: Shell) -> None:
    assert shell("--version").out == f"pjai {version.PACKAGE}\n"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_and_the_common_options(shell: Shell, command: str) -> None:
    shown = shell(*command.split(), "--help")

    assert shown.code == 0
    assert "--json" in shown.out
    assert "--endpoint" in shown.out


def test_help_lists_every_command(shell: Shell) -> None:
    shown = shell("--help").out

    assert all(command.split()[0] in shown for command in COMMANDS)


@pytest.mark.parametrize(
    "arguments",
    [
        ["nothing"],
        ["query"],
        ["query", "memoriez"],
        ["query", "memories", "--where", "importnace=5"],
        ["query", "memories", "--where", "importance=high"],
        ["query", "memories", "--where", "importance"],
        ["query", "memories", "--order-by", "nothing"],
        ["query", "memories", "--select", "nothing"],
        ["query", "memories", "--select", "id", "--omit", "name"],
        ["query", "memories", "--select", "id", "--group-by", "name"],
        ["query", "memories", "--aggregate", "n"],
        ["query", "memories", "--limit", "many"],
        ["count", "memories", "--where", "x"],
        ["explain", "memories", "--where", "importance"],
        ["explain", "memories", "--limit", "10001"],
        ["get", "memoriez", "x"],
        ["query", "memories", "--where", "name=\udcff"],
        ["remember", "--persona", "\udcff", __file__],
        ["status", "--wait", "-1"],
        ["status", "--endpoint", "nowhere"],
        ["query", "memories", "--limit", "10001", "--group-by", "type"],
        ["watch", "memories", "--limit", "10001"],
        ["events", "--verify", "--reverse"],
        ["commit", "v1.PersonaCreatd", "{}"],
        ["commit", "v1.PersonaCreated", "{"],
        ["document", "set", "x", "{"],
    ],
)
def test_a_wrong_command_line_is_told_to_people_and_programs(shell: Shell, arguments: list[str]) -> None:
    shown = shell(*arguments)
    told = shell(*arguments, "--json")

    assert (shown.code, told.code) == (2, 2)
    assert (shown.out, told.out) == ("", "")
    assert shown.err.startswith(("pjai: ", "Usage: pjai"))
    assert json.loads(told.err)["error"].keys() >= {"code", "message"}


def test_what_the_daemon_finds_wrong_is_the_command_lines_fault_too(shell: Shell) -> None:
    refused = shell("document", "get", "x" * 1000, "--json")

    assert refused.code == 2
    assert json.loads(refused.err)["error"]["code"] == "invalid_value"


def test_groups_say_which_limit_they_take(shell: Shell) -> None:
    refused = shell("query", "memories", "--limit", "20000", "--group-by", "id")

    assert "a limit of at most 10,000" in refused.err
    assert shell("query", "memories", "--limit", "10000", "--group-by", "id").code == 0


def test_help_says_what_a_limit_does(shell: Shell) -> None:
    assert "page by page" in shell("query", "--help").out
    assert "At most 10,000" in shell("watch", "--help").out
    assert "page by page" not in shell("watch", "--help").out


@pytest.mark.parametrize(
    "arguments", [["status"], ["--help"], ["events", "--follow", "--after", "0"], ["events", "--json"]]
)
def test_output_that_fails_is_told_in_a_line(
    environment: dict[str, str], house: House, arguments: list[str]
) -> None:
    with Path("/dev/full").open("w") as full:
        ended = subprocess.run(
            [PJAI, *arguments],
            env=environment,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
            timeout=30,
        )

    assert ended.returncode == 74
    assert "No space left on device" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_word_that_is_nearly_right_gets_the_right_one(shell: Shell) -> None:
    assert "did you mean 'memories'?" in shell("query", "memoriez").err
    assert "did you mean 'importance'?" in shell("query", "memories", "--where", "importnace=5").err


@pytest.mark.parametrize("command", ["status", "health", "watch personas", "events --follow", "rebuild"])
def test_without_a_daemon_it_says_how_to_start_one(shell: Shell, short_path: Path, command: str) -> None:
    nowhere = ("--endpoint", f"ipc://{short_path}/nobody", "--wait", "0.01")

    shown = shell(*command.split(), *nowhere)
    told = shell(*command.split(), *nowhere, "--json")

    assert (shown.code, told.code) == (69, 69)
    assert "pjaid" in shown.err
    assert json.loads(told.err)["error"]["code"] == "not_running"


def test_an_endpoint_on_the_command_line_goes_before_the_environments(
    daemon: Daemon, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PJAI_ENDPOINT", "nowhere")

    assert shell("health", "--endpoint", daemon.endpoint).out == "ok\n"


def test_the_daemon_is_found_by_its_runtime_directory(daemon: Daemon) -> None:
    ended = subprocess.run([PJAI, "health"], env=daemon.environment, capture_output=True, check=False)

    assert ended.stdout == b"ok\n"


@pytest.mark.parametrize(
    "arguments",
    [["watch", "personas"], ["events", "--follow", "--after", "0", "--json"]],
)
def test_an_interrupt_ends_it_without_a_word(
    environment: dict[str, str], house: House, arguments: list[str]
) -> None:
    with running(environment, *arguments) as command:
        assert command.line()
        command.process.send_signal(signal.SIGINT)
        ended = command.ended()

    assert ended.code == 130
    assert ended.err.strip() == ""


@pytest.mark.parametrize("arguments", [["commit"], ["document", "set", "x"]])
def test_an_interrupt_ends_the_reading_of_standard_input(
    environment: dict[str, str], arguments: list[str]
) -> None:
    with subprocess.Popen(
        [PJAI, *arguments], env=environment, stdin=subprocess.PIPE, stderr=subprocess.PIPE
    ) as command:
        try:
            assert command.stdin is not None
            # More than a pipe holds: once it is written, the command is reading.
            command.stdin.write(b"\n" * PIPE_BYTES)
            command.stdin.flush()
            command.send_signal(signal.SIGINT)
            # A shell makes 130 of it.
            assert command.wait(timeout=10) == -signal.SIGINT
            assert command.stderr is not None
            assert command.stderr.read().strip() == b""
        finally:
            command.kill()


@pytest.mark.parametrize("arguments", [["commit"], ["document", "set", "x"]])
def test_a_terminal_is_not_read_but_asked_what_is_missing(
    environment: dict[str, str], arguments: list[str]
) -> None:
    ours, theirs = os.openpty()
    try:
        ended = subprocess.run(
            [PJAI, *arguments], env=environment, stdin=theirs, capture_output=True, check=False, timeout=30
        )
    finally:
        os.close(ours)
        os.close(theirs)

    assert ended.returncode == 2
    assert b"or on standard input" in ended.stderr


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_reader_that_leaves_early_is_no_error(
    environment: dict[str, str], house: House, options: list[str]
) -> None:
    with running(environment, "events", "--follow", "--after", "0", *options) as command:
        assert command.process.stdout is not None
        assert command.process.stdout.readline()
        command.process.stdout.close()
        subprocess.run(
            [PJAI, "commit", "v1.PersonaUsed", json.dumps({"id": house.persona})],
            env=environment,
            check=True,
            capture_output=True,
        )
        assert command.process.stderr is not None
        assert command.process.stderr.read() == ""
        assert command.process.wait() == 141


@pytest.mark.parametrize("package", ["click", "rich", "markdown_it"])
def test_without_the_extra_it_says_what_to_install(package: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", WITHOUT_THE_EXTRA, package], capture_output=True, text=True, check=False
    )

    assert ended.returncode == 78
    assert package in ended.stderr
    assert 'pip install "pjai[cli]"' in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_module_of_our_own_that_is_missing_is_no_missing_extra() -> None:
    ended = subprocess.run(
        [
            sys.executable,
            "-c",
            WITHOUT_THE_EXTRA.replace('partition(".")[0]', "removeprefix('pjai.')"),
            "database",
        ],
        capture_output=True,
        text=True,
        check=False,
    )

    assert ended.returncode == 1
    assert "ModuleNotFoundError" in ended.stderr


def test_the_entry_needs_no_extra() -> None:
    program = "import sys, pjai.cli; sys.exit(bool({'click', 'rich', 'markdown_it'} & set(sys.modules)))"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
