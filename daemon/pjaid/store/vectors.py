"""Owns the tables of vectors and of what waits for one: their schema, and the triggers that keep them.

All of it is derived: from texts by an embedder, or from the embeddings that memories bring. So it is in no
log, and a state that is made anew begins without what embedders made.
"""

from __future__ import annotations

import math
import struct
from functools import lru_cache
from hashlib import blake2b

from msgspec import Struct

from pjaid.store import vector_shards
from pjaid.store.vector_shards import REMOVE_EMPTY, SHARDS, shard_of, vector_id

DERIVED = ("vectors", SHARDS, "embedding_models", "unembedded", "unexamined")
"""The tables."""

VECTORS = "vectors"

UNIT_TOLERANCE = 1e-6
"""How far from 1 the length may be of a vector that was made unit in float32; float16 is coarser."""

FLOAT_BYTES, HALF_BYTES = 4, 2

MODEL_NUMBER_BYTES = 6
MODELS_KEPT_MAX = 64
"""Numbers that are remembered, as every search and every vector that comes asks for one."""

TABLE, MODEL, PERSONA, ROW, VECTOR = range(5)
"""Where in a row of `vectors` that a commit tells of stand its table, model, persona and row, and where the
vector itself: `Capture` puts them there, as the stored row has only an id and the vector."""


class _Embedded(Struct, frozen=True):
    """A table whose rows have texts."""

    name: str
    persona: str
    """The row's owner, of columns of `{row}`; empty where it has none."""
    has_text: str
    changed: str
    """When an update has changed the text."""
    columns: tuple[str, ...]
    """Those that such an update names."""


def _differ(*columns: str) -> str:
    return "(" + " OR ".join(f"NEW.{column} IS NOT OLD.{column}" for column in columns) + ")"


EMBEDDED = {
    one.name: one
    for one in (
        # Packing changes how a content is stored, and no version: what it means stays.
        _Embedded(
            "memories",
            "{row}.persona_id",
            "{row}.deleted_at IS NULL",
            _differ("name", "summary", "tags", "content"),
            ("version",),
        ),
        _Embedded(
            "conversations", "{row}.persona_id", "{row}.summary <> ''", _differ("summary"), ("summary",)
        ),
        _Embedded(
            "messages",
            "(SELECT persona_id FROM conversations WHERE id = {row}.conversation_id)",
            "{row}.content <> ''",
            _differ("content"),
            ("content",),
        ),
        _Embedded(
            "workflows",
            "coalesce({row}.persona_id, '')",
            "TRUE",
            _differ("name", "description", "tags", "persona_id"),
            ("name", "description", "tags", "persona_id"),
        ),
    )
}
"""The tables whose rows are given vectors, by name."""

_TABLES = f"""{vector_shards.TABLE}
CREATE TABLE embedding_models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    dimension INTEGER NOT NULL,
    is_current INTEGER NOT NULL DEFAULT 0,
    is_brought INTEGER NOT NULL DEFAULT 0
) STRICT;
CREATE TABLE vectors (
    id INTEGER PRIMARY KEY,
    vector BLOB NOT NULL
) STRICT;
CREATE TABLE unembedded (
    table_name TEXT NOT NULL,
    row INTEGER NOT NULL,
    change INTEGER NOT NULL,
    PRIMARY KEY (table_name, row)
) STRICT, WITHOUT ROWID;
CREATE TABLE unexamined (
    table_name TEXT PRIMARY KEY,
    after INTEGER NOT NULL,
    last INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
"""
"""A model is current while the embedder has it, and brought once a memory came with a vector of it. Rows past
`after`, up to `last`, may lack a vector of the current model, and nobody has looked; those that come later
wait by themselves."""


def _queue(table: str) -> str:
    """Puts the new row among those that wait, if there is an embedder for which it could."""
    return f"""
    INSERT INTO unembedded SELECT '{table}', NEW.rowid, (SELECT max(seq) FROM events)
        WHERE EXISTS (SELECT 1 FROM embedding_models WHERE is_current)
        ON CONFLICT DO UPDATE SET change = excluded.change;"""


def _forget(one: _Embedded, row: str, models: str = "") -> str:
    """Removes the vectors of a row; only those that some models made where a condition says which."""
    made_by = f" AND model IN (SELECT id FROM embedding_models WHERE {models})" if models else ""
    return f"""
    DELETE FROM vectors WHERE id IN (SELECT {vector_id("id", f"{row}.rowid")} FROM {SHARDS}
        WHERE table_name = '{one.name}' AND persona_id = {one.persona.format(row=row)}{made_by});"""


def _leave(one: _Embedded, row: str) -> str:
    """The row has no text any more."""
    return f"""
    DELETE FROM unembedded WHERE table_name = '{one.name}' AND row = {row}.rowid;{_forget(one, row)}"""


