"""Owns the audit trail: pages of the event log, filtered."""

from __future__ import annotations

from contextlib import closing
from itertools import chain
from typing import Any

import apsw
from msgspec import UNSET, Raw, Struct

from pjai_wire.envelope import NIL
from pjai_wire.events import EVENTS, WITHHELD
from pjai_wire.methods import EventsParams, LoggedEvent
from pjai_wire.tables import table_named
from pjaid.store import reads
from pjaid.store.old_events import arguments
from pjaid.store.values import SqlValue

_TABLE_OF_PREFIX = {
    "Persona": "personas",
    "MemoryEntity": "memories",
    "MemoryPinned": "memories",
    "MemoryUnpinned": "memories",
    "Memories": "memories",
    "ConversationMessage": "messages",
    "Conversation": "conversations",
    "Workflow": "workflows",
    "Plugin": "plugins",
    "SystemConfig": "system_config",
    "UserPreference": "user_preferences",
    "Warning": "warnings",
    "Dictionary": "dictionaries",
    "Index": "indexes",
}
_LINKS = ("MemoryEntityLinked", "MemoryEntityUnlinked")

_COLUMNS = (
    "SELECT seq, events.id, commit_id, name, args, args_hash, recorded_at, client, session, device,"
    " persona_id, hash FROM events JOIN origins ON origins.id = events.origin"
)


class Page(Struct, frozen=True):
    """Part of the trail."""

    seq: int
    events: list[LoggedEvent]
    next: int | None


def event_names_of(table: str) -> tuple[str, ...]:
    """The names of the events about a table."""
    return tuple(name for name in EVENTS if _table_of(name.partition(".")[2]) == table)


def _table_of(event: str) -> str | None:
    """The table whose rows an event is about; None for one of the audit trail alone."""
    if event in _LINKS:
        return "memory_links"
    return next((table for prefix, table in _TABLE_OF_PREFIX.items() if event.startswith(prefix)), None)


def read_page(connection: apsw.Connection, params: EventsParams, bytes_max: int) -> Page:
    """The page of the trail that `params` names.

    It ends early, with `next` set, where its arguments would be larger than `bytes_max` together.

    Raises:
        UnknownTable: the contract has no such table.
        StorageError: arguments in it are packed, and damaged.
    """
    conditions, bindings = _conditions(params)
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    sql = f"{_COLUMNS}{where} ORDER BY seq {params.order.upper()} LIMIT {params.limit}"
    connection.execute("BEGIN")
    try:
        seq = reads.head(connection)
        events: list[LoggedEvent] = []
        size = 0
        with closing(reads.batches(connection, sql, bindings)) as found:
            for row in chain.from_iterable(found):
                args = None if row[4] is None else arguments(connection, row[0], row[4])
                size += len(args or b"")
                if events and size > bytes_max:
                    return Page(seq, events, events[-1].seq)
                events.append(_logged(row, args))
    finally:
        connection.execute("COMMIT")
    return Page(seq, events, events[-1].seq if len(events) == params.limit else None)


def _conditions(params: EventsParams) -> tuple[list[str], list[SqlValue]]:
    conditions: list[str] = []
    bindings: list[SqlValue] = []
    for sql, value in (
        ("persona_id = ?", params.persona_id),
        ("events.origin IN (SELECT id FROM origins WHERE client = ?)", params.client),
        ("recorded_at >= ?", params.since),
        ("recorded_at < ?", params.until),
        ("seq > ?", params.after),
        ("seq < ?", params.before),
    ):
        if value is not UNSET:
            conditions.append(sql)
            bindings.append(value)
    if params.names:
        conditions.append(f"name IN ({', '.join('?' * len(params.names))})")
        bindings.extend(params.names)
    if params.table is not UNSET:
        names = event_names_of(table_named(params.table).table_name)
        conditions.append(f"name IN ({', '.join('?' * len(names))})")
        bindings.extend(names)
    return conditions, bindings


def _logged(row: tuple[Any, ...], args: bytes | None) -> LoggedEvent:
    seq, event_id, commit_id, name, _, args_hash, recorded_at, client, session, device, persona, digest = row
    return LoggedEvent(
        seq=seq,
        id=event_id,
        commit_id=commit_id,
        name=name,
        args=NIL if args is None or name in WITHHELD else Raw(args),
        args_hash=args_hash,
        recorded_at=recorded_at,
        client=client,
        session=session,
        device=device,
        persona_id=persona,
        hash=digest,
    )
