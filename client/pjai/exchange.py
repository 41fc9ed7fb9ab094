"""Owns one request and its answer: how they are encoded, and the error that an answer may carry."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Iterable
from typing import Any, TypeVar, cast

import msgspec
from msgspec import UNSET, Raw, Struct

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.envelope import Reply, Request
from pjai_wire.errors import InternalError, InvalidValue, PjaiError, Unavailable
from pjai_wire.methods import Method
from pjai_wire.version import PROTOCOL

ParamsT = TypeVar("ParamsT", bound=Struct)
T = TypeVar("T")

decode_reply = msgspec.msgpack.Decoder(Reply).decode
_decoders: dict[object, msgspec.msgpack.Decoder[Any]] = {}


class ConnectionLost(Unavailable):
    """The daemon went away before it answered, and the request must not be repeated unasked."""


class MissedChanges(PjaiError):
    """Changes passed a feed by: it cannot go on, and whoever keeps a copy has to read the table again."""

    code = "missed_changes"

    def __init__(self, message: str) -> None:
        super().__init__(message, hint="open a new feed, and read the table again")


class Asked:
    """A request that waits for its answer."""

    __slots__ = ("answer", "id", "message", "method", "sends")

    def __init__(self, method: Method[Any, Any], request_id: int, message: bytes) -> None:
        self.method = method
        self.id = request_id
        self.message = message
        self.sends = 0
        self.answer: asyncio.Future[Raw] = asyncio.get_running_loop().create_future()

    def settle(self, reply: Reply) -> None:
        """The answer has come."""
        if self.answer.done():
            return
        if reply.result is UNSET:
            self.answer.set_exception(problem_in(reply))
        else:
            self.answer.set_result(reply.result)

    def fail(self, problem: PjaiError) -> None:
        """No answer will come."""
        if not self.answer.done():
            self.answer.set_exception(problem)


def request(
    method: Method[ParamsT, Any], request_id: int, params: ParamsT, within_s: float = math.inf
) -> bytes:
    """The message that asks.

    Args:
        method: what for.
        request_id: tells its answer from others.
        params: with which particulars.
        within_s: how long the asker waits, which an actor's method is told.

    Raises:
        InvalidValue: `params` hold what MessagePack cannot.
    """
    # The params are encoded in place: a Raw of their own would be a copy of what may be megabytes.
    within_ms = int(min(1000 * within_s, limits.WITHIN_MS_MAX)) if "." in method.name else UNSET
    return encoded(
        Request(
            v=PROTOCOL,
            id=request_id,
            method=method.name,
            params=cast("Raw", params),
            within_ms=within_ms,
        )
    )


def encoded(value: object) -> bytes:
    """MessagePack of what a program has given.

    Raises:
        InvalidValue: it holds what MessagePack cannot; which value that is stays out of the message.
    """
    try:
        return encode(value)
    except UnicodeEncodeError:
        raise InvalidValue(
            "a text has half of a surrogate pair, which UTF-8 has no bytes for",
            hint="decode bytes with errors='replace', not 'surrogateescape'",
        ) from None
    except OverflowError:
        raise InvalidValue("an integer has more than 64 bits", hint="send it as text") from None
    except RecursionError:
        raise InvalidValue("a value is nested too deeply", hint="does it contain itself?") from None
    except (TypeError, ValueError) as problem:
        raise InvalidValue(
            f"a value cannot travel: {problem}", hint="send maps, lists, text, bytes, numbers, bools and None"
        ) from None


def problem_in(reply: Reply) -> PjaiError:
    """The error that a reply without a result carries."""
    if reply.error is UNSET:
        return InternalError("the daemon's reply has neither a result nor an error")
    return PjaiError.from_body(reply.error)


def decoded(kind: type[T], encoded: Raw) -> T:
    """The value of type `kind` that the daemon's answer encodes.

    Raises:
        InternalError: it is not of that type.
    """
    try:
        return _decoder_of(kind).decode(encoded)
    except msgspec.MsgspecError as problem:
        raise misfit(problem) from None


def prepare(methods: Iterable[Method[Any, Any]]) -> None:
    """Makes now what decodes their answers, and is otherwise made when the first one comes."""
    for method in methods:
        _decoder_of(method.result)


def _decoder_of(kind: type[T]) -> msgspec.msgpack.Decoder[T]:
    return _decoders.get(kind) or _decoders.setdefault(kind, msgspec.msgpack.Decoder(kind))


def misfit(problem: msgspec.MsgspecError) -> InternalError:
    """The error about an answer that is not of the contract's shape."""
    return InternalError(
        f"the daemon's answer does not fit the contract: {problem}", hint="update the older of the two"
    )
