"""Owns the searches: q3 by words and q4 by meaning, each beside its bare work in process and an echo.

And a search by meaning across all personas, whose hits are compared with those of a scan of the float32.
"""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np
from apsw import Connection
from msgspec import Struct
from numpy.typing import NDArray

from pjai_wire.tables import memories
from pjaid.store.words.question import parse
from tests.workload.bench import Bench
from tests.workload.data import DIMENSIONS, EMBEDDING_MODEL, SEED
from tests.workload.questions import DRAWN
from tests.workload.report import Finding, Target
from tests.workload.timing import alternate
from tests.workload.words import WORDS

WORDS_LIMIT = 1.4
WORDS_HITS = 50

MEANING_LIMIT = 1.5
NEAREST = 10
CODE_MAX = 127

ACROSS_LIMIT_MS = 15.0
RECALL_LIMIT = 0.95
RECALL_QUESTIONS_MAX = 50
VECTOR_BYTES_MAX = 500
ROWS_AT_ONCE = 10_000


class Sought(Struct, frozen=True):
    """A vector that is searched for, among the memories of a persona or of all."""

    persona_id: str
    vector: NDArray[np.float32]


async def text_search(bench: Bench) -> Finding:
    """q3."""
    chance = random.Random(SEED)
    texts = [" ".join(chance.sample(WORDS, 2)) for _ in range(DRAWN)]
    expressions = [f"- persona : {parse(text).expression}" for text in texts]
    columns = ", ".join(f"memories.{column.python_name}" for column in memories.default_columns)
    sql = (
        f"SELECT {columns} FROM memories_words JOIN memories ON memories.rowid = memories_words.rowid"
        f" WHERE memories_words MATCH ? ORDER BY memories_words.rank LIMIT {WORDS_HITS}"
    )

    async def fts5(number: int) -> None:
        bench.read_floor.connection.execute(sql, (expressions[number % DRAWN],)).fetchall()

    async def search(number: int) -> None:
        await bench.db.search(texts[number % DRAWN], memories, mode="words", limit=WORDS_HITS)

    spreads = await alternate(bench.progress, bench.runs, echo=bench.echo.run, fts5=fts5, search=search)
    found, floor = spreads["search"], spreads["fts5"].p50 + spreads["echo"].p50
    return Finding(
        title=f"text_search, two words, best {WORDS_HITS}",
        spread=found,
        floor_p50=floor,
        floor="FTS5's best for the same words in process, every row fetched, + an echo",
        target=Target(found.p50 / floor, WORDS_LIMIT, "x floor"),
        details={"fts5_us": spreads["fts5"].p50, "echo_us": spreads["echo"].p50},
    )


async def semantic_search(bench: Bench) -> Finding:
    """q4."""
    asked = _drawn(bench)
    connection = bench.read_floor.connection
    codes = {persona_id: _codes(_stored(connection, persona_id)[1]) for persona_id in bench.data.persona_ids}

    async def scan(number: int) -> None:
        one = asked[number % DRAWN]
        scores = np.einsum("ij,j->i", codes[one.persona_id], _codes(one.vector), dtype=np.int32)
        best = np.argpartition(-scores, min(NEAREST, len(scores) - 1))[:NEAREST]
        best[np.argsort(-scores[best])]

    async def search(number: int) -> None:
        one = asked[number % DRAWN]
        await _nearest(bench, one, one.persona_id)

    spreads = await alternate(bench.progress, bench.runs, echo=bench.echo.run, scan=scan, search=search)
    found, floor = spreads["search"], spreads["scan"].p50 + spreads["echo"].p50
    return Finding(
        title=f"semantic_search, {NEAREST} nearest of a persona",
        spread=found,
        floor_p50=floor,
        floor="numpy's scan of that persona's int8 in process, no row fetched, + an echo",
        target=Target(found.p50 / floor, MEANING_LIMIT, "x floor"),
        details={"scan_us": spreads["scan"].p50, "echo_us": spreads["echo"].p50},
    )


