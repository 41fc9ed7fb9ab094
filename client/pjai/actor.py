"""Owns actors: what one serves and does by itself, as its author declares it.

    notes = Actor("notes", may=Permissions(methods=("count",)))

    @notes.serves
    async def total(db: Database, params: TotalParams) -> TotalResult:
        return TotalResult(total=await db.count(memories.where(persona_id=params.persona_id)))

A daemon that runs it answers the method `notes.total`.
"""

from __future__ import annotations

import inspect
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar

from msgspec import Struct

from pjai.database import Database
from pjai_wire.methods import Permissions

__all__ = ["Actor", "Handler", "Periodic", "Permissions", "Work", "called_by", "caller"]

ParamsT = TypeVar("ParamsT", bound=Struct)
ResultT = TypeVar("ResultT", bound=Struct)
WorkT = TypeVar("WorkT", bound="Work")

Work = Callable[[Database], Awaitable[None]]


_caller: ContextVar[str] = ContextVar("caller")


def caller() -> str:
    """Who asked for what is being carried out: the name in its hello.

    Raises:
        LookupError: this is no call, but work of the actor's own.
    """
    return _caller.get()


@contextmanager
def called_by(name: str) -> Iterator[None]:
    """What is done inside the block is done for that client."""
    token = _caller.set(name)
    try:
        yield
    finally:
        _caller.reset(token)


class Handler(Struct, frozen=True):
    """How an actor carries out one of its methods."""

    params: type[Struct]
    """What the method takes."""
    carry_out: Callable[[Database, Any], Awaitable[Struct]]
    is_long: bool = False
    """Whether other calls are taken meanwhile, beyond those that are carried out at once."""


class Periodic(Struct, frozen=True):
    """Work that an actor does now and then."""

    seconds: float
    """Between the end of one time and the begin of the next."""
    do: Work


class Actor:
    """What a process serves and does beside the daemon.

    Args:
        name: lower-case letters, digits and underscores; its methods begin with it and a dot.
        may: the daemon's methods that it may call, and the events that it may commit.
    """

    def __init__(self, name: str, *, may: Permissions) -> None:
        self.name: Final = name
        self.may: Final = may
        self.handlers: Final[dict[str, Handler]] = {}
        """By the method's name."""
        self.periodic: Final[list[Periodic]] = []
        self.lasting: Final[list[Work]] = []
        self.settings: Mapping[str, Any] = {}
        """The daemon's settings for it, once it serves: `notes_pace` of an actor `notes` is `pace` here."""
        self.counts: Final[Counter[str]] = Counter()
        """What it counts beside its calls, by names of lower-case letters, digits and underscores; the
        daemon's metrics have it."""
        self.gauges: Final[dict[str, int]] = {}
        """What it has at hand, by such names."""

    def serves(
        self, function: Callable[[Database, ParamsT], Awaitable[ResultT]]
    ) -> Callable[[Database, ParamsT], Awaitable[ResultT]]:
        """The decorated function answers the method of its name.

        It takes a database and a struct, which its annotation names, and returns a struct. What it raises
        goes to the caller: a `PjaiError` as it is, anything else as `internal` without its text. It is
        cancelled when the time is over for which its caller waits.
        """
        return self._serves(function, is_long=False)

    def serves_long(
        self, function: Callable[[Database, ParamsT], Awaitable[ResultT]]
    ) -> Callable[[Database, ParamsT], Awaitable[ResultT]]:
        """As `serves`, for what may take long: however many ask for it, it holds up no other call.

        So many at once are a setting (`actor_long_calls_at_once`); more are `overloaded`.
        """
        return self._serves(function, is_long=True)

    def every(self, seconds: float) -> Callable[[WorkT], WorkT]:
        """The decorated function is run when the actor starts and then so many seconds after each run."""

        def register(function: WorkT) -> WorkT:
            self.periodic.append(Periodic(seconds, function))
            return function

        return register

    def runs(self, function: WorkT) -> WorkT:
        """The decorated function runs as long as the actor; should it end, the actor begins anew."""
        self.lasting.append(function)
        return function

    def _serves(
        self, function: Callable[[Database, ParamsT], Awaitable[ResultT]], *, is_long: bool
    ) -> Callable[[Database, ParamsT], Awaitable[ResultT]]:
        _, params = list(inspect.signature(function, eval_str=True).parameters.values())
        self.handlers[f"{self.name}.{function.__name__}"] = Handler(params.annotation, function, is_long)
        return function
