"""Owns the search by codes: over one persona's vectors or everybody's, on the event loop or in threads."""

from __future__ import annotations

import asyncio
import os
from collections import defaultdict
from collections.abc import Collection, Coroutine, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec import Struct

from pjai_wire.errors import InvalidValue
from pjaid.search.codes.shards import Shards
from pjaid.store.stored_vectors import Shelf, StoredVectors
from pjaid.store.vectors import FLOAT_BYTES
from pjaid.store.writer import Committed

if TYPE_CHECKING:
    from pjaid.search.codes.allowed import Allowed
    from pjaid.search.codes.quantising import Query
    from pjaid.search.codes.shard import Found, Shard

ROWS_ON_LOOP_MAX = 20_000
"""Vectors that are scanned on the event loop; more of them are in threads."""

ROWS_A_THREAD = 65_536
"""Vectors that a thread scans at once."""

THREADS_MAX = 4

LOADS_AT_ONCE = 4
"""Shards that are read at the same time, each on a connection of its own."""

SIFTED_FROM = 100_000
"""Vectors of which there are so many are told apart by their signs first."""

CANDIDATES_MORE = 256
"""How many more than asked for may be compared exactly, where codes can't tell them apart."""

T = TypeVar("T")


class Nearest(Struct, frozen=True):
    """The rows nearest to a vector, the nearest first."""

    model: int
    """The model's number, as it stands in the rows of `vectors`."""
    rows: list[int]
    """Their numbers in the database."""
    cosines: list[float]
    compared: int
    """How many were compared exactly; of them all are here but those deleted meanwhile, and the farthest."""


