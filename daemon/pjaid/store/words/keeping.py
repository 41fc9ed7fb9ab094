"""Owns how the indexes of words are kept: an FTS5 table beside each table that is searched.

Triggers note which rows came, changed or left, whoever writes them. Before a transaction commits, `catch_up`
indexes all of these at once, so that what is committed is found. To index each row in its trigger would take
nearly twice as long: FTS5 writes out what it has gathered whenever a statement begins that could be undone.

An index holds words and where they stand, not the texts. It is derived: `make` fills it from the rows.
"""

from __future__ import annotations

import apsw
import structlog

from pjai_wire.columns import Column
from pjaid.store.words.index import INDEXED, PERSONA, Indexed
from pjaid.store.words.tokenizer import TOKENIZER

log = structlog.get_logger()

MERGED_PAGES = 32
"""About how much of an index is merged at once, which takes a millisecond."""

DUE = "words_due"
"""The table of rows that are to be indexed anew; empty between transactions."""

_MAKE_DUE = f"""
CREATE TABLE {DUE} (
    of_table TEXT NOT NULL,
    row INTEGER NOT NULL,
    was_there INTEGER NOT NULL,
    PRIMARY KEY (of_table, row)
) STRICT, WITHOUT ROWID
"""
"""A row that was there before may be in the index; the first note of it tells."""


def make(connection: apsw.Connection) -> None:
    """Makes the index of each table, filled from its rows, and what keeps it."""
    connection.execute(_MAKE_DUE)
    for one in INDEXED.values():
        _make(connection, one)
        connection.execute(_triggers(one))


def remove(connection: apsw.Connection) -> None:
    """Removes the index of each table, and what keeps it."""
    for one in INDEXED.values():
        for what in _TRIGGERS:
            connection.execute(f"DROP TRIGGER IF EXISTS {one.name}_{what}")
        connection.execute(f"DROP TABLE IF EXISTS {one.name}")
    connection.execute(f"DROP TABLE IF EXISTS {DUE}")


def catch_up(connection: apsw.Connection) -> None:
    """Indexes the rows that are due, inside the transaction in which they changed."""
    due = connection.execute(f"SELECT of_table, max(was_there) FROM {DUE} GROUP BY of_table").fetchall()
    for table, was_there in due:
        one = INDEXED[str(table)]
        rows = f"(SELECT row FROM {DUE} WHERE of_table = ?)"
        if was_there:
            connection.execute(f"DELETE FROM {one.name} WHERE rowid IN {rows}", (table,))
        connection.execute(_fill(one, f"{table}.rowid IN {rows}"), (table,))
    if due:
        connection.execute(f"DELETE FROM {DUE}")


def merge(connection: apsw.Connection) -> bool:
    """Merges a little of what commits added to the indexes one by one; whether there may be more.

    Only what nobody merged in time is merged by FTS5 itself, when there are 16 parts of a size. An index
    that is found to be damaged is made anew: until then it keeps what it is of from being written.
    """
    is_more = False
    for one in INDEXED.values():
        before = connection.total_changes()
        try:
            sql = f"INSERT INTO {one.name} ({one.name}, rank) VALUES ('merge', ?)"
            connection.execute(sql, (MERGED_PAGES,))
        except apsw.CorruptError:
            _make_anew(connection, one)
            continue
        # The statement counts as one change itself, as SQLite's documents say.
        is_more = is_more or connection.total_changes() - before > 1
    return is_more


def _make(connection: apsw.Connection, one: Indexed) -> None:
    columns = ", ".join((PERSONA, *_names(one)))
    weights = ", ".join(map(str, (0.0, *(weight for _, weight in one.weighted))))
    connection.execute(
        f"CREATE VIRTUAL TABLE {one.name} USING fts5"
        f"({columns}, content='', contentless_delete=1, tokenize='{TOKENIZER}')"
    )
    connection.execute(f"INSERT INTO {one.name} ({one.name}, rank) VALUES ('rank', 'bm25({weights})')")
    # By itself FTS5 merges in commits, of which one in a hundred would take ten times as long.
    connection.execute(f"INSERT INTO {one.name} ({one.name}, rank) VALUES ('automerge', 0)")
    connection.execute(_fill(one))
    connection.execute(f"INSERT INTO {one.name} ({one.name}) VALUES ('optimize')")


def _make_anew(connection: apsw.Connection, one: Indexed) -> None:
    """Makes a damaged index of the rows; where they are damaged themselves, that is an error again."""
    log.error("words_damaged", table=one.table.table_name)
    connection.execute(f"DROP TABLE {one.name}")
    _make(connection, one)


_TRIGGERS = ("come", "change", "leave")


def _triggers(one: Indexed) -> str:
    table = one.table.table_name
    names = _names(one)
    differs = [_differs(column) for column in one.columns]
    for column in ("persona_id", "deleted_at"):
        if column in {column.python_name for column in one.table.columns}:
            names.append(column)
            differs.insert(0, f"old.{column} IS NOT new.{column}")

    def note(row: str, *, was_there: bool) -> str:
        values = f"'{table}', {row}.rowid, {was_there:d}"
        return f"BEGIN INSERT INTO {DUE} VALUES ({values}) ON CONFLICT DO NOTHING; END"

    return f"""
CREATE TRIGGER {one.name}_come AFTER INSERT ON {table} {note("new", was_there=False)};
CREATE TRIGGER {one.name}_change AFTER UPDATE OF {", ".join(names)} ON {table}
WHEN {" OR ".join(differs)} {note("new", was_there=True)};
CREATE TRIGGER {one.name}_leave AFTER DELETE ON {table} {note("old", was_there=True)};
"""


def _fill(one: Indexed, which: str = "TRUE") -> str:
    """The statement that indexes some rows of a table."""
    table = one.table.table_name
    texts = (f"searchable({table}.{name})" for name in _names(one))
    values = ", ".join((f"{table}.rowid", f"persona_word({one.persona.format(row=table)})", *texts))
    alive = " AND deleted_at IS NULL" if one.can_be_deleted else ""
    columns = ", ".join(("rowid", PERSONA, *_names(one)))
    return f"INSERT INTO {one.name} ({columns}) SELECT {values} FROM {table} WHERE {which}{alive}"


def _names(one: Indexed) -> list[str]:
    return [column.python_name for column in one.columns]


def _differs(column: Column) -> str:
    """That a row's text is another, however it is stored."""
    name = column.python_name
    if column.kind == "document":
        return f"is_other_document(old.{name}, new.{name})"
    return f"old.{name} IS NOT new.{name}"
