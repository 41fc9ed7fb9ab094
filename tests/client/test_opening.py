from __future__ import annotations

import asyncio
import subprocess
import sys
from pathlib import Path

import anyio
import pytest

import pjai
from pjai.exchange import ConnectionLost
from pjai.opening import default_endpoint, script_name
from pjai_wire.errors import InvalidValue
from tests.client.fake_daemon import FakeDaemon

WATCHED = {
    "topic": "t",
    "pulse": "p",
    "seq": 1,
    "columns": [column.name for column in pjai.memory_links.default_columns],
    "rows": [],
}


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/home/ada/notes.py", "notes"),
        ("/opt/agent/__main__.py", "agent"),
        ("bin/my agent!.py", "my agent-"),
        ("-c", "c"),
        ("", "python"),
        ("x" * 200, "x" * 100),
    ],
)
def test_a_client_is_called_what_its_script_is(path: str, name: str) -> None:
    assert script_name(path) == name


def test_the_endpoint_is_the_environments_or_the_runtime_directorys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PJAI_RUNTIME_DIR", "/run/pjai")
    monkeypatch.delenv("PJAI_ENDPOINT", raising=False)
    assert default_endpoint() == "ipc:///run/pjai/requests.sock"
    monkeypatch.setenv("PJAI_ENDPOINT", "tcp://127.0.0.1:1")
    assert default_endpoint() == "tcp://127.0.0.1:1"


async def test_connecting_without_an_endpoint_uses_it(
    fake: FakeDaemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PJAI_ENDPOINT", fake.endpoints.requests)
    async with pjai.connect() as db:
        assert db.hello.instance == "1"


@pytest.mark.parametrize("error", [ValueError("mine"), SystemExit(3), ExceptionGroup("mine", [ValueError()])])
async def test_an_error_inside_the_block_comes_out_as_it_is(fake: FakeDaemon, error: BaseException) -> None:
    with pytest.raises(type(error)) as caught:
        async with pjai.connect(fake.endpoints.requests):
            raise error
    assert caught.value is error


async def test_an_error_while_the_block_is_being_cancelled_is_not_lost(fake: FakeDaemon) -> None:
    async def cancelled() -> None:
        with anyio.CancelScope() as scope:
            async with pjai.connect(fake.endpoints.requests):
                scope.cancel()
                await _failing_to_clean_up()

    with pytest.raises(ValueError, match="mine"):
        await cancelled()


async def test_an_error_after_the_time_is_over_is_not_taken_for_the_end_of_the_time(fake: FakeDaemon) -> None:
    async def timed_out() -> None:
        async with asyncio.timeout(None) as limit, pjai.connect(fake.endpoints.requests):
            limit.reschedule(asyncio.get_running_loop().time())
            await _failing_to_clean_up()

    with pytest.raises(ValueError, match="mine"):
        await timed_out()


async def test_every_block_may_be_left_in_another_task(fake: FakeDaemon) -> None:
    fake.answers |= {"watch": lambda _: WATCHED, "unwatch": lambda _: {}}
    connecting = pjai.connect(fake.endpoints.requests)
    db = await asyncio.create_task(connecting.__aenter__())
    watching = db.watch(pjai.memory_links)
    live = await asyncio.create_task(watching.__aenter__())
    computing = pjai.computed(len, live)
    await asyncio.create_task(computing.__aenter__())
    for block in (computing, watching, connecting):
        await asyncio.create_task(block.__aexit__(None, None, None))
    assert [rows async for rows in live] == []


async def test_nothing_runs_once_the_block_was_left(fake: FakeDaemon) -> None:
    before = asyncio.all_tasks()
    async with pjai.connect(fake.endpoints.requests) as db:
        watching = asyncio.create_task(db.watch(pjai.personas).__aenter__())
        await fake.asked("watch")
        assert asyncio.all_tasks() > before | {watching}
    await asyncio.wait([watching])
    assert isinstance(watching.exception(), ConnectionLost)
    assert asyncio.all_tasks() == before


async def test_cancelling_the_block_is_no_error(fake: FakeDaemon) -> None:
    with anyio.CancelScope() as scope:
        async with pjai.connect(fake.endpoints.requests):
            scope.cancel()
            await anyio.sleep_forever()
    assert scope.cancelled_caught


async def test_a_name_that_is_none_is_refused_by_the_daemon(daemon: pjai.testing.Daemon) -> None:
    with pytest.raises(InvalidValue):
        async with pjai.connect(daemon.endpoint, client="/"):
            pass


def test_another_event_loop_is_refused_in_plain_words() -> None:
    opening = pjai.connect("ipc:///nowhere").__aenter__()
    with pytest.raises(RuntimeError, match="needs asyncio's event loop"):
        opening.send(None)


HEAVY = ("apsw", "click", "cryptography", "keyring", "numpy", "rich", "structlog", "uvloop")


@pytest.mark.parametrize("also", ["", "pjai.connect, pjai.computed, pjai.blocking, pjai.testing"])
def test_the_client_imports_nothing_heavy(also: str, tmp_path: Path) -> None:
    script = f"import sys, pjai; {also or None}; print(*(name for name in {HEAVY} if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.split() == []


def test_importing_the_client_leaves_sockets_for_later(tmp_path: Path) -> None:
    script = "import sys, pjai; print(*(name for name in ('anyio', 'asyncio', 'zmq') if name in sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stdout.split() == []


def test_every_name_that_the_package_offers_is_there() -> None:
    assert [name for name in pjai.__all__ if not hasattr(pjai, name)] == []
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = pjai.nothing  # type: ignore[attr-defined] # that is the point


async def _failing_to_clean_up() -> None:
    try:
        await anyio.sleep_forever()
    finally:
        raise ValueError("mine")