class Codes:
    """Finds the nearest rows.

    Args:
        vectors: as they are stored.
        bytes_max: what codes may take in memory.
    """

    def __init__(self, vectors: StoredVectors, *, bytes_max: int) -> None:
        self._vectors = vectors
        self._bytes_max = bytes_max
        self._shards = Shards(vectors, bytes_max=bytes_max)
        self._threads: ThreadPoolExecutor | None = None
        self._has_libraries = False

    @property
    def memory_bytes(self) -> int:
        """What the codes in memory take."""
        return self._shards.memory_bytes

    @property
    def count(self) -> int:
        """How many vectors have codes in memory."""
        return self._shards.count

    def nearest(
        self,
        table: str,
        model: str,
        vector: bytes,
        k: int,
        *,
        persona_id: str | None = None,
        rows: Collection[int] | None = None,
    ) -> Nearest | Coroutine[Any, Any, Nearest]:
        """The rows of a table whose vectors have the greatest cosines with a vector, the greatest first.

        At once where that is quick, and otherwise to be awaited, as `Store.read`. Of rows with the same
        cosine that with the lesser number comes first; of more than are compared exactly, any are here.

        Args:
            table: of which table.
            model: what made the vectors, and this one.
            vector: little-endian float32, of any length but zero; its dimension is the model's.
            k: how many rows at most.
            persona_id: only of this persona; None is of all, and an empty text of nobody's.
            rows: only of these, by number; None is of all.

        Raises:
            InvalidValue: the vector is not float32, not finite, or zero.
        """
        if not self._has_libraries:
            return self._with_libraries(table, model, vector, k, persona_id=persona_id, rows=rows)
        # Only now, as they take numpy along.
        from pjaid.search.codes.allowed import Allowed
        from pjaid.search.codes.quantising import Query

        if not vector or len(vector) % FLOAT_BYTES:
            raise InvalidValue("a vector is little-endian float32", hint="4 bytes a number")
        shelf = Shelf(table, model, len(vector) // FLOAT_BYTES)
        query = Query(vector)
        allowed = None if rows is None else Allowed(rows)
        if persona_id is not None:
            shard = self._shards.kept(shelf, persona_id)
            if shard is not None and len(shard) <= ROWS_ON_LOOP_MAX:
                found = shard.nearest(query, _candidates(k), allowed)
                return self._exactly(shelf, query, k, {persona_id: found.rows[found.promising(k)].tolist()})
        return self._nearest(shelf, query, k, persona_id, allowed)

    def committed(self, committed: Committed) -> None:
        """Follows what a commit changed."""
        self._shards.committed(committed)

    def clear(self) -> None:
        """Forgets all codes: nobody knows what became of the vectors."""
        self._shards.clear()

    def close(self) -> None:
        """Ends the threads."""
        if self._threads is not None:
            self._threads.shutdown(wait=False, cancel_futures=True)

    async def _with_libraries(self, *asked: Any, **narrowed: Any) -> Nearest:
        """As `nearest`, for the first time.

        To import numpy takes a tenth of a second, for which nobody else should have to wait.
        """
        await asyncio.to_thread(import_module, "pjaid.search.codes.sifting")
        self._has_libraries = True
        return await _awaited(self.nearest(*asked, **narrowed))

    async def _nearest(
        self, shelf: Shelf, query: Query, k: int, persona_id: str | None, allowed: Allowed | None
    ) -> Nearest:
        personas = [persona_id] if persona_id is not None else await _awaited(self._vectors.personas(shelf))
        found: list[tuple[str, Found]] = []
        wave: list[tuple[str, Shard]] = []
        size = 0
        for place, persona in enumerate(personas):
            if place % LOADS_AT_ONCE == 0:
                await self._shards.load(shelf, personas[place : place + LOADS_AT_ONCE])
            shard = await self._shards.loaded(shelf, persona)
            if wave and size + shard.memory_bytes > self._bytes_max:
                found += await self._scanned(wave, query, k, allowed)
                wave, size = [], 0
            wave.append((persona, shard))
            size += shard.memory_bytes
        found += await self._scanned(wave, query, k, allowed)
        return await _awaited(self._exactly(shelf, query, k, _best_of(found, k)))

    async def _scanned(
        self, wave: list[tuple[str, Shard]], query: Query, k: int, allowed: Allowed | None
    ) -> list[tuple[str, Found]]:
        """The candidates of some shards, in threads where there is much to scan."""
        count = _candidates(k)
        if sum(len(shard) for _, shard in wave) <= ROWS_ON_LOOP_MAX:
            return [(persona, shard.nearest(query, count, allowed)) for persona, shard in wave]
        if self._threads is None:
            workers = min(THREADS_MAX, os.cpu_count() or 1)
            self._threads = ThreadPoolExecutor(workers, thread_name_prefix="codes")
        loop = asyncio.get_running_loop()
        shards = [shard for _, shard in wave]
        if allowed is None and sum(map(len, shards)) >= SIFTED_FROM and all(one.has_signs for one in shards):
            from pjaid.search.codes.sifting import sifted

            nearest = await loop.run_in_executor(self._threads, sifted, shards, query, k, count)
            if nearest is not None:
                return [(persona, one) for (persona, _), one in zip(wave, nearest, strict=True)]
        parts = [(persona, shard, some) for persona, shard in wave for some in _slices(len(shard))]
        found = await asyncio.gather(
            *(
                loop.run_in_executor(self._threads, shard.nearest, query, count, allowed, some)
                for _, shard, some in parts
            )
        )
        return [(persona, one) for (persona, _, _), one in zip(parts, found, strict=True)]

    def _exactly(
        self, shelf: Shelf, query: Query, k: int, wanted: Mapping[str, Sequence[int]]
    ) -> Nearest | Coroutine[Any, Any, Nearest]:
        """The best of some rows of personas by the vectors as they are stored."""
        from pjaid.search.codes.quantising import ordered

        def finish(stored: list[tuple[int, bytes]]) -> Nearest:
            rows, cosines = ordered(query, stored, k)
            return Nearest(shelf.number, rows, cosines, compared)

        compared = sum(map(len, wanted.values()))
        return self._vectors.exact(shelf, wanted, finish)


def _candidates(k: int) -> int:
    return k + CANDIDATES_MORE


def _slices(rows: int) -> Iterator[slice]:
    for begin in range(0, rows, ROWS_A_THREAD):
        yield slice(begin, begin + ROWS_A_THREAD)


def _best_of(found: Sequence[tuple[str, Found]], k: int) -> dict[str, list[int]]:
    """Of what was found in several shards the rows that may be among the nearest `k`, by persona."""
    import numpy as np

    from pjaid.search.codes.scanning import best
    from pjaid.search.codes.shard import joined

    if not found:
        return {}
    together = joined(one for _, one in found)
    chosen = best(together.scores, _candidates(k))
    chosen = chosen[together.at(chosen).promising(k)]
    whose = np.repeat(np.arange(len(found)), [len(one.rows) for _, one in found])[chosen]
    wanted: defaultdict[str, list[int]] = defaultdict(list)
    for number, row in zip(whose.tolist(), together.rows[chosen].tolist(), strict=True):
        wanted[found[number][0]].append(row)
    return wanted


async def _awaited(value: T | Coroutine[Any, Any, T]) -> T:
    return await value if isinstance(value, Coroutine) else value
