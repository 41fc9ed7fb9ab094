"""Who asks for metrics, and who only occupies a place."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest
from anyio.abc import SocketStream

from pjai_wire.errors import Stopping
from pjai_wire.measures import Measures
from pjai_wire.methods import MetersResult
from pjaid.actors.metrics.listening import AT_ONCE_MAX, WAITING_MAX, serve

pytestmark = pytest.mark.anyio

WITHIN_S = 30.0


async def test_connections_that_ask_nothing_are_bounded_and_keep_nobody_out_for_good(tmp_path: Path) -> None:
    place = tmp_path / "m.sock"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, 0, place, nothing)
        with anyio.fail_after(WITHIN_S):
            async with AsyncExitStack() as idle:
                await idle.enter_async_context(await first_connected(place))
                for _ in range(AT_ONCE_MAX + WAITING_MAX - 1):
                    await idle.enter_async_context(await anyio.connect_unix(place))
                one_too_many = await idle.enter_async_context(await anyio.connect_unix(place))
                with pytest.raises(anyio.EndOfStream):
                    await one_too_many.receive()
            async with await anyio.connect_unix(place) as stream:
                await stream.send(b"GET /metrics?name=any HTTP/1.1\r\n\r\n")
                assert (await stream.receive()).startswith(b"HTTP/1.1 200 OK\r\n")
        tasks.cancel_scope.cancel()


async def test_who_asks_while_nothing_can_be_told_is_told_so(tmp_path: Path) -> None:
    async def stopping() -> MetersResult:
        raise Stopping("the daemon is shutting down")

    place = tmp_path / "m.sock"
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(serve, 0, place, stopping)
        with anyio.fail_after(WITHIN_S):
            async with await first_connected(place) as stream:
                await stream.send(b"GET /metrics HTTP/1.1\r\n\r\n")
                answer = await stream.receive()
        tasks.cancel_scope.cancel()
    assert answer.startswith(b"HTTP/1.1 503 Service Unavailable\r\n")
    assert answer.endswith(b"\r\n\r\nstopping\n")


async def nothing() -> MetersResult:
    return MetersResult(instance="one", at=0, uptime_ms=1, happened=0, measures=Measures())


async def first_connected(place: Path) -> SocketStream:
    """A connection, once somebody listens."""
    while True:
        try:
            return await anyio.connect_unix(place)
        except OSError:
            await anyio.lowlevel.checkpoint()
