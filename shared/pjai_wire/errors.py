"""Owns the errors that travel between daemon and client: one tree, one code each.

PjaiError
├── RequestError            the request is wrong; sending it again changes nothing
│   ├── Malformed           malformed             not MessagePack, or nested too deeply
│   ├── UnsupportedVersion  unsupported_version   no protocol version in common
│   ├── UnknownMethod       unknown_method
│   ├── UnknownField        unknown_field         names every field that the contract lacks
│   ├── InvalidValue        invalid_value         a value of the wrong type, or outside its limits
│   ├── UnknownTable        unknown_table
│   ├── UnknownColumn       unknown_column
│   ├── UnknownEvent        unknown_event
│   ├── InvalidQuery        invalid_query         well typed, but means nothing
│   ├── InvalidSearch       invalid_search        a search for nothing, or in no language that is known
│   ├── UnknownModel        unknown_model         there are no vectors of that model
│   └── LimitExceeded       limit_exceeded        past a named limit
├── StateError              well formed, but the state says no
│   ├── NotFound            not_found
│   ├── AlreadyExists       already_exists
│   ├── Conflict            conflict              an event id, or a version, was taken before
│   ├── UnknownTopic        unknown_topic         the live query has ended: watch again
│   ├── NoEmbedder          no_embedder           nothing makes vectors of texts; words still work
│   ├── Damaged             damaged               a secret is not what was sealed there
│   ├── Forbidden           forbidden             not within what the client may do
│   └── ActorFailed         actor_failed          the actor ended meanwhile: done or not, nobody knows
├── Unavailable             unavailable           nothing wrong with the request: try again
│   ├── Overloaded          overloaded            a queue is at its limit
│   ├── Stopping            stopping              the daemon is shutting down
│   ├── NotRunning          not_running           no daemon answers (raised by the client)
│   └── TimedOut            timed_out             no answer in time (raised by the client)
├── StorageError            storage               the disk or the database failed; nothing was written
└── InternalError           internal              a defect in the daemon; its log has the cause
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar, Self

from msgspec import Struct


class ErrorBody(Struct, frozen=True, rename="camel", omit_defaults=True):
    """An error as it stands in a reply."""

    code: str
    """What went wrong, for programs; stable."""
    message: str
    """What went wrong, for people; never holds a user's content."""
    hint: str = ""
    """The next step."""
    retry: bool = False
    """Whether the same request may succeed later."""
    actor: str = ""
    """Which actor it comes from; empty for the daemon itself."""


class PjaiError(Exception):
    """Any error of PJai.

    Args:
        message: what went wrong, in a sentence.
        hint: what the caller can do next.
    """

    code: str = "internal"
    retry: ClassVar[bool] = False
    by_code: ClassVar[dict[str, type[PjaiError]]] = {}

    def __init_subclass__(cls, *, code: str | None = None, retry: bool | None = None) -> None:
        super().__init_subclass__()
        if retry is not None:
            cls.retry = retry
        if code is not None:
            cls.code = code
            PjaiError.by_code[code] = cls

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.actor = ""
        """Which actor it comes from; empty for the daemon itself."""

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message

    def body(self) -> ErrorBody:
        """This error as it stands in a reply."""
        return ErrorBody(
            code=self.code, message=self.message, hint=self.hint, retry=self.retry, actor=self.actor
        )

    def of(self, actor: str) -> Self:
        """This error, which an actor told of, or which is about one; whose it is already stays the same."""
        self.actor = self.actor or actor
        return self

    @classmethod
    def from_body(cls, body: ErrorBody) -> PjaiError:
        """The error that a reply carries; a code that a newer daemon sent becomes its nearest ancestor."""
        error = cls.by_code.get(body.code, Unavailable if body.retry else PjaiError)(
            body.message, hint=body.hint
        )
        error.code = body.code
        error.actor = body.actor
        return error

    @classmethod
    def near(cls, message: str, word: str, known: Iterable[str]) -> Self:
        """An error about an unknown word, whose hint is the nearest known one, or all of them."""
        names = sorted(known)
        close = difflib.get_close_matches(word, names, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"one of: {', '.join(names)}"
        return cls(message, hint=hint)


class RequestError(PjaiError):
    """The request is wrong; sending it again changes nothing."""


class Malformed(RequestError, code="malformed"):
    """Not MessagePack, or nested too deeply."""


class UnsupportedVersion(RequestError, code="unsupported_version"):
    """Client and daemon have no protocol version in common."""


class UnknownMethod(RequestError, code="unknown_method"):
    """The contract has no such method."""


class UnknownField(RequestError, code="unknown_field"):
    """The request has fields that the contract lacks; the message names them all."""


class InvalidValue(RequestError, code="invalid_value"):
    """A value has the wrong type or is outside its limits."""


class UnknownTable(RequestError, code="unknown_table"):
    """The contract has no such table."""


class UnknownColumn(RequestError, code="unknown_column"):
    """The table has no such column."""


class UnknownEvent(RequestError, code="unknown_event"):
    """The contract has no such event."""


class InvalidQuery(RequestError, code="invalid_query"):
    """Every part of the query is known, but together they mean nothing."""


class InvalidSearch(RequestError, code="invalid_search"):
    """What is searched for is empty, or not in the query language."""


class UnknownModel(RequestError, code="unknown_model"):
    """The store has no vectors of the model that is named."""


class LimitExceeded(RequestError, code="limit_exceeded"):
    """Past a named limit."""


class StateError(PjaiError):
    """The request is well formed, but the state says no."""


class NotFound(StateError, code="not_found"):
    """What the request names does not exist."""


class AlreadyExists(StateError, code="already_exists"):
    """What the request would make exists already."""


class Conflict(StateError, code="conflict"):
    """An event id was committed before in another commit, or a version does not follow the row's."""


class UnknownTopic(StateError, code="unknown_topic"):
    """The live query has ended or never was: watch again."""


class NoEmbedder(StateError, code="no_embedder"):
    """Nothing makes vectors of texts: by the settings there is no embedder. Words still work."""


class Damaged(StateError, code="damaged"):
    """A secret is not what was sealed there: it was changed, or stands in another's place."""


class Forbidden(StateError, code="forbidden"):
    """The client may not do that."""


class ActorFailed(StateError, code="actor_failed"):
    """The actor ended while it carried out the call, which may have been done or not."""


class Unavailable(PjaiError, code="unavailable", retry=True):
    """Nothing is wrong with the request: try again."""


class Overloaded(Unavailable, code="overloaded"):
    """A queue is at its limit."""


class Stopping(Unavailable, code="stopping"):
    """The daemon is shutting down."""


class NotRunning(Unavailable, code="not_running"):
    """No daemon answers at the endpoint."""


class TimedOut(Unavailable, code="timed_out"):
    """No answer came in time; the request may still be carried out."""


class StorageError(PjaiError, code="storage"):
    """The disk or the database failed; nothing was written."""


class InternalError(PjaiError, code="internal"):
    """A defect in the daemon; its log has the cause."""
