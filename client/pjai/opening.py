"""Owns the way to a daemon: where it is, who asks, and everything that lives while the connection does."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import zmq

from pjai.connection import Connection
from pjai.database import Database
from pjai.live import LiveQueries
from pjai_wire.endpoints import endpoints_in, runtime_directory
from pjai_wire.ids import new_id
from pjai_wire.methods import HelloParams, VersionsAsked
from pjai_wire.version import PROTOCOL, PROTOCOL_MIN

ANSWER_TIMEOUT_S = 30.0
FIRST_ANSWER_TIMEOUT_S = 5.0

CLIENT_CHARACTERS_MAX = 100


@asynccontextmanager
async def connect(
    endpoint: str | None = None,
    *,
    client: str | None = None,
    session: str | None = None,
    timeout: float = ANSWER_TIMEOUT_S,
    wait: float = FIRST_ANSWER_TIMEOUT_S,
) -> AsyncGenerator[Database]:
    """A connection to a daemon inside the block.

    Args:
        endpoint: the daemon's request socket; by default `PJAI_ENDPOINT`, else the one in `PJAI_RUNTIME_DIR`
            or the user's runtime directory.
        client: the program's name, which stands in the audit trail and owns the program's documents; by
            default the script's.
        session: the id of this run in the audit trail; by default a new one.
        timeout: seconds until an answer counts as late; `math.inf` for never.
        wait: seconds until the daemon counts as not running.

    Raises:
        NotRunning: no daemon answers there.
        UnsupportedVersion: daemon and client have no protocol version in common.
        InvalidValue: `endpoint` is no ZeroMQ endpoint, or `client` no name.
        RuntimeError: the event loop is not asyncio's.
    """
    _require_asyncio()
    introduction = HelloParams(
        versions=VersionsAsked(min=PROTOCOL_MIN, max=PROTOCOL),
        client=script_name(sys.argv[0]) if client is None else client,
        session=session or new_id(),
    )
    with zmq.Context() as context:
        connection = Connection(context, endpoint or default_endpoint(), introduction, timeout=timeout)
        try:
            await connection.open(wait)
            # No task group and no cancel scope is open at the yield: a fixture may leave the block in another
            # task than it entered it in, and the block's own errors come out as they are.
            live = LiveQueries(connection, context)
            try:
                yield Database(connection, live)
            finally:
                await live.close()
        finally:
            connection.close()


def default_endpoint() -> str:
    """The request socket of the daemon that a program means when it names none."""
    return os.environ.get("PJAI_ENDPOINT") or endpoints_in(runtime_directory()).requests


def script_name(path: str) -> str:
    """A client's name made of a script's path."""
    script = Path(path)
    name = script.parent.name if script.stem == "__main__" else script.stem
    return re.sub(r"[^A-Za-z0-9._ -]", "-", name).lstrip("._ -")[:CLIENT_CHARACTERS_MAX] or "python"


def _require_asyncio() -> None:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        raise RuntimeError("pjai needs asyncio's event loop: anyio.run(main, backend='asyncio')") from None
