"""Owns the running of statements on a connection, within one snapshot each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import apsw
from msgspec import Raw, Struct

from pjai_wire.columns import Kind
from pjai_wire.envelope import Row
from pjai_wire.errors import LimitExceeded
from pjaid.store.statements import Statement

MESSAGES_GATHERED_AT_ONCE = 1_000
"""Conversations whose messages one statement fetches."""

_BULKY: frozenset[Kind] = frozenset({"list", "document", "vector"})


class Answer(Struct, frozen=True):
    """What a statement found."""

    seq: int
    """The state that the rows show."""
    rows: list[Row]


def head(connection: apsw.Connection) -> int:
    """The seq of the log's last event, or 0."""
    return connection.execute("SELECT max(seq) FROM events").get or 0


def documents_head(connection: apsw.Connection) -> int:
    """How many changes to client documents there were."""
    seq: int = connection.execute("SELECT value FROM meta WHERE name = 'documents_seq'").get
    return seq


def run(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Answer:
    """What `statement` finds, and the state in which it does.

    Args:
        connection: where to read; used by nobody else meanwhile.
        statement: what to read.
        bytes_max: the most that texts and documents may take together.

    Raises:
        LimitExceeded: the rows are larger than that.
        apsw.InterruptError: the connection's progress handler said that it takes too long.
    """
    connection.execute("BEGIN")
    try:
        seq = head(connection) if statement.shared else documents_head(connection)
        return Answer(seq, rows(connection, statement, bytes_max))
    finally:
        connection.execute("COMMIT")


def rows(connection: apsw.Connection, statement: Statement, bytes_max: int) -> list[Row]:
    """The rows that `statement` finds, within a transaction of the caller's.

    Raises:
        LimitExceeded: they are larger than `bytes_max`.
    """
    budget = _Budget(bytes_max)
    found = _found(connection, statement, budget)
    if statement.gathers:
        _gather_messages(connection, found, statement.columns.index("id"), budget)
    return found


class _GatheredMessage(Struct, frozen=True, rename="camel"):
    """The contract's `ConversationMessage`, its metadata still encoded."""

    id: str
    role: str
    content: str
    sent_at: int
    metadata: Raw


class _Budget:
    """How many bytes an answer may still grow by."""

    def __init__(self, bytes_max: int) -> None:
        self._left = self._max = bytes_max

    def spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise LimitExceeded(
                f"the answer is larger than {self._max} bytes",
                hint="ask for fewer rows (limit) or fewer columns (select, omit)",
            )


def _found(connection: apsw.Connection, statement: Statement, budget: _Budget) -> list[Row]:
    bulky = [index for index, kind in enumerate(statement.kinds) if kind in _BULKY]
    texts = [
        index for index, name in enumerate(statement.columns) if name == "content" and index not in bulky
    ]
    booleans = [index for index, kind in enumerate(statement.kinds) if kind == "boolean"]
    encoded = [index for index in bulky if statement.kinds[index] != "vector"]
    cursor = connection.execute(statement.sql, statement.bindings)
    if not bulky and not booleans and not texts:
        return cursor.fetchall()
    found: list[Row] = []
    for values in cursor:
        row = list(values)
        size = 0
        for index in bulky:
            if row[index] is not None:
                size += len(row[index])
        for index in texts:
            size += len(row[index])
        budget.spend(size)
        for index in encoded:
            if row[index] is not None:
                row[index] = Raw(row[index])
        for index in booleans:
            if row[index] is not None:
                row[index] = bool(row[index])
        found.append(row)  # type: ignore[arg-type] # a list travels as a tuple does, and needs no copy
    return found


def _gather_messages(
    connection: apsw.Connection, rows: Sequence[Any], id_index: int, budget: _Budget
) -> None:
    """Puts at the end of each row the messages of the conversation that it is."""
    gathered: defaultdict[str, list[_GatheredMessage]] = defaultdict(list)
    ids = [row[id_index] for row in rows]
    for start in range(0, len(ids), MESSAGES_GATHERED_AT_ONCE):
        some = ids[start : start + MESSAGES_GATHERED_AT_ONCE]
        sql = (
            "SELECT conversation_id, id, role, content, sent_at, metadata FROM messages"
            f" WHERE conversation_id IN ({', '.join('?' * len(some))}) ORDER BY conversation_id, position"
        )
        for conversation, message, role, content, sent_at, metadata in connection.execute(sql, some):
            budget.spend(len(content) + len(metadata))
            gathered[conversation].append(
                _GatheredMessage(
                    id=message, role=role, content=content, sent_at=sent_at, metadata=Raw(metadata)
                )
            )
    for row in rows:
        row.append(gathered[row[id_index]])
