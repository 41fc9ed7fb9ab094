"""Owns what waits for a vector: given out, found where a model is new, and the model before given up."""

from __future__ import annotations

from collections.abc import Iterator

import apsw
from msgspec import Struct

from pjai_wire import limits
from pjai_wire.methods import EmbeddingItem, EmbeddingTakeResult
from pjaid.store.embedded_texts import TEXTS
from pjaid.store.indexes import rows_at_most
from pjaid.store.reads import snapshot
from pjaid.store.vector_shards import REMOVE_EMPTY, SHARDS, ids_of, shard_of, vector_id
from pjaid.store.vectors import EMBEDDED, HALF_BYTES, model_number

PUT_BYTES_RESERVED = 64 * 2**10
"""Of the params of `embedding_put`, for what is no vector."""

ROWS_EXAMINED_AT_ONCE = 1_000
"""Rows of which one write looks whether they lack a vector."""

VECTORS_FORGOTTEN_AT_ONCE = 1_000
"""Of a model that was given up, in one write, so that commits hardly notice."""

_GIVEN_UP = "SELECT id FROM embedding_models WHERE NOT is_current AND NOT is_brought"
_IS_DUE = f"SELECT EXISTS (SELECT 1 FROM unexamined) OR EXISTS ({_GIVEN_UP})"


class Model(Struct, frozen=True):
    """What makes vectors; those of another dimension are another's."""

    name: str
    dimension: int

    @property
    def items_max(self) -> int:
        """How many of its vectors fit into one `embedding_put`."""
        room = limits.PARAMS_BYTES_MAX - PUT_BYTES_RESERVED
        return min(limits.EMBEDDING_ITEMS_MAX, room // (HALF_BYTES * self.dimension))


class Waiting(Struct, frozen=True):
    """What the embedder is yet to do, and with which model."""

    model: Model | None
    """None where no embedder has taken anything yet."""
    rows: int
    """That wait, or may."""


def current(connection: apsw.Connection) -> tuple[int, Model] | None:
    """The embedder's model and its number, if one has taken anything yet."""
    sql = "SELECT id, name, dimension FROM embedding_models WHERE is_current"
    found = connection.execute(sql).fetchone()
    return found and (found[0], Model(found[1], found[2]))


def waiting(connection: apsw.Connection) -> Waiting:
    """What is yet to be done: rows that wait, and those that nobody looked at since the model is current."""
    found = current(connection)
    return Waiting(found and found[1], _count(connection))


def _count(connection: apsw.Connection) -> int:
    rows: int = connection.execute("SELECT count(*) FROM unembedded").get
    unexamined: int = connection.execute("SELECT coalesce(sum(last - after), 0) FROM unexamined").get
    return rows + unexamined


def taken(connection: apsw.Connection, model: Model, limit: int) -> EmbeddingTakeResult | None:
    """Texts that wait, the newest of a table first; None where there is something to do before."""
    with snapshot(connection):
        found = current(connection)
        if found is None or found[1] != model:
            return None
        items = list(_items(connection, limit))
        if not items and connection.execute(_IS_DUE).get:
            return None
        return EmbeddingTakeResult(items=items, waiting=_count(connection))


def _items(connection: apsw.Connection, limit: int) -> Iterator[EmbeddingItem]:
    for table, text_of in TEXTS.items():
        sql = "SELECT row, change FROM unembedded WHERE table_name = ? ORDER BY row DESC LIMIT ?"
        found: list[tuple[int, int]] = connection.execute(sql, (table, limit)).fetchall()  # type: ignore[assignment] # as the schema has it
        limit -= len(found)
        for row, change in found:
            yield EmbeddingItem(table=table, row=row, change=change, text=text_of(connection, row) or "")


def advance(connection: apsw.Connection, model: Model) -> None:
    """Does some of what is due when nothing waits, inside a transaction."""
    found = current(connection)
    if found is None or found[1] != model:
        _begin(connection, model)
        return
    unexamined = {table: span for table, *span in connection.execute("SELECT * FROM unexamined")}
    for table in TEXTS:
        if table in unexamined:
            _examine(connection, found[0], table, *unexamined[table])
            return
    _forget(connection)


def _begin(connection: apsw.Connection, model: Model) -> None:
    """A model becomes the current one; rows that lack a vector of it are to be found."""
    connection.execute("UPDATE embedding_models SET is_current = 0 WHERE is_current")
    connection.execute(
        "INSERT INTO embedding_models (id, name, dimension, is_current) VALUES (?, ?, ?, 1)"
        " ON CONFLICT DO UPDATE SET is_current = 1",
        (model_number(model.name, model.dimension), model.name, model.dimension),
    )
    for table in EMBEDDED:
        connection.execute(
            "INSERT INTO unexamined VALUES (?, 0, ?)"
            " ON CONFLICT DO UPDATE SET after = excluded.after, last = excluded.last",
            (table, rows_at_most(connection, table)),
        )


def _examine(connection: apsw.Connection, model_id: int, table: str, after: int, last: int) -> None:
    """Lets the next rows of a table wait, up to its last, that have a text and no vector."""
    until = connection.execute(
        f"SELECT max(rowid) FROM (SELECT rowid FROM {table} WHERE rowid > ? AND rowid <= ?"
        " ORDER BY rowid LIMIT ?)",
        (after, last, ROWS_EXAMINED_AT_ONCE),
    ).get
    if until is None:
        connection.execute("DELETE FROM unexamined WHERE table_name = ?", (table,))
        return
    embedded = EMBEDDED[table]
    shard = shard_of("?", "?", embedded.persona.format(row=table))
    connection.execute(
        f"INSERT INTO unembedded SELECT ?, {table}.rowid, (SELECT max(seq) FROM events) FROM {table}"
        f" WHERE {table}.rowid > ? AND {table}.rowid <= ? AND {embedded.has_text.format(row=table)}"
        f" AND NOT EXISTS (SELECT 1 FROM vectors WHERE id = {vector_id(shard, f'{table}.rowid')})"
        " ON CONFLICT DO NOTHING",
        (table, after, until, table, model_id),
    )
    connection.execute("UPDATE unexamined SET after = ? WHERE table_name = ?", (until, table))


def _forget(connection: apsw.Connection) -> None:
    """Removes some vectors of a model that was given up, or the model itself where none is left."""
    model_id = connection.execute(_GIVEN_UP).get
    connection.execute(
        f"DELETE FROM vectors WHERE id IN (SELECT vectors.id FROM {SHARDS} AS shard CROSS JOIN vectors"
        f" ON vectors.id BETWEEN {ids_of('shard.id')} WHERE model = ? LIMIT ?)",
        (model_id, VECTORS_FORGOTTEN_AT_ONCE),
    )
    if not connection.changes():
        connection.execute("DELETE FROM embedding_models WHERE id = ?", (model_id,))
        connection.execute(REMOVE_EMPTY)
