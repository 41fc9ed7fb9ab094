"""Owns a small store of workflows with vectors that is searched by plain loops, and who watches searches."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import anyio.lowlevel
import numpy as np
from msgspec import UNSET

from pjai_wire.codec import encode
from pjai_wire.envelope import Row as Hit
from pjai_wire.methods import SearchParams
from pjai_wire.query import Junction
from pjai_wire.tables import workflows
from pjaid.live.predicate import predicate
from pjaid.live.queries import Snapshot
from pjaid.live.search_plan import PASSED_BY_ALL, Found, Near, Reads, SearchPlan, normal_search
from pjaid.store.changed import Row, RowChange, positions
from pjaid.store.vectors import VECTORS
from tests.daemon.live.making import committed, workflow
from tests.daemon.live.told import Told

T = TypeVar("T")

MODEL = 1
SLACK = 1e-3
"""By how much two ways to reckon a cosine may differ."""

_name_at, _persona_at, _runs_at = (
    positions(workflows)[name] for name in ("name", "personaId", "executionCount")
)


class Seeker(Told):
    """Workflows and their vectors, live searches over them, and what these published.

    Args:
        is_slow: whether a search answers later than it reads.
    """

    def __init__(self, *, is_slow: bool) -> None:
        super().__init__()
        self.runs = 0
        self.under_way = self.under_way_most = 0
        self.rows: dict[str, Row] = {}
        self._vectors: dict[str, bytes] = {}
        self._is_slow = is_slow
        self._untold: list[tuple[int, tuple[RowChange, ...]]] = []

    def put(self, row_id: str, **values: Any) -> None:
        """A commit makes, or changes, a workflow."""
        before = self.rows.get(row_id)
        after = self.rows[row_id] = workflow(row_id, **values)
        if before != after:
            self._commit(RowChange("workflows", before, after))

    def embed(self, row_id: str, vector: tuple[float, ...]) -> None:
        """A commit gives a workflow a vector."""
        if row_id in self.rows:
            before, after = self._vectors.get(row_id), np.array(vector, "<f2").tobytes()
            self._vectors[row_id] = after
            self._commit(self._vector_change(row_id, before, after))

    def drop(self, row_id: str) -> None:
        """A commit removes a workflow, and its vector."""
        if row_id in self.rows:
            changes = [RowChange("workflows", self.rows[row_id], None)]
            if row_id in self._vectors:
                changes.append(self._vector_change(row_id, self._vectors.pop(row_id), None))
            del self.rows[row_id]
            self._commit(*changes)

    def tell(self) -> None:
        """Tells of the commits that there were."""
        for seq, changes in self._untold:
            self.announce(seq, *changes)
        self._untold.clear()

    async def search(self, params: SearchParams) -> Snapshot:
        """Opens a live search, and hears it."""
        plan = SearchPlan(
            params=normal_search(params),
            table=workflows,
            columns=("id", "score", "executionCount"),
            key=(0,),
            persona_id=_persona(params),
            reads=Reads(texts=frozenset({_name_at} if params.text else ()), any_row=params.context),
            run=lambda finish: self._run(params, finish),
        )
        snapshot = await self.live.watch_search(plan, b"client", "")
        self.live.subscribed(snapshot.topic)
        return snapshot

    def right(self, params: SearchParams) -> list[bytes]:
        """What the search finds now."""
        return [encode(hit) for hit in self._found_by(params).rows]

    def _run(self, params: SearchParams, finish: Callable[[Found], T]) -> Any:
        self.runs += 1
        self.under_way += 1
        self.under_way_most = max(self.under_way, self.under_way_most)
        found = self._found_by(params)
        if not self._is_slow:
            self.under_way -= 1
            return finish(found)

        async def later() -> T:
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            self.under_way -= 1
            return finish(found)

        return later()

    def _found_by(self, params: SearchParams) -> Found:
        meets = predicate(workflows, params.where)
        rows = {row_id: row for row_id, row in self.rows.items() if meets(row)}
        if params.vector is not UNSET:
            return self._near(params.vector, rows, params.limit)
        fitting = [row_id for row_id, row in self.rows.items() if params.text in str(row[_name_at])]
        score = 1 / (1 + len(fitting))
        beside = sum(int(str(row[_runs_at])) for row in self.rows.values()) if params.context else 0
        best = [one for one in sorted(fitting) if one in rows][: params.limit]
        hits = [self._hit(one, score + beside) for one in best]
        return Found(self.seq, hits, frozenset(best), None)

    def _near(self, vector: bytes, rows: dict[str, Row], limit: int) -> Found:
        sought = np.frombuffer(vector, "<f4")
        cosines = {
            one: float(np.frombuffer(self._vectors[one], "<f2").astype(np.float32) @ sought)
            for one in rows
            if one in self._vectors
        }
        best = sorted(cosines, key=lambda one: (-cosines[one], one))[:limit]
        hits = [self._hit(one, cosines[one]) for one in best]
        bar = cosines[best[-1]] - SLACK if len(best) == limit else PASSED_BY_ALL
        near = Near(MODEL, [float(number) for number in sought], bar)
        return Found(self.seq, hits, frozenset(best), near)

    def _hit(self, row_id: str, score: float) -> Hit:
        return (row_id, score, self.rows[row_id][_runs_at])

    def _vector_change(self, row_id: str, before: bytes | None, after: bytes | None) -> RowChange:
        persona_id = str(self.rows[row_id][_persona_at])
        was, now = (
            None if vector is None else ("workflows", MODEL, persona_id, int(row_id), vector)
            for vector in (before, after)
        )
        return RowChange(VECTORS, was, now)

    def _commit(self, *changes: RowChange) -> None:
        self.seq += 1
        self.dependents.durable(committed(self.seq))
        self._untold.append((self.seq, changes))


def _persona(params: SearchParams) -> str | None:
    """The only persona that a search lets pass."""
    for condition in params.where:
        if not isinstance(condition, Junction) and condition[0] == "personaId":
            return str(condition[2])
    return None
