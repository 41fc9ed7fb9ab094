"""Owns the options that choose events of the audit trail."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Any, cast

import click

from pjai.cli.invocation import Body, Invocation
from pjai.cli.personas import persona_called
from pjai.cli.values import instant
from pjai.database import Database
from pjai.trail import EventFilter
from pjai_wire.errors import UnknownEvent
from pjai_wire.events import EVENTS
from pjai_wire.tables import table_named


@dataclass(frozen=True)
class EventChoice:
    """Which events."""

    which: EventFilter
    persona: str | None
    """The name or id of the persona that they are about."""

    def __bool__(self) -> bool:
        return bool(self.which) or self.persona is not None

    async def filter(self, db: Database) -> EventFilter:
        """What to ask the daemon for."""
        if self.persona is None:
            return self.which
        found = await persona_called(db, self.persona)
        # The trail knows personas that exist no longer, by their id.
        return EventFilter(**{**self.which, "persona_id": found.id if found else self.persona})


def choosing_events(body: Body) -> Body:
    """Gives a command the options that choose events, and what they choose."""

    @click.option(
        "--name", "names", multiple=True, metavar="EVENT", help="With or without version; may be repeated."
    )
    @click.option("--persona", metavar="NAME", help="About this persona; a name or an id.")
    @click.option("--table", metavar="TABLE", help="About rows of this table.")
    @click.option("--client", metavar="NAME", help="Committed by this program.")
    @click.option("--since", metavar="TIME", help="Recorded at or after, such as 2025-06-01T10:30.")
    @click.option("--until", metavar="TIME", help="Recorded before.")
    @click.option("--after", type=click.IntRange(min=0), metavar="SEQ", help="Only greater seqs.")
    @click.option("--before", type=click.IntRange(min=0), metavar="SEQ", help="Only smaller seqs.")
    @functools.wraps(body)
    async def run(
        invocation: Invocation,
        *,
        names: tuple[str, ...],
        persona: str | None,
        table: str | None,
        client: str | None,
        since: str | None,
        until: str | None,
        after: int | None,
        before: int | None,
        **options: object,
    ) -> None:
        which = _filter(
            names=tuple(name for text in names for name in _versions(text)) or None,
            table=None if table is None else table_named(table).table_name,
            client=client,
            since=None if since is None else instant(since),
            until=None if until is None else instant(until),
            after=after,
            before=before,
        )
        await body(invocation, EventChoice(which, persona), **options)

    return run


def _filter(**given: Any) -> EventFilter:
    """What was given; None was not."""
    return cast("EventFilter", {name: value for name, value in given.items() if value is not None})


def _versions(text: str) -> list[str]:
    """The events of that name, in all versions where it names none.

    Raises:
        UnknownEvent: there is none.
    """
    found = [name for name in EVENTS if text in (name, name.partition(".")[2])]
    if not found:
        raise UnknownEvent.near(f"there is no event {text!r}", text, EVENTS)
    return found
