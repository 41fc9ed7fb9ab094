"""Owns the register of materializers: for each event one, with what it requires."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from msgspec import Struct

from pjai_wire.events import Event
from pjai_wire.records import Record
from pjai_wire.select import Select
from pjaid.store.requirements import Requirement
from pjaid.store.writes import Write

EventT = TypeVar("EventT", bound=Event)
RecordT = TypeVar("RecordT", bound=Record)

Read = Callable[[Select[Any]], list[Any]]
"""Reads records from the state as it is before the event."""

Materialize = Callable[[EventT, Read], Iterable[Write]]


class Materializer(Struct, frozen=True):
    """How an event becomes rows."""

    name: str
    """The function's, for error messages."""
    requires: tuple[Requirement, ...]
    writes: Callable[[Any, Read], Iterable[Write]]


MATERIALIZERS: dict[type[Event], Materializer] = {}


def materializes(
    kind: type[EventT], *requires: Requirement
) -> Callable[[Materialize[EventT]], Materialize[EventT]]:
    """Registers the decorated function as the materializer of `kind`.

    Args:
        kind: the event.
        requires: what must hold before such an event is recorded.
    """

    def register(function: Materialize[EventT]) -> Materialize[EventT]:
        assert kind not in MATERIALIZERS, kind
        MATERIALIZERS[kind] = Materializer(function.__qualname__, requires, function)
        return function

    return register
