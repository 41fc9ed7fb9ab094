"""Owns the answers to Prometheus: HTTP on a port of this machine or a socket of this user, and no other."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import anyio
from anyio.abc import ByteStream, Listener, SocketStream
from anyio.streams.stapled import MultiListener
from prometheus_client import CollectorRegistry, Metric, generate_latest
from prometheus_client.registry import Collector

from pjai_wire.errors import PjaiError
from pjai_wire.methods import MetersResult
from pjaid.actors.metrics.families import families

PATHS = (b"/metrics", b"/")
LOOPBACK = "127.0.0.1"
SOCKET_MODE = 0o600
HEAD_BYTES_MAX = 8 * 1024
ANSWERED_WITHIN_S = 5.0
AT_ONCE_MAX = 8
"""Who comes beyond these waits."""

WAITING_MAX = 64
"""Who comes beyond these is turned away: an actor may have so many open files, and falls beyond them."""

TEXT = "text/plain; version=0.0.4; charset=utf-8"
"""Prometheus' text format, which every version of it reads."""

Look = Callable[[], Awaitable[MetersResult]]
"""Tells what was measured. Raises `PjaiError` where that cannot be told now."""


class _Measured(Collector):
    """What was measured, as a registry asks for it."""

    def __init__(self, meters: MetersResult) -> None:
        self._meters = meters

    def collect(self) -> Iterator[Metric]:
        """Every family."""
        return families(self._meters)


async def serve(port: int, socket: Path | None, look: Look) -> None:
    """Answers until it is cancelled.

    Args:
        port: of this machine alone; 0 for none.
        socket: a Unix socket's place; None for none.
        look: tells what was measured; asked for each answer.

    Raises:
        OSError: a place is taken, or there is no such directory.
    """
    limit = anyio.CapacityLimiter(AT_ONCE_MAX)

    async def answer(stream: SocketStream) -> None:
        async with stream:
            if limit.statistics().tasks_waiting < WAITING_MAX:
                async with limit:
                    with anyio.move_on_after(ANSWERED_WITHIN_S):
                        await _answer(stream, look)

    listeners: list[Listener[SocketStream]] = []
    async with AsyncExitStack() as bound:
        if socket is not None:
            of_user = await anyio.create_unix_listener(socket, mode=SOCKET_MODE)
            listeners.append(await bound.enter_async_context(of_user))
        if port:
            of_machine = await anyio.create_tcp_listener(local_host=LOOPBACK, local_port=port)
            listeners.append(await bound.enter_async_context(of_machine))
        await MultiListener(listeners).serve(answer)


async def _answer(stream: ByteStream, look: Look) -> None:
    try:
        await stream.send(await _response(await _head(stream), look))
    except (anyio.BrokenResourceError, anyio.EndOfStream, anyio.ClosedResourceError):
        # Whoever asked has gone.
        return


async def _head(stream: ByteStream) -> bytes:
    """All that comes before an empty line, or as much of it as is read."""
    head = b""
    while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES_MAX:
        head += await stream.receive()
    return head


async def _response(head: bytes, look: Look) -> bytes:
    """The answer to a request."""
    match head.split(b"\r\n", 1)[0].split(b" "):
        case [b"GET", path, _] if path.partition(b"?")[0] in PATHS:
            try:
                return _http("200 OK", _text(await look()), TEXT)
            except PjaiError as problem:
                return _http("503 Service Unavailable", f"{problem.code}\n".encode("ascii"))
        case [b"GET", _, _]:
            return _http("404 Not Found", b"metrics are at /metrics\n")
        case [_, _, _]:
            return _http("405 Method Not Allowed", b"ask with GET\n")
        case _:
            return _http("400 Bad Request", b"this is no HTTP\n")


def _text(meters: MetersResult) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Measured(meters))
    return generate_latest(registry)


def _http(status: str, body: bytes, content: str = "text/plain; charset=utf-8") -> bytes:
    fields = f"Content-Type: {content}\r\nContent-Length: {len(body)}\r\nConnection: close"
    return f"HTTP/1.1 {status}\r\n{fields}\r\n\r\n".encode("ascii") + body
