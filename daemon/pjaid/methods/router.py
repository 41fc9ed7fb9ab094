"""Owns the envelope of every request: which method answers it, and every error as an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Mapping
from functools import partial
from time import perf_counter_ns
from typing import Any, Final

import structlog
from msgspec import UNSET, Raw, Struct

from pjai_wire import limits, version
from pjai_wire.codec import Decoder, decode_any, encode
from pjai_wire.envelope import Reply, Request, RequestId
from pjai_wire.errors import (
    InternalError,
    LimitExceeded,
    Overloaded,
    PjaiError,
    Stopping,
    UnknownMethod,
    UnsupportedVersion,
)
from pjai_wire.methods import ACTOR_REGISTER, ACTOR_RESTART, ACTORS, COMMIT, HEALTH, HELLO, METHODS
from pjaid.calls.calls import Calls
from pjaid.metering.requests import UNKNOWN, RequestMeter
from pjaid.methods.clients import Client, Clients
from pjaid.methods.guard import Guard

log = structlog.get_logger()

Answer = bytes | asyncio.Future[bytes] | Coroutine[Any, Any, bytes]
"""An encoded result, at once or to be awaited."""

Handler = Callable[[Client, Raw], Answer]
"""Answers one method: (who asks, the encoded params). Raises `PjaiError`."""

ALWAYS_ANSWERED = frozenset(method.name for method in (HELLO, ACTORS, ACTOR_REGISTER, ACTOR_RESTART))
"""By which an actor comes back that others wait for, and somebody sees to that; each is answered at once."""

_requests = Decoder(Request)


class _Exchange(Struct, eq=False):
    """A message on its way to an answer."""

    size: int
    reply: Callable[[bytes], None]
    began_ns: int
    method: str = UNKNOWN
    id: RequestId | None = None


class Router:
    """Answers messages.

    Args:
        handlers: what answers each method of the contract.
        clients: who asks.
        guard: knows what they may not do.
        calls: of the methods that actors answer.
        in_flight_max: how many requests may be under way at once, without those that wait for actors.
        result_bytes_max: how large an answer may be.
    """

    def __init__(
        self,
        handlers: Mapping[str, Handler],
        clients: Clients,
        guard: Guard,
        calls: Calls,
        *,
        in_flight_max: int,
        result_bytes_max: int,
    ) -> None:
        ours = {name for name, method in METHODS.items() if method.actor is None}
        assert handlers.keys() == ours, handlers.keys() ^ ours
        self._handlers = handlers
        self._clients = clients
        self._guard = guard
        self._calls = calls
        self._in_flight_max = in_flight_max
        self._result_bytes_max = result_bytes_max
        self.metered: Final = RequestMeter(lambda method: method in METHODS or calls.knows(method))
        self._in_flight: set[asyncio.Future[bytes]] = set()
        self._called: set[asyncio.Future[bytes]] = set()
        """Calls of actors, which their desks count: who waits for one that hangs takes nobody's place."""
        self._of_actors: set[asyncio.Future[bytes]] = set()
        """Counted apart: an actor that waits for calls asks for nothing yet."""
        self.stopping = False
        """Answer nothing any more but that the daemon is shutting down."""

    @property
    def in_flight(self) -> int:
        """How many requests are under way, without those of actors."""
        return len(self._in_flight) + len(self._called)

    def answer(self, routing_id: bytes, message: bytes, reply: Callable[[bytes], None]) -> None:
        """Calls `reply` with the answer to a message, at once or later; what is wrong is in the answer."""
        exchange = _Exchange(len(message), reply, perf_counter_ns())
        try:
            request = _requests.decode(message)
            exchange.id, exchange.method = request.id, request.method
            client = self._clients.get(routing_id)
            result = self._result(request, client)
        except Exception as error:
            if exchange.id is None:
                exchange.id = _salvaged_id(message)
            self._fail(exchange, error)
            return
        if isinstance(result, bytes):
            self._reply(exchange, result)
            return
        under_way = asyncio.ensure_future(result)
        among = self._among(request, client)
        among.add(under_way)
        under_way.add_done_callback(partial(self._settle, among, exchange))

    def cancel(self) -> None:
        """Gives up the requests under way."""
        for under_way in self._in_flight | self._called | self._of_actors:
            under_way.cancel()

    async def answered(self) -> None:
        """Waits until every request that was under way is answered."""
        while under_way := self._in_flight | self._called | self._of_actors:
            await asyncio.wait(under_way)

    def _among(self, request: Request, client: Client) -> set[asyncio.Future[bytes]]:
        """Among which requests one is counted."""
        if client.may is not None:
            return self._of_actors
        return self._in_flight if request.method in self._handlers else self._called

    def _result(self, request: Request, client: Client) -> Answer:
        handler = self._handler(request, client)
        self._guard.check_method(client, request.method)
        if handler is not None:
            return handler(client, request.params)
        within_ms = None if request.within_ms is UNSET else request.within_ms
        return self._calls.call(
            request.method, request.params, client=client.origin.client, within_ms=within_ms
        )

    def _handler(self, request: Request, client: Client) -> Handler | None:
        """What answers a request; None where an actor does.

        Actors may end what they are at while the daemon stops, and are not turned away when it has much to
        do: others wait for them.

        Raises:
            PjaiError: nothing answers it, or not now.
        """
        if not version.PROTOCOL_MIN <= request.v <= version.PROTOCOL:
            raise UnsupportedVersion(
                f"this daemon does not speak version {request.v}",
                hint=f"it speaks {version.PROTOCOL_MIN} to {version.PROTOCOL}",
            )
        handler = self._handlers.get(request.method)
        if handler is None and not self._calls.serves(request.method):
            raise _unknown(request.method)
        if request.method != COMMIT.name and len(memoryview(request.params)) > limits.PARAMS_BYTES_MAX:
            raise LimitExceeded(f"params have at most {limits.PARAMS_BYTES_MAX} bytes")
        is_actor = client.may is not None
        if self.stopping and request.method != HEALTH.name and not is_actor:
            raise Stopping("the daemon is shutting down", hint="try again when it is up")
        is_direct = handler is not None and request.method not in ALWAYS_ANSWERED
        if is_direct and len(self._in_flight) >= self._in_flight_max and not is_actor:
            raise Overloaded("too many requests at once", hint="wait a moment")
        return handler

    def _settle(
        self, among: set[asyncio.Future[bytes]], exchange: _Exchange, done: asyncio.Future[bytes]
    ) -> None:
        among.discard(done)
        if done.cancelled():
            return
        error = done.exception()
        if error is None:
            self._reply(exchange, done.result())
        elif isinstance(error, Exception):
            self._fail(exchange, error)

    def _reply(self, exchange: _Exchange, result: bytes) -> None:
        if len(result) > self._result_bytes_max:
            too_large = LimitExceeded(
                f"the answer is larger than {self._result_bytes_max} bytes",
                hint="ask for fewer rows (limit) or fewer columns (select, omit)",
            )
            self._fail(exchange, too_large)
            return
        self._send(exchange, Reply(v=version.PROTOCOL, id=exchange.id, result=Raw(result)))

    def _fail(self, exchange: _Exchange, error: Exception) -> None:
        if not isinstance(error, PjaiError):
            log.error("request_failed", exc_info=error)
            error = InternalError("the daemon failed at this request", hint="see the daemon's log")
        self.metered.failed(exchange.method, error.code)
        self._send(exchange, Reply(v=version.PROTOCOL, id=exchange.id, error=error.body()))

    def _send(self, exchange: _Exchange, reply: Reply) -> None:
        encoded = encode(reply)
        exchange.reply(encoded)
        self.metered.answered(exchange.method, exchange.began_ns, exchange.size, len(encoded))


def _unknown(name: str) -> UnknownMethod:
    if (method := METHODS.get(name)) is not None:
        return UnknownMethod(
            f"{name} is answered by the actor {method.actor}, which does not run",
            hint="the daemon's setting `actors` says which do",
        )
    return UnknownMethod.near(f"there is no method {name!r}", name, METHODS)


def _salvaged_id(message: bytes) -> RequestId | None:
    """The id in a message that is no request, so that its sender can tell what the error is about."""
    if len(message) > limits.PARAMS_BYTES_MAX:
        return None
    try:
        untyped: Any = decode_any(message)
    except PjaiError:
        return None
    found = untyped.get("id") if isinstance(untyped, dict) else None
    if isinstance(found, str) and len(found) <= 100:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None
