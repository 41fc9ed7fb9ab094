"""Owns the envelope of every request: which method answers it, and every error as an answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import structlog
from msgspec import Raw

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
from pjai_wire.methods import COMMIT, METHODS
from pjaid.methods.clients import Client, Clients

log = structlog.get_logger()

Handler = Callable[[Client, Raw], "bytes | Awaitable[bytes]"]
"""Answers one method: (who asks, the encoded params) to the encoded result. Raises `PjaiError`."""

_requests = Decoder(Request)


class Router:
    """Answers messages.

    Args:
        handlers: what answers each method of the contract.
        clients: who asks.
    """

    def __init__(self, handlers: Mapping[str, Handler], clients: Clients) -> None:
        assert handlers.keys() == METHODS.keys(), handlers.keys() ^ METHODS.keys()
        self._handlers = handlers
        self._clients = clients
        self.stopping = False
        """Answer nothing any more but that the daemon is shutting down."""

    def answer(self, routing_id: bytes, message: bytes) -> bytes | Awaitable[bytes]:
        """The reply to a message, at once or later; whatever is wrong is in the reply."""
        request_id: RequestId | None = None
        try:
            request = _requests.decode(message)
            request_id = request.id
            result = self._handler(request)(self._clients.get(routing_id), request.params)
        except Exception as error:
            return _failed(request_id if request_id is not None else _salvaged_id(message), error)
        return _reply(request_id, result) if isinstance(result, bytes) else _later(request_id, result)

    def refuse(self, message: bytes) -> bytes:
        """The reply to a message that comes when too many others are being answered."""
        return _failed(_salvaged_id(message), Overloaded("too many requests at once", hint="wait a moment"))

    def _handler(self, request: Request) -> Handler:
        if not version.PROTOCOL_MIN <= request.v <= version.PROTOCOL:
            raise UnsupportedVersion(
                f"this daemon does not speak version {request.v}",
                hint=f"it speaks {version.PROTOCOL_MIN} to {version.PROTOCOL}",
            )
        handler = self._handlers.get(request.method)
        if handler is None:
            raise UnknownMethod.near(f"there is no method {request.method!r}", request.method, METHODS)
        if request.method != COMMIT.name and len(memoryview(request.params)) > limits.PARAMS_BYTES_MAX:
            raise LimitExceeded(f"params have at most {limits.PARAMS_BYTES_MAX} bytes")
        if self.stopping:
            raise Stopping("the daemon is shutting down", hint="try again when it is up")
        return handler


async def _later(request_id: RequestId, result: Awaitable[bytes]) -> bytes:
    try:
        return _reply(request_id, await result)
    except Exception as error:
        return _failed(request_id, error)


def _reply(request_id: RequestId, result: bytes) -> bytes:
    return encode(Reply(v=version.PROTOCOL, id=request_id, result=Raw(result)))


def _failed(request_id: RequestId | None, error: Exception) -> bytes:
    if not isinstance(error, PjaiError):
        log.error("request_failed", exc_info=error)
        error = InternalError("the daemon failed at this request", hint="see the daemon's log")
    return encode(Reply(v=version.PROTOCOL, id=request_id, error=error.body()))


def _salvaged_id(message: bytes) -> RequestId | None:
    """The id in a message that is no request, so that its sender can tell what the error is about."""
    try:
        untyped: Any = decode_any(message)
    except PjaiError:
        return None
    found = untyped.get("id") if isinstance(untyped, dict) else None
    if isinstance(found, str) and len(found) <= 100:
        return found
    return found if isinstance(found, int) and not isinstance(found, bool) else None