def _follow(one: _Embedded) -> str:
    """The triggers by which a table's changes reach what waits, and its vectors.

    A changed text keeps the vector of the current model until there is another. Those of models that were
    given up would never be right again, and go.
    """
    there, gone = one.has_text.format(row="NEW"), f"NOT ({one.has_text.format(row='NEW')})"
    moved = _forget(one, "OLD") if one.name == "workflows" else ""
    given_up = _forget(one, "OLD", "NOT is_current AND NOT is_brought")
    columns = ", ".join(one.columns)
    leaving = "deleted_at" if one.name == "memories" else columns
    return f"""
CREATE TRIGGER {one.name}_embedded_new AFTER INSERT ON {one.name} WHEN {there}
BEGIN{_queue(one.name)}
END;
CREATE TRIGGER {one.name}_embedded_anew AFTER UPDATE OF {columns} ON {one.name}
WHEN {there} AND {one.changed}
BEGIN{moved}{given_up}{_queue(one.name)}
END;
CREATE TRIGGER {one.name}_embedded_left AFTER UPDATE OF {leaving} ON {one.name} WHEN {gone}
BEGIN{_leave(one, "OLD")}
END;
CREATE TRIGGER {one.name}_embedded_gone AFTER DELETE ON {one.name}
BEGIN{_leave(one, "OLD")}
END;
"""


_MODEL = "model_number({row}.embedding_model, length({row}.embedding) / 4)"
_SHARD = shard_of("'memories'", _MODEL.format(row="NEW"), "NEW.persona_id")

_KEEP_BROUGHT = f"""
    INSERT INTO embedding_models (id, name, dimension, is_brought)
        SELECT {_MODEL.format(row="NEW")}, NEW.embedding_model, length(NEW.embedding) / 4, 1
        WHERE NEW.embedding IS NOT NULL AND NEW.embedding_model IS NOT NULL
        ON CONFLICT DO UPDATE SET is_brought = 1 WHERE NOT is_brought;
    INSERT INTO {SHARDS} (table_name, model, persona_id)
        SELECT 'memories', {_MODEL.format(row="NEW")}, NEW.persona_id
        WHERE NEW.embedding IS NOT NULL AND NEW.embedding_model IS NOT NULL
        ON CONFLICT DO NOTHING;
    INSERT INTO vectors SELECT {vector_id("shard", "NEW.rowid")}, half
        FROM (SELECT {_SHARD} AS shard, halves(NEW.embedding) AS half LIMIT 1)
        WHERE shard IS NOT NULL AND half IS NOT NULL
        ON CONFLICT DO UPDATE SET vector = excluded.vector;"""
"""What has no direction has no `halves`. An `OR IGNORE` would give way to an `OR REPLACE` of the statement
that changes the memory. The limit keeps SQLite from making the halves once more for the condition."""

_GIVEN_UP = f"(SELECT id FROM embedding_models WHERE id = {_MODEL.format(row='OLD')} AND NOT is_current)"
_SHARD_BEFORE = shard_of("'memories'", _GIVEN_UP, "OLD.persona_id")

_BROUGHT = f"""
CREATE TRIGGER memories_brought_new AFTER INSERT ON memories
WHEN NEW.embedding IS NOT NULL AND NEW.deleted_at IS NULL
BEGIN{_KEEP_BROUGHT}
END;
CREATE TRIGGER memories_brought_anew AFTER UPDATE OF embedding, embedding_model ON memories
WHEN NEW.deleted_at IS NULL AND {_differ("embedding", "embedding_model")}
BEGIN
    DELETE FROM vectors WHERE id = {vector_id(_SHARD_BEFORE, "OLD.rowid")};{_KEEP_BROUGHT}
END;
"""

_EMPTIED = f"""
CREATE TRIGGER personas_embedded_gone AFTER DELETE ON personas
BEGIN{REMOVE_EMPTY}
END;
"""
"""A persona goes after all that it owns."""

SCHEMA = _TABLES + "".join(map(_follow, EMBEDDED.values())) + _BROUGHT + _EMPTIED
"""Run when the state tables have been made."""

UNFOLLOWED = "".join(
    f"DROP TRIGGER {name};"
    for name in (
        *(f"{table}_embedded_{what}" for table in EMBEDDED for what in ("new", "anew", "left", "gone")),
        "memories_brought_new",
        "memories_brought_anew",
        "personas_embedded_gone",
    )
)
"""Run where a state is made that nobody searches: no vectors follow it."""


@lru_cache(MODELS_KEPT_MAX)
def model_number(name: str, dimension: int) -> int:
    """The number of a model, which follows from what it is, so that it means nothing else in any store."""
    digest = blake2b(f"{dimension}/{name}".encode(), digest_size=MODEL_NUMBER_BYTES).digest()
    return int.from_bytes(digest)


def halves(embedding: bytes) -> bytes | None:
    """The float16 of a vector of float32, at unit length so that none is too large; None where it has none.

    In plain Python, as a daemon that nobody asks to search does without numpy: 384 numbers take some 25 µs,
    and half of that where they have unit length already.
    """
    if len(embedding) % FLOAT_BYTES:
        return None
    numbers = struct.unpack(f"<{len(embedding) // FLOAT_BYTES}f", embedding)
    length = math.hypot(*numbers)
    if not length or not math.isfinite(length):
        return None
    if abs(length - 1) > UNIT_TOLERANCE:
        numbers = tuple([number / length for number in numbers])
    return struct.pack(f"<{len(numbers)}e", *numbers)