async def semantic_search_across(bench: Bench) -> Finding:
    """q4 across all personas; with `--memories 1000000` the large case."""
    asked = _drawn(bench)

    async def search(number: int) -> None:
        await _nearest(bench, asked[number % DRAWN], None)

    spreads = await alternate(bench.progress, bench.runs, search=search)
    found = spreads["search"]
    health = await bench.db.health()
    return Finding(
        title=f"{NEAREST} nearest of all personas",
        spread=found,
        target=Target(found.p50 / 1000, ACROSS_LIMIT_MS, "ms"),
        details={
            "vectors": health.codes,
            "bytes_a_vector": health.codes_bytes / max(1, health.codes),
            "bytes_a_vector_max": VECTOR_BYTES_MAX,
        },
    )


async def recall(bench: Bench) -> Finding:
    """How many of the really nearest are found, across all personas and inside one."""
    asked = _drawn(bench)[:RECALL_QUESTIONS_MAX]
    across = [await _nearest(bench, one, None) for one in asked]
    inside = [await _nearest(bench, one, one.persona_id) for one in asked]
    rights = _really_nearest(bench.read_floor.connection, asked)
    shares = [_share(found, right) for found, right in zip(across, rights, strict=True)]
    shares_inside = [
        _share(found, _really_nearest(bench.read_floor.connection, [one], one.persona_id)[0])
        for found, one in zip(inside, asked, strict=True)
    ]
    return Finding(
        title=f"recall@{NEAREST} of all personas",
        target=Target(float(np.mean(shares)), RECALL_LIMIT, "of the float32's", at_least=True),
        details={"inside_a_persona": float(np.mean(shares_inside)), "questions": len(asked)},
    )


def _drawn(bench: Bench) -> list[Sought]:
    """What further memories mean, which nobody has committed."""
    return [
        Sought(one.persona_id, np.frombuffer(one.embedding or b"", "<f4"))
        for one in bench.data.more_memories(DRAWN)
    ]


async def _nearest(bench: Bench, one: Sought, persona_id: str | None) -> list[str]:
    """The ids of what is nearest, among a persona's memories or all."""
    among = memories.all() if persona_id is None else memories.where(persona_id=persona_id)
    hits = await bench.db.search("", among, vector=one.vector.tobytes(), model=EMBEDDING_MODEL, limit=NEAREST)
    return [hit.row.id for hit in hits]


def _stored(
    connection: Connection, persona_id: str | None, after: int = 0, rows: int = -1
) -> tuple[list[tuple[int, str]], NDArray[np.float32]]:
    """The float32 of some memories, by number and id."""
    owner, bindings = ("", ()) if persona_id is None else (" AND persona_id = ?", (persona_id,))
    sql = f"SELECT rowid, id, embedding FROM memories WHERE rowid > ? AND embedding IS NOT NULL{owner}"
    found: list[tuple[int, str, bytes]] = connection.execute(  # type: ignore[assignment] # as the schema has them
        f"{sql} ORDER BY rowid LIMIT ?", (after, *bindings, rows)
    ).fetchall()
    embeddings = b"".join(embedding for _, _, embedding in found)
    vectors = np.frombuffer(embeddings, "<f4").reshape(-1, DIMENSIONS)
    return [(row, memory_id) for row, memory_id, _ in found], vectors


def _codes(vectors: NDArray[np.float32]) -> NDArray[np.int8]:
    """Vectors as int8, all of one scale."""
    scale = np.float32(CODE_MAX) / np.abs(vectors).max(initial=np.float32(1e-9))
    codes: NDArray[np.int8] = np.rint(vectors * scale).astype(np.int8)
    return codes


def _really_nearest(
    connection: Connection, asked: Sequence[Sought], persona_id: str | None = None
) -> list[set[str]]:
    """The ids of what is nearest by float32, some rows at a time, for there may be more than memory holds."""
    sought = np.stack([one.vector for one in asked])
    best: list[list[tuple[float, str]]] = [[] for _ in asked]
    after = 0
    while True:
        rows, vectors = _stored(connection, persona_id, after, ROWS_AT_ONCE)
        if not rows:
            return [{memory_id for _, memory_id in some} for some in best]
        after = rows[-1][0]
        cosines = sought @ vectors.T
        for number, some in enumerate(cosines):
            nearest = np.argpartition(-some, min(NEAREST, len(some) - 1))[:NEAREST]
            best[number] += [(float(some[place]), rows[place][1]) for place in nearest]
            best[number] = sorted(best[number], reverse=True)[:NEAREST]


def _share(found: Sequence[str], right: set[str]) -> float:
    return len(right.intersection(found)) / max(1, len(right))
