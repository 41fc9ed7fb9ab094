"""Owns the running of statements on a connection, within one snapshot each."""

from __future__ import annotations

import itertools
from collections.abc import Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from operator import itemgetter
from typing import Any

import apsw
from msgspec import Raw, Struct

from pjai_wire.codec import encode
from pjai_wire.envelope import Row
from pjai_wire.errors import InvalidQuery, LimitExceeded
from pjaid.store.dictionaries import plain_content
from pjaid.store.local import local_head
from pjaid.store.packing import is_any_packed
from pjaid.store.statements import Statement
from pjaid.store.values import ENCODED, SqlValue

CONVERSATIONS_GATHERED_AT_ONCE = 1_000
"""Conversations whose messages one statement fetches."""

ROWS_CONVERTED_AT_ONCE = 256

NO_MESSAGES = Raw(encode([]))

_BOOLEANS = {0: False, 1: True, None: None}


class Rows(Struct, frozen=True):
    """What a statement found."""

    seq: int
    """The state that the rows show."""
    rows: list[Row]


def head(connection: apsw.Connection) -> int:
    """The seq of the log's last event, or 0."""
    return connection.execute("SELECT max(seq) FROM events").get or 0


@contextmanager
def snapshot(connection: apsw.Connection) -> Iterator[None]:
    """One state of the database for all that is read in the block."""
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.execute("COMMIT")


def run(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Rows:
    """What `statement` finds, and the state in which it does.

    Args:
        connection: where to read; used by nobody else meanwhile.
        statement: what to read.
        bytes_max: the most that texts and documents may take together.

    Raises:
        LimitExceeded: the rows are larger than that.
        StorageError: one of them is packed, and damaged.
        apsw.InterruptError: the connection's progress handler said that it takes too long.
    """
    with _snapshot(connection, statement) as seq:
        return Rows(seq, rows(connection, statement, bytes_max))


def run_raw(connection: apsw.Connection, statement: Statement, bytes_max: int) -> Rows:
    """What `statement` finds as it is stored: booleans as 0 and 1, lists and documents as bytes, not packed.

    Args and errors are those of `run`.
    """
    with _snapshot(connection, statement) as seq:
        budget = _Budget(bytes_max)
        found: list[Row] = []
        for some in batches(connection, statement.sql, statement.bindings):
            some = _unpacked(connection, statement, some, budget)
            for index in statement.bulky:
                budget.spend(sum(len(row[index]) for row in some if row[index] is not None))
            found.extend(some)
        return Rows(seq, found)


def rows(connection: apsw.Connection, statement: Statement, bytes_max: int) -> list[Row]:
    """The rows that `statement` finds, within a transaction of the caller's.

    Raises:
        LimitExceeded: they are larger than `bytes_max`.
        StorageError: one of them is packed, and damaged.
    """
    budget = _Budget(bytes_max)
    found = _found(connection, statement, budget)
    if statement.gathers:
        return _with_messages(connection, found, statement.columns.index("id"), budget)
    return found


@contextmanager
def _snapshot(connection: apsw.Connection, statement: Statement) -> Iterator[int]:
    """One state of the database for the block; gives its seq."""
    connection.execute("BEGIN")
    try:
        yield head(connection) if statement.shared else local_head(connection)
    except apsw.SQLError as error:
        if "integer overflow" not in str(error):
            raise
        raise InvalidQuery("a sum is larger than an integer can be", hint="sum fewer rows") from None
    finally:
        connection.execute("COMMIT")


class _GatheredMessage(Struct, frozen=True, rename="camel", gc=False):
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
        self.require(size)
        self._left -= size

    def require(self, size: int) -> None:
        if size > self._left:
            raise LimitExceeded(
                f"the answer is larger than {self._max} bytes",
                hint="ask for fewer rows (limit) or fewer columns (select, omit)",
            )


def _found(connection: apsw.Connection, statement: Statement, budget: _Budget) -> list[Row]:
    found: list[Row] = []
    for some in batches(connection, statement.sql, statement.bindings):
        found.extend(_converted(_unpacked(connection, statement, some, budget), statement, budget))
    return found


def _unpacked(
    connection: apsw.Connection, statement: Statement, some: list[Row], budget: _Budget
) -> list[Row]:
    """Rows in which nothing is packed. Few bytes may hold many, so the budget is looked at after each row."""
    at = statement.packed
    if at is None or not is_any_packed(filter(None, map(itemgetter(at), some))):
        return some
    unpacked: list[Row] = []
    size = 0
    for row in some:
        value = plain_content(connection, row[at], row[statement.key[0]] if statement.key else None)
        size += len(value)
        budget.require(size)
        unpacked.append((*row[:at], value, *row[at + 1 :]))
    return unpacked


def batches(
    connection: apsw.Connection, sql: str, bindings: Sequence[SqlValue]
) -> Generator[list[Row], None, None]:
    """The rows that a statement finds, some at a time; who does not want all of them closes the iterator."""
    cursor = connection.execute(sql, bindings)
    try:
        while some := list(itertools.islice(cursor, ROWS_CONVERTED_AT_ONCE)):
            yield some
    except BaseException:
        # Left open it would keep its connection at the state that it read. One that ran to its end is closed:
        # to do it again would leak some memory (apsw 3.54.0).
        cursor.close()
        raise


def _converted(some: list[Row], statement: Statement, budget: _Budget) -> Iterable[Row]:
    """Rows as they travel. They are converted column by column, which is a C loop each."""
    columns: list[Iterable[Any]] = list(zip(*some, strict=True))
    for index, kind in enumerate(statement.stored_kinds):
        if index in statement.bulky:
            budget.spend(sum(map(len, filter(None, columns[index]))))
        if kind == "boolean":
            columns[index] = map(_BOOLEANS.get, columns[index])
        elif kind in ENCODED:
            columns[index] = map(Raw, columns[index])
    return zip(*columns, strict=True)


def _with_messages(connection: apsw.Connection, rows: list[Row], id_index: int, budget: _Budget) -> list[Row]:
    """The rows, each with the messages of the conversation that it is at its end."""
    ids = [row[id_index] for row in rows]
    gathered: dict[str, Raw] = {}
    for start in range(0, len(ids), CONVERSATIONS_GATHERED_AT_ONCE):
        messages = _messages(connection, ids[start : start + CONVERSATIONS_GATHERED_AT_ONCE], budget)
        # Encoded at once, as they take several times the room before.
        for conversation, those in itertools.groupby(messages, itemgetter(0)):
            gathered[conversation] = Raw(encode([message for _, message in those]))
    return [(*row, gathered.get(row[id_index], NO_MESSAGES)) for row in rows]


def _messages(
    connection: apsw.Connection, conversations: Sequence[str], budget: _Budget
) -> Iterator[tuple[str, _GatheredMessage]]:
    """The messages of some conversations, each beside its conversation's id; one after the other."""
    sql = (
        "SELECT conversation_id, id, role, content, sent_at, metadata FROM messages"
        f" WHERE conversation_id IN ({', '.join('?' * len(conversations))})"
        " ORDER BY conversation_id, position"
    )
    for found in batches(connection, sql, conversations):
        conversation_ids, message_ids, roles, contents, times, metadata = zip(*found, strict=True)
        budget.spend(sum(map(len, contents)) + sum(map(len, metadata)))
        messages = map(_GatheredMessage, message_ids, roles, contents, times, map(Raw, metadata))
        yield from zip(conversation_ids, messages, strict=True)
