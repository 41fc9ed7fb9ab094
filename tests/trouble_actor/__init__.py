"""Trouble, an actor that does what actors should not do."""

from __future__ import annotations

import os
import resource
import sys
from pathlib import Path

import anyio

from pjai import Database, memories, personas, v1
from pjai.actor import Actor, Permissions
from pjai_wire.errors import NotFound
from pjai_wire.methods import SECRET_OPEN, Done, Nothing, Result, SecretOpenParams

trouble = Actor(
    "trouble", may=Permissions(methods=("count", "commit", "secret_open"), events=("v1.PersonaUsed",))
)

_was_cancelled = anyio.Event()


class Confinement(Result, frozen=True, kw_only=True):
    """What a process may do, and what it was told."""

    core_bytes_max: tuple[int, int]
    """Soft and hard."""
    prints_nowhere: bool
    open_files_max: int
    environment: tuple[str, ...]
    status: str
    """As in /proc; empty where there is none."""


class Begun(Result, frozen=True, kw_only=True):
    """A process of its own making."""

    pid: int


@trouble.serves
async def be_well(db: Database, _params: Nothing) -> Done:
    await db.count(memories.all())
    return Done()


@trouble.serves
async def read_all(db: Database, _params: Nothing) -> Done:
    await db.query(memories.all())
    return Done()


@trouble.serves
async def delete(db: Database, _params: Nothing) -> Done:
    await db.commit(v1.PersonaDeleted(id="ada"))
    return Done()


@trouble.serves
async def blame(db: Database, _params: Nothing) -> Done:
    params = SecretOpenParams(
        table="persona_secrets", id="ada", column="privateMemory", client="who asked for nothing"
    )
    await db.call(SECRET_OPEN, params)
    return Done()


@trouble.serves
async def miss(_db: Database, _params: Nothing) -> Done:
    raise NotFound("there is no such thing", hint="look elsewhere")


@trouble.serves
async def fall(_db: Database, _params: Nothing) -> Done:
    os._exit(3)


@trouble.serves
async def linger(_db: Database, _params: Nothing) -> Done:
    try:
        await anyio.sleep_forever()
    finally:
        _was_cancelled.set()
    raise AssertionError


@trouble.serves_long
async def ponder(_db: Database, _params: Nothing) -> Done:
    await anyio.sleep_forever()
    raise AssertionError


@trouble.serves
async def until_cancelled(_db: Database, _params: Nothing) -> Done:
    await _was_cancelled.wait()
    return Done()


@trouble.serves
async def until_stopping(db: Database, _params: Nothing) -> Done:
    while (await db.health()).status != "stopping":
        pass
    await db.count(personas.all())
    return Done()


@trouble.serves
async def begin_another(_db: Database, _params: Nothing) -> Begun:
    begun = await anyio.open_process([sys.executable, "-c", "import signal; signal.pause()"])
    return Begun(pid=begun.pid)


def _prints_nowhere() -> bool:
    return os.path.samestat(os.fstat(sys.stdout.fileno()), Path(os.devnull).stat())


@trouble.serves
async def look_around(_db: Database, _params: Nothing) -> Confinement:
    return Confinement(
        core_bytes_max=resource.getrlimit(resource.RLIMIT_CORE),
        prints_nowhere=_prints_nowhere(),
        open_files_max=max(resource.getrlimit(resource.RLIMIT_NOFILE)),
        environment=tuple(os.environ),
        status=_status(),
    )


def _status() -> str:
    path = Path("/proc/self/status")
    return path.read_text() if path.exists() else ""
