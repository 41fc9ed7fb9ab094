"""The watch over actors, as far as it goes without a process; `tests/system/test_actors.py` has the rest."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from msgspec import Raw
from msgspec.structs import replace

from pjai_wire.errors import Forbidden, NotFound, Unavailable
from pjaid.calls.calls import Calls
from pjaid.supervisor.restart import Restart
from pjaid.supervisor.supervisor import Pace, Supervisor
from pjaid.supervisor.tree import Place

pytestmark = pytest.mark.anyio

PACE = Pace(silence_s_max=1.0, start_s_max=60.0, restarts_max=5, memory_bytes_max=2**30, open_files_max=256)

WITHOUT_ACTORS = """
import sys
import anyio
import pjaid.command, pjaid.serve
from pjaid.calls.calls import Calls
from pjaid.supervisor.supervisor import Pace, Supervisor
from pjaid.supervisor.tree import places

async def main():
    calls = Calls((), queue_max=1, within_ms_default=1)
    supervisor = Supervisor(places("none"), calls, "ipc:///nowhere", Pace(1.0, 1.0, 5, 2**30, 256))
    async with anyio.create_task_group() as tasks:
        supervisor.serve(tasks)
    await supervisor.close()

anyio.run(main)
print(*sorted({"multiprocessing", "pjai", "pjaid.supervisor.processes"} & sys.modules.keys()))
"""

AN_ACTOR_ENDS = """
import anyio
from pjaid.supervisor.processes import ActorProcess, Processes
from tests.daemon.supervisor.test_supervisor import supervisor_of

async def main():
    supervisor = supervisor_of("persona", "pjaid.actors.persona:persona")
    begin, ended = Processes.begin, ActorProcess.ended
    async with anyio.create_task_group() as daemon:
        async def ended_as_the_daemon_stops(process):
            code = await ended(process)
            daemon.cancel_scope.cancel()
            return code

        async def begun_to_end(processes, start):
            process = await begin(processes, start)
            process.kill()
            return process

        Processes.begin, ActorProcess.ended = begun_to_end, ended_as_the_daemon_stops
        supervisor.serve(daemon)
    Processes.begin, ActorProcess.ended = begin, ended
    await supervisor.close()
    print("closed")

if __name__ == "__main__":
    anyio.run(main)
"""


def supervisor_of(name: str, actor: str) -> Supervisor:
    """It keeps one actor, which nobody has started yet."""
    calls = Calls((name,), queue_max=1, within_ms_default=1)
    return Supervisor((Place(name, actor),), calls, "ipc:///nowhere", PACE)


def test_a_daemon_without_actors_carries_nothing_that_only_they_need() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_ACTORS], capture_output=True, text=True, check=True, timeout=60
    )
    assert done.stdout.split() == []


def test_a_daemon_stops_in_the_moment_in_which_an_actor_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", AN_ACTOR_ENDS], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.stdout == "closed\n", done.stderr


async def test_an_actor_that_hangs_before_it_serves_is_down_at_last(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "hanging_actor.py").write_text("import time\ntime.sleep(600)\n", encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    # It hangs for longer than makes one healthy, and falls too seldom to be down for that.
    place = Place("hanging", "hanging_actor:hanging", restart=Restart(within_s=1e-3, healthy_s=1e-3))
    calls = Calls(("hanging",), queue_max=1, within_ms_default=1)
    supervisor = Supervisor((place,), calls, "ipc:///nowhere", replace(PACE, start_s_max=0.5))
    (supervised,) = supervisor
    async with anyio.create_task_group() as tasks:
        supervisor.serve(tasks)
        with anyio.fail_after(60):
            while supervised.state != "down":
                await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    await supervisor.close()
    with pytest.raises(Unavailable):
        calls.call("hanging.total", Raw(b"\x80"), client="ada", within_ms=None)


@pytest.fixture
async def supervisor() -> Supervisor:
    """It keeps one actor, which nobody has started yet."""
    return supervisor_of("notes", "notes_actor:notes")


@pytest.mark.parametrize("token", ["", "None", "guessed"])
@pytest.mark.parametrize("name", ["notes", "weather"])
async def test_nobody_registers_as_an_actor_that_was_not_started(
    supervisor: Supervisor, name: str, token: str
) -> None:
    with pytest.raises(Forbidden):
        supervisor.registered(name, token)
    assert [supervised.state for supervised in supervisor] == ["starting"]


async def test_a_token_is_good_for_one_registration(supervisor: Supervisor) -> None:
    (supervised,) = supervisor
    supervised.token = b"the token"
    with pytest.raises(Forbidden):
        supervisor.registered("notes", "another")
    supervisor.registered("notes", "the token")
    assert supervised.state == "up"
    with pytest.raises(Forbidden):
        supervisor.registered("notes", "the token")


async def test_the_last_error_of_an_actor_s_own_work_is_told_until_that_succeeds(
    supervisor: Supervisor,
) -> None:
    (supervised,) = supervisor
    supervised.fell_by = "exit -9"
    supervisor.heard("notes", "unavailable")
    assert supervised.last_error == "unavailable"
    supervisor.heard("notes")
    assert supervised.last_error == "exit -9"


async def test_an_unknown_actor_cannot_be_restarted(supervisor: Supervisor) -> None:
    with pytest.raises(NotFound) as refused:
        supervisor.restart("weather")
    assert "notes" in (refused.value.hint or "")
