"""Owns the audit trail as a client reads it: all its pages, what is new, and whether its hash chain holds."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator, Callable
from typing import Any, Literal, TypedDict, Unpack

from msgspec import Struct
from msgspec.structs import replace

from pjai.connection import Connection
from pjai.live_query import LiveQuery
from pjai_wire import limits
from pjai_wire.chain import ORIGIN, arguments_hash, link
from pjai_wire.envelope import NIL
from pjai_wire.errors import InvalidQuery, PjaiError
from pjai_wire.events import WITHHELD
from pjai_wire.methods import EVENTS, EventsParams, LoggedEvent


class EventFilter(TypedDict, total=False):
    """Which events; all that is given must hold."""

    names: tuple[str, ...]
    persona_id: str
    table: str
    client: str
    since: int
    """Recorded at or after this instant, in milliseconds since the epoch."""
    until: int
    """Recorded before this instant."""
    after: int
    """Only seqs greater than this."""
    before: int
    """Only seqs less than this."""
    order: Literal["asc", "desc"]


class BrokenTrail(PjaiError):
    """The audit trail is not what the daemon wrote.

    Args:
        message: what is wrong.
        seq: of the first event that does not fit.
    """

    code = "broken_trail"

    def __init__(self, message: str, *, seq: int) -> None:
        super().__init__(message, hint="restore a backup; what comes before this event is intact")
        self.seq = seq


class TrailVerified(Struct, frozen=True):
    """The audit trail's chain holds from the first event to the last."""

    events: int
    erased: int
    """Events whose arguments were erased; the chain still vouches for the rest of them."""
    withheld: int
    """Events whose arguments the daemon tells nobody, because they hold secrets; as for those erased."""
    hash: bytes
    """The last event's."""


async def all_events(
    connection: Connection, timeout: float | None, limit: int | None = None, **which: Unpack[EventFilter]
) -> AsyncIterator[LoggedEvent]:
    """The events of the trail, at most `limit`, a page at a time."""
    left = math.inf if limit is None else limit
    params = EventsParams(**which)
    while left > 0:
        params = replace(params, limit=int(min(left, limits.EVENTS_PAGE_MAX)))
        page = await connection.call(EVENTS, params, timeout)
        for event in page.events:
            yield event
        if page.next is None:
            return
        left -= len(page.events)
        params = replace(params, **{"after" if params.order == "asc" else "before": page.next})


async def new_events(
    connection: Connection, live: LiveQuery[Any], which: EventFilter
) -> AsyncIterator[LoggedEvent]:
    """The events after a seq, or from now on, for ever, as soon as `live` shows that there is one.

    Raises:
        InvalidQuery: `which` has an end or an order.
    """
    if "before" in which or "order" in which:
        raise InvalidQuery("who follows events goes forward, for ever", hint="without before and order")
    # What `live` shows may be a moment old.
    newest = EventsParams(limit=1, order="desc")
    read = which["after"] if "after" in which else (await connection.call(EVENTS, newest)).seq
    while True:
        # Whatever the filter leaves out of what is shown already need not be read again.
        shown = live.seq
        unread: EventFilter = {**which, "after": read}
        async for event in all_events(connection, None, **unread):
            shown = max(shown, event.seq)
            yield event
        read = max(read, shown)
        await live.reached(read + 1, timeout=math.inf)


async def verified(
    connection: Connection, timeout: float | None, progress: Callable[[int], object] | None
) -> TrailVerified:
    """Reads the whole trail and computes its chain anew.

    Raises:
        BrokenTrail: an event is missing, was changed or was put in.
    """
    count = erased = withheld = 0
    previous = ORIGIN
    async for event in all_events(connection, timeout):
        count += 1
        if event.args == NIL:
            erased += event.name not in WITHHELD
            withheld += event.name in WITHHELD
        check(event, count, previous)
        previous = event.hash
        if progress is not None and count % limits.EVENTS_PAGE_MAX == 0:
            progress(count)
    return TrailVerified(events=count, erased=erased, withheld=withheld, hash=previous)


def check(event: LoggedEvent, seq: int, previous: bytes) -> None:
    """Checks one event against the one before it.

    Args:
        event: the event.
        seq: the seq that it must have.
        previous: the hash of the event before it.

    Raises:
        BrokenTrail: it does not follow.
    """
    if event.seq != seq:
        raise BrokenTrail(f"event {seq} is missing: {event.seq} stands in its place", seq=seq)
    if event.args != NIL and arguments_hash(bytes(event.args)) != event.args_hash:
        raise BrokenTrail(f"the arguments of event {seq} were changed", seq=seq)
    if link(previous, seq, event.id, event.name, event.args_hash) != event.hash:
        raise BrokenTrail(f"event {seq} was changed, or one before it was taken out or put in", seq=seq)
