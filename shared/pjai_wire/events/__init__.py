"""Owns the events: every change that the log can hold, by version, for ever."""

from __future__ import annotations

from types import ModuleType

from pjai_wire.errors import UnknownEvent
from pjai_wire.events import v1, v2
from pjai_wire.events.v1 import Event

__all__ = ["EVENTS", "WITHHELD", "Event", "event_name", "event_type", "v1", "v2"]


def _of(version: str, module: ModuleType) -> dict[str, type[Event]]:
    return {
        f"{version}.{name}": kind
        for name, kind in vars(module).items()
        if isinstance(kind, type)
        and issubclass(kind, Event)
        and kind is not Event
        and kind.__module__.startswith(module.__name__)
    }


EVENTS: dict[str, type[Event]] = _of("v1", v1) | _of("v2", v2)
"""Each event's type by its name on the wire: `v1.PersonaCreated`."""

WITHHELD = frozenset(name for name, kind in EVENTS.items() if kind.withheld)
"""The names of events whose arguments the audit trail tells nobody, because they hold secrets."""

_NAMES = {kind: name for name, kind in EVENTS.items()}


def event_name(event: Event) -> str:
    """The name of an event on the wire.

    Raises:
        UnknownEvent: it is not an event of the contract.
    """
    try:
        return _NAMES[type(event)]
    except KeyError:
        raise UnknownEvent(
            f"{type(event).__name__} is not an event", hint="commit events of pjai.v1 and pjai.v2"
        ) from None


def event_type(name: str) -> type[Event]:
    """The type of the event called `name`.

    Raises:
        UnknownEvent: the contract has no such event.
    """
    try:
        return EVENTS[name]
    except KeyError:
        raise UnknownEvent.near(f"there is no event {name!r}", name, EVENTS) from None
