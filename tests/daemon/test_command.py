"""The command: what it prints, and the exit codes that a service manager acts on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pjai_wire import version
from pjaid.errors import EX_CONFIG, EX_NOPERM, EX_OK, EX_TEMPFAIL
from pjaid.settings import DECLARATIONS
from pjaid.single import claim

WITHOUT_THE_EXTRA = """
import sys

class Absent:
    names = {"apsw", "cryptography", "keyring", "platformdirs", "psutil", "structlog", "uvloop"}

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, Absent())
from pjaid.command import main
sys.exit(main())
"""


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    """The environment of a user who has nothing yet."""
    foreign = ("PJAI_", "XDG_", "CREDENTIALS_DIRECTORY")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    return kept | {
        "HOME": str(tmp_path),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "PJAI_DATA_DIR": str(tmp_path / "data"),
    }


def run(environ: dict[str, str], *arguments: str, program: str = "") -> subprocess.CompletedProcess[str]:
    how = ["-c", program] if program else ["-m", "pjaid"]
    return subprocess.run(
        [sys.executable, *how, *arguments],
        env=environ,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_names_every_setting_and_command(environ: dict[str, str]) -> None:
    shown = run(environ, "--help")

    assert shown.returncode == EX_OK
    assert all(declaration.flag in shown.stdout for declaration in DECLARATIONS.values())
    assert "init" in shown.stdout
    assert "settings" in shown.stdout


def test_version_is_the_packages(environ: dict[str, str]) -> None:
    assert run(environ, "--version").stdout == f"pjaid {version.PACKAGE}\n"


def test_settings_are_printed_with_their_source(environ: dict[str, str]) -> None:
    secret = {"PJAI_PASSPHRASE": "correct horse", "PJAI_READERS_MAX": "12"}

    shown = run(environ | secret, "settings", "--json", "--development")
    table = json.loads(shown.stdout)

    assert table.keys() == DECLARATIONS.keys()
    assert table["readers_max"] == {
        "value": 12,
        "unit": "connections",
        "source": "environment PJAI_READERS_MAX",
        "allowed": "a whole number from 1 to 64",
        "description": "Reading connections open at once.",
    }
    assert table["development"]["value"] is True
    assert table["development"]["source"] == "flag --development"
    assert table["passphrase_file"]["value"] is None
    assert "correct horse" not in shown.stdout + shown.stderr


def test_settings_are_printed_for_people_too(environ: dict[str, str]) -> None:
    shown = run(environ, "--topic-lease-s", "7", "settings")

    assert "topic_lease_s = 7.0 s  (flag --topic-lease-s)\n" in shown.stdout
    assert "passphrase_file = null  (default)\n" in shown.stdout
    assert 'embedder_url = ""  (default)\n' in shown.stdout


@pytest.mark.parametrize("arguments", [["--log-level", "loud"], ["settings", "--log-level=loud"]])
def test_a_wrong_setting_is_told_with_what_is_allowed(environ: dict[str, str], arguments: list[str]) -> None:
    refused = run(environ, *arguments)

    assert refused.returncode == EX_CONFIG
    assert refused.stderr == (
        "pjaid: log_level from flag --log-level is 'loud', which is not allowed\n"
        "       log_level is one of: debug, error, info, warning\n"
    )


@pytest.mark.parametrize(
    "arguments", [["--tick", "5"], ["--tick=5"], ["settings", "--tick-intervall-ms", "5"]]
)
def test_an_unknown_flag_is_told_with_the_nearest(environ: dict[str, str], arguments: list[str]) -> None:
    refused = run(environ, *arguments)

    assert refused.returncode == EX_CONFIG
    assert "did you mean '--tick-interval-ms'?" in refused.stderr


def test_a_misspelt_variable_is_told_beside_the_settings(environ: dict[str, str]) -> None:
    shown = run(environ | {"PJAI_TICK_INTERVALL_MS": "20"}, "settings", "--json")

    assert shown.returncode == EX_OK
    assert json.loads(shown.stdout)["tick_interval_ms"]["source"] == "default"
    assert shown.stderr == (
        "pjaid: PJAI_TICK_INTERVALL_MS is no setting and does nothing; "
        "did you mean 'PJAI_TICK_INTERVAL_MS'?\n"
    )


def test_a_misspelt_variable_is_logged_at_the_start(environ: dict[str, str]) -> None:
    refused = run(environ | {"PJAI_TICK_INTERVALL_MS": "20"})

    warned = next(line for line in refused.stderr.splitlines() if "unknown_variable" in line)
    assert json.loads(warned)["variable"] == "PJAI_TICK_INTERVALL_MS"
    assert "'PJAI_TICK_INTERVAL_MS'" in json.loads(warned)["hint"]


def test_init_makes_a_store_once(environ: dict[str, str], tmp_path: Path) -> None:
    made = run(environ | {"PJAI_PASSPHRASE": "correct horse"}, "init")
    wrong = run(environ | {"PJAI_PASSPHRASE": "correct house"}, "init")
    again = run(environ | {"PJAI_PASSPHRASE": "correct horse"}, "init")

    assert made.stdout == f"made a store with a passphrase slot: {tmp_path / 'data'}\n"
    assert wrong.returncode == EX_NOPERM
    assert again.returncode == EX_CONFIG
    assert "no passphrase for a new slot" in again.stderr


def test_init_leaves_a_store_at_work_alone(environ: dict[str, str], tmp_path: Path) -> None:
    with claim(tmp_path / "data"):
        refused = run(environ, "init")

    assert refused.returncode == EX_TEMPFAIL
    assert f"pid {os.getpid()}" in refused.stderr


def test_init_without_a_passphrase_says_how_to_give_one(environ: dict[str, str]) -> None:
    refused = run(environ, "init")

    assert refused.returncode == EX_CONFIG
    assert "PJAI_PASSPHRASE_FILE" in refused.stderr


@pytest.mark.parametrize("arguments", [[], ["init"], ["settings"]])
def test_without_the_extra_it_says_what_to_install(environ: dict[str, str], arguments: list[str]) -> None:
    refused = run(environ, *arguments, program=WITHOUT_THE_EXTRA)

    assert refused.returncode == EX_CONFIG
    assert 'pip install "pjai[daemon]"' in refused.stderr
    assert "Traceback" not in refused.stderr


@pytest.mark.parametrize("argument", ["--help", "--version"])
def test_help_and_version_need_no_extra(environ: dict[str, str], argument: str) -> None:
    assert run(environ, argument, program=WITHOUT_THE_EXTRA).returncode == EX_OK


def test_an_export_of_another_model_is_refused(environ: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason='needs pip install ".[export]"')
    pytest.importorskip("onnx", reason='needs pip install ".[export]"')
    (tmp_path / "model.safetensors").write_bytes(b"another")

    ended = run(environ, "export-embedder", str(tmp_path), str(tmp_path / "made"))

    assert ended.returncode == EX_CONFIG
    assert "is not the model.safetensors of all-MiniLM-L6-v2" in ended.stderr
    assert not (tmp_path / "made").exists()
