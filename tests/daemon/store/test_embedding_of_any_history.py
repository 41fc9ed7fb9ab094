"""A property of any history: each text has a vector or waits for one, and nothing else has or does."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pjai_wire.methods import EmbeddedItem
from pjaid.store.embedding import put_vectors
from pjaid.store.unembedded import Model, advance, taken
from pjaid.store.vector_shards import ROW_BITS, ROW_MAX
from pjaid.store.vectors import EMBEDDED, model_number
from tests.daemon.store.conftest import ORIGIN, Ledger, new_ledger
from tests.strategies import commits

MODELS = (Model("small", 2), Model("other", 3))
VECTORS = f"""SELECT table_name, persona_id, vectors.id & {ROW_MAX} FROM vectors
    JOIN vector_shards AS shard ON shard.id = vectors.id >> {ROW_BITS}"""
HOMELESS = f"SELECT id FROM vectors WHERE id >> {ROW_BITS} NOT IN (SELECT id FROM vector_shards)"
ONE, ZERO = b"\x00\x3c", b"\x00\x00"

Embedder = tuple[Model, int, bool]
"""What an embedder does between commits: with which model, how many steps, and whether it puts."""

embedders = st.tuples(st.sampled_from(MODELS), st.integers(1, 12), st.booleans())
histories = st.lists(st.tuples(commits, st.none() | embedders), min_size=1, max_size=20)


def work(ledger: Ledger, embedder: Embedder) -> None:
    """Takes, and puts what it took, or does what is due."""
    model, times, puts = embedder
    connection = ledger.connection
    for _ in range(times):
        found = taken(connection, model, 3)
        with connection:
            if found is None:
                advance(connection, model)
            elif puts and found.items:
                items = [EmbeddedItem(table=one.table, row=one.row, change=one.change) for one in found.items]
                vectors = (ONE + ZERO * (model.dimension - 1)) * len(items)
                put_vectors(connection, ledger.recorder, ORIGIN, model, items, vectors)


def keys(ledger: Ledger, sql: str) -> set[tuple[Any, ...]]:
    return set(ledger.connection.execute(sql).fetchall())


def texts(ledger: Ledger) -> set[tuple[Any, ...]]:
    """Table, persona and row of each text that there is."""
    return {
        (name, *found)
        for name, one in EMBEDDED.items()
        for found in keys(
            ledger,
            f"SELECT {one.persona.format(row=name)}, {name}.rowid FROM {name}"
            f" WHERE {one.has_text.format(row=name)}",
        )
    }


@settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_each_text_has_a_vector_or_waits_for_one_and_nothing_else_does(
    history: list[tuple[list[tuple[str, dict[str, Any]]], Embedder | None]],
) -> None:
    with tempfile.TemporaryDirectory() as directory, new_ledger(Path(directory)) as ledger:
        current = None
        for commit, embedder in history:
            ledger.try_commit(*commit)
            if embedder is not None:
                work(ledger, embedder)
                current = embedder[0]
            there = texts(ledger)
            have = keys(ledger, VECTORS)
            waiting = keys(ledger, "SELECT table_name, row FROM unembedded")
            assert have <= there
            assert not keys(ledger, HOMELESS)
            assert waiting <= {(table, row) for table, _, row in there}
            assert current is not None or not waiting
        for model in MODELS if current is None else (current,):
            work(ledger, (model, 200, True))
            number = model_number(model.name, model.dimension)
            assert keys(ledger, f"{VECTORS} WHERE model = {number}") == texts(ledger)
            assert not keys(ledger, "SELECT * FROM unembedded")
