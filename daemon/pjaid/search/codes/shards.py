"""Owns which codes are in memory: loaded when they are searched, kept right by commits, within their memory.

Of no more vectors than are searched. Loaded codes follow what commits tell, and go again, those not used for
longest first, where all of them would take more memory than they may.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pjaid.store.changed import RowChange
from pjaid.store.stored_vectors import Loaded, Shelf, StoredVectors
from pjaid.store.vectors import ROW, VECTOR, VECTORS
from pjaid.store.writer import Committed

if TYPE_CHECKING:
    from pjaid.search.codes.shard import Shard

SHARDS_MAX = 10_000
"""Personas, for each table and model, whose codes are in memory."""

FOLLOWED_MAX = 2_000
"""Vectors of a persona that one commit changes; past it, to load its codes anew takes the event loop less."""

Key = tuple[Any, ...]
"""Table, model's number and persona."""


class _Loading(Struct):
    """A shard that is being read, and what commits told meanwhile."""

    done: asyncio.Future[Shard]
    told: list[tuple[int, Sequence[RowChange]]]


class Shards:
    """Codes by table, model and persona.

    Args:
        vectors: as they are stored.
        bytes_max: what codes may take in memory.
    """

    def __init__(self, vectors: StoredVectors, *, bytes_max: int) -> None:
        self._vectors = vectors
        self._bytes_max = bytes_max
        self._shards: OrderedDict[Key, Shard] = OrderedDict()
        self._loading: dict[Key, _Loading] = {}
        self.memory_bytes = 0
        """What those that are kept take."""

    @property
    def count(self) -> int:
        """How many vectors have codes in memory."""
        return sum(len(shard) for shard in self._shards.values())

    def kept(self, shelf: Shelf, persona_id: str) -> Shard | None:
        """A persona's codes, if they are in memory, and worth to be there."""
        key = _key(shelf, persona_id)
        shard = self._shards.get(key)
        if shard is None:
            return None
        if shard.is_scattered:
            self._forget(key)
            return None
        self._shards.move_to_end(key)
        return shard

    async def loaded(self, shelf: Shelf, persona_id: str) -> Shard:
        """A persona's codes, read where they are not in memory."""
        if (shard := self.kept(shelf, persona_id)) is not None:
            return shard
        key = _key(shelf, persona_id)
        loading = self._loading.get(key)
        if loading is None:
            done = asyncio.ensure_future(self._load(key, shelf, persona_id))
            loading = self._loading[key] = _Loading(done, [])
        # Who gives up must not take the shard from the others that wait for it.
        return await asyncio.shield(loading.done)

    async def load(self, shelf: Shelf, personas: Sequence[str]) -> None:
        """Reads the codes of those personas whose are not in memory, at the same time."""
        missing = [one for one in personas if _key(shelf, one) not in self._shards]
        await asyncio.gather(*(self.loaded(shelf, persona_id) for persona_id in missing))

    def committed(self, committed: Committed) -> None:
        """Follows what a commit changed."""
        if not self._shards and not self._loading:
            return
        if committed.changes is None or committed.is_anew:
            self.clear()
            return
        by_key: defaultdict[Key, list[RowChange]] = defaultdict(list)
        for change in committed.changes:
            if change.table == VECTORS:
                row = change.before if change.after is None else change.after
                assert row is not None
                by_key[row[:ROW]].append(change)
        for key, changes in by_key.items():
            self._follow(key, committed.seq, changes)

    def clear(self) -> None:
        """Forgets all codes: nobody knows what became of the vectors."""
        self._shards.clear()
        self.memory_bytes = 0
        # Those that wait for a shard get it still; it is kept for nobody else.
        self._loading.clear()

    async def _load(self, key: Key, shelf: Shelf, persona_id: str) -> Shard:
        try:
            shard = await self._vectors.load(shelf, persona_id, partial(_shard, shelf.dimension))
        finally:
            loading = self._loading.get(key)
            is_wanted = loading is not None and loading.done is asyncio.current_task()
            if is_wanted:
                del self._loading[key]
        if loading is not None and is_wanted:
            for seq, changes in loading.told:
                _tell(shard, seq, changes)
            self._shards[key] = shard
            self.memory_bytes += shard.memory_bytes
            self._keep_within()
        return shard

    def _follow(self, key: Key, seq: int, changes: Sequence[RowChange]) -> None:
        shard, loading = self._shards.get(key), self._loading.get(key)
        if len(changes) > FOLLOWED_MAX:
            self._loading.pop(key, None)
            if shard is not None:
                self._forget(key)
        elif shard is not None:
            before = shard.memory_bytes
            _tell(shard, seq, changes)
            self.memory_bytes += shard.memory_bytes - before
            self._keep_within()
        elif loading is not None:
            loading.told.append((seq, changes))

    def _forget(self, key: Key) -> None:
        self.memory_bytes -= self._shards.pop(key).memory_bytes

    def _keep_within(self) -> None:
        while len(self._shards) > SHARDS_MAX or self.memory_bytes > self._bytes_max:
            self._forget(next(iter(self._shards)))


def _key(shelf: Shelf, persona_id: str) -> Key:
    return shelf.table, shelf.number, persona_id


def _tell(shard: Shard, seq: int, changes: Sequence[RowChange]) -> None:
    """A shard follows the changes of a commit, one a row, unless it was loaded after it."""
    if seq <= shard.seq:
        return
    stored = [change.after for change in changes if change.after is not None]
    if stored:
        shard.put([row[ROW] for row in stored], b"".join([row[VECTOR] for row in stored]))  # type: ignore[misc] # as the schema has them
    for change in changes:
        if change.after is None and change.before is not None:
            shard.remove(change.before[ROW])  # type: ignore[arg-type] # as the schema has it


def _shard(dimension: int, loaded: Loaded) -> Shard:
    # Only now, as they take numpy along.
    import numpy as np

    from pjaid.search.codes.shard import Shard

    vectors = np.frombuffer(loaded.vectors, "<f2").reshape(-1, dimension)
    return Shard(loaded.seq, np.array(loaded.rows, np.int64), vectors)
