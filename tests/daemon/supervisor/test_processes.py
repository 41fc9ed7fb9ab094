"""Processes of actors: begun by a fork server that has a spare one, ended, and told of."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncGenerator
from pathlib import Path

import anyio
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from pjaid.supervisor.child import EXIT_FAILED
from pjaid.supervisor.fork_messages import (
    Begun,
    Ended,
    Refused,
    Start,
    decode_start,
    encode_start,
    line_of,
    told_in,
)
from pjaid.supervisor.processes import ActorProcess, Processes

pytestmark = pytest.mark.anyio

WITHIN_S = 60

IN_A_SCRIPT = """
import anyio
from pjaid.supervisor.processes import Processes
from tests.daemon.supervisor.test_processes import start_of

async def main():
    processes = Processes(60.0)
    process = await processes.begin(start_of("nothing:here"))
    print(await process.ended())
    processes.close()

print("the script runs")
anyio.run(main)
"""


def start_of(actor: str) -> Start:
    """What a process is told that finds no daemon."""
    return Start("notes", actor, "ipc:///nowhere", "token", memory_bytes_max=2**40, open_files_max=256)


FAILING = start_of("nothing:here")
WAITING = start_of("pjaid.actors.persona:persona")
"""It waits for its daemon for some seconds, so that one that is to be found ended by another is suspended."""


@pytest.fixture
async def processes() -> AsyncGenerator[Processes]:
    begun = Processes(WITHIN_S)
    try:
        yield begun
    finally:
        begun.close()


def servers() -> list[psutil.Process]:
    """The fork servers of this process that have not ended."""
    children = psutil.Process().children()
    return [one for one in children if "pjaid.supervisor.fork_server" in " ".join(one.cmdline())]


async def spare_of(server: psutil.Process, *others: int) -> int:
    """The spare process of a server, once there is one that is none of some others."""
    with anyio.fail_after(WITHIN_S):
        while not (spare := {child.pid for child in server.children()} - {*others}):
            await anyio.lowlevel.checkpoint()
    return spare.pop()


async def suspend(*pids: int) -> None:
    """Suspends processes once they are on their own: from then on they end with their server."""
    with anyio.fail_after(WITHIN_S):
        for pid in pids:
            while os.getpgid(pid) != pid:
                await anyio.lowlevel.checkpoint()
            psutil.Process(pid).suspend()


async def end_of(process: ActorProcess) -> int | None:
    with anyio.fail_after(WITHIN_S):
        return await process.ended()


async def gone(*pids: int) -> None:
    """Waits until there is no such process."""
    with anyio.fail_after(WITHIN_S):
        while any(psutil.pid_exists(pid) for pid in pids):
            await anyio.lowlevel.checkpoint()


async def test_how_a_process_ends_is_told(processes: Processes) -> None:
    failed, killed, stopped = [await processes.begin(start) for start in (FAILING, WAITING, WAITING)]
    killed.kill()
    stopped.terminate()
    assert await end_of(failed) == EXIT_FAILED
    assert await end_of(killed) == -signal.SIGKILL
    assert await end_of(stopped) == -signal.SIGTERM


async def test_a_spare_process_waits_to_be_the_next_actor(processes: Processes) -> None:
    first = await processes.begin(WAITING)
    (server,) = servers()
    spare = await spare_of(server, first.pid)
    second = await processes.begin(WAITING)
    assert second.pid == spare
    assert await spare_of(server, first.pid, second.pid)


async def test_a_spare_process_that_dies_is_followed_by_another(processes: Processes) -> None:
    first = await processes.begin(WAITING)
    (server,) = servers()
    spare = await spare_of(server, first.pid)
    os.kill(spare, signal.SIGKILL)
    assert await spare_of(server, first.pid, spare)
    assert (await processes.begin(WAITING)).pid != spare


async def test_processes_that_begin_at_once_are_others(processes: Processes) -> None:
    pids: list[int] = []

    async def begin() -> None:
        pids.append((await processes.begin(WAITING)).pid)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(begin)
    assert len({*pids}) == 5
    assert len(servers()) == 1


async def test_a_process_whose_server_is_gone_has_ended_and_another_server_begins_the_next(
    processes: Processes,
) -> None:
    first = await processes.begin(WAITING)
    (server,) = servers()
    await suspend(first.pid)
    server.kill()
    assert await end_of(first) is None
    await gone(first.pid)
    assert await end_of(await processes.begin(FAILING)) == EXIT_FAILED
    assert server not in servers()


async def test_a_server_that_hangs_is_ended_and_another_one_begins_the_next() -> None:
    processes = Processes(begun_s_max=WITHIN_S)
    try:
        await processes.begin(FAILING)
        (server,) = servers()
        server.suspend()
        processes._begun_s_max = 0.1
        with pytest.raises(TimeoutError):
            await processes.begin(FAILING)
        assert servers() == []
        processes._begun_s_max = WITHIN_S
        assert await end_of(await processes.begin(FAILING)) == EXIT_FAILED
    finally:
        processes.close()


async def test_whoever_no_longer_wants_a_process_leaves_none_behind(processes: Processes) -> None:
    await end_of(await processes.begin(FAILING))
    (server,) = servers()
    spare = await spare_of(server)
    await suspend(spare)
    descriptors = psutil.Process().num_fds()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(processes.begin, WAITING)
        await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    after = await processes.begin(FAILING)
    assert after.pid != spare
    await gone(spare)
    assert await end_of(after) == EXIT_FAILED
    assert psutil.Process().num_fds() == descriptors


async def test_all_processes_end_with_their_server() -> None:
    processes = Processes(WITHIN_S)
    first = await processes.begin(WAITING)
    (server,) = servers()
    pids = [first.pid, await spare_of(server, first.pid)]
    await suspend(*pids)
    processes.close()
    assert servers() == []
    await gone(*pids)


async def test_a_process_that_is_killed_counts_as_ended_though_nobody_tells(
    processes: Processes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pjaid.supervisor.processes._end_of", lambda _: [])  # as where there are no pidfds
    first = await processes.begin(WAITING)
    (server,) = servers()
    server.suspend()
    first.kill()
    assert await end_of(first) is None


def memory_of(pid: int) -> bytes:
    """All that a process may write to."""
    maps = Path(f"/proc/{pid}/maps").read_text().splitlines()
    writable = [line.split()[0].split("-") for line in maps if line.split()[1].startswith("rw")]
    with Path(f"/proc/{pid}/mem").open("rb", buffering=0) as memory:
        parts = []
        for first, last in writable:
            memory.seek(int(first, 16))
            parts.append(memory.read(int(last, 16) - int(first, 16)))
    return b"".join(parts)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows a process's memory as a file")
async def test_what_one_process_is_told_is_in_the_memory_of_no_other(processes: Processes) -> None:
    marker = os.urandom(8).hex()
    begun = []
    async with anyio.create_task_group() as tasks:

        async def begin(name: str) -> None:
            told = structs.replace(WAITING, token=f"{marker}-token-{name}")
            begun.append(await processes.begin(told))

        for name in ("ONE", "TWO", "THREE"):
            tasks.start_soon(begin, name)
    (server,) = servers()
    spare = await spare_of(server, *(process.pid for process in begun))

    def told_to(pid: int) -> set[bytes]:
        return {*re.findall(rf"{marker}-token-(\w+)".encode(), memory_of(pid))}

    for process, own in zip(begun, (b"ONE", b"TWO", b"THREE"), strict=True):
        with anyio.fail_after(WITHIN_S):
            while own not in told_to(process.pid):
                await anyio.lowlevel.checkpoint()
        assert told_to(process.pid) == {own}
    assert told_to(server.pid) == told_to(spare) == set()


def test_no_process_runs_the_script_again_that_the_daemon_was_begun_with(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text(IN_A_SCRIPT)
    done = subprocess.run(
        [sys.executable, script],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        check=True,
        timeout=WITHIN_S,
    )
    assert done.stdout.split("\n") == ["the script runs", str(EXIT_FAILED), ""]


@given(st.dictionaries(st.text(), st.binary()), st.text())
def test_what_a_process_is_told_arrives_as_it_was(secrets: dict[str, bytes], token: str) -> None:
    start = Start("notes", "a:b", "ipc://", token, 1, 2, secrets)
    assert decode_start(encode_start(start)) == start


@pytest.mark.parametrize("message", [Begun(1), Refused(11), Ended(1, -9)])
def test_what_the_server_says_is_a_line(message: Begun | Refused | Ended) -> None:
    assert line_of(message).index(b"\n") == len(line_of(message)) - 1
    assert told_in(line_of(message)) == message
