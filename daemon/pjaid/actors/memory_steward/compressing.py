"""Owns the compression of what is seldom read: contents of warm and cold memories, each tried once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import Any, NamedTuple

import anyio.to_thread

from pjai import Database, dictionaries, memories, new_id, v1
from pjai_wire.codec import encode
from pjai_wire.errors import Conflict, LimitExceeded
from pjai_wire.events import Event
from pjai_wire.records import Dictionary
from pjai_wire.select import Select, either
from pjaid.actors.memory_steward.dictionaries import (
    DRIFT_CONTENTS_MIN,
    SAMPLES_BYTES_MAX,
    SAMPLES_MAX,
    SHRUNK_SHARE,
    Packer,
    Reason,
    Saving,
    due,
    learnt_from_few,
    trained,
)
from pjaid.actors.memory_steward.progress import Progress
from pjaid.actors.pace import batch

COMPRESS_INTERVAL_S = 300

BATCH = 50
BATCH_BYTES = 2**20
"""Memories that are packed at once, and about what they take: a commit of some milliseconds."""

ROWS_READ_AT_ONCE = 10
"""Few, as each may be large."""

_seldom_read = memories.where(memories.memory_tier != "hot")
_untried = _seldom_read.where(memories.compression_dictionary.is_null())
_worth_it = either(memories.compression_dictionary.is_null(), memories.compression_dictionary >= 1)


class Content(NamedTuple):
    """What is to be packed, and whose it is."""

    id: str
    persona_id: str
    data: bytes
    """As it travels."""


class Compressing:
    """The steward's care for the size of contents, and what it remembers of it from one time to the next.

    Args:
        progress: told what was done.
    """

    def __init__(self, progress: Progress) -> None:
        self._progress = progress
        self._lately = Saving(DRIFT_CONTENTS_MIN)

    async def run(self, db: Database) -> None:
        """Packs every content that is seldom read and was not tried since it changed."""
        untried = await db.count(_untried)
        if untried:
            with self._progress.of_packing(untried):
                await self._pack_all(db, untried)

    async def _pack_all(self, db: Database, untried: int) -> None:
        last = await db.first(dictionaries.order_by(dictionaries.version.desc()).limit(1))
        packed = 0
        if last is not None and learnt_from_few(last):
            packed = await db.count(memories.where(compression_dictionary=last.version))
        if reason := due(last, untried, packed, self._lately):
            last = await self._train(db, last, reason)
        if last is None:
            return
        packer = Packer(await _data(db, last))
        some: list[Content] = []
        async for page in _pages(db, _untried, descending=False):
            some += page
            if len(some) >= BATCH or sum(len(one.data) for one in some) >= BATCH_BYTES:
                async with batch():
                    await self._pack(db, some, packer, last.version)
                some = []
        if some:
            await self._pack(db, some, packer, last.version)

    async def _train(self, db: Database, last: Dictionary | None, reason: Reason) -> Dictionary | None:
        """The dictionary that is the last one from now on."""
        samples: list[bytes] = []
        size = 0
        async for page in _pages(db, _seldom_read.where(_worth_it), descending=True):
            samples += [one.data for one in page]
            size += sum(len(one.data) for one in page)
            if len(samples) >= SAMPLES_MAX or size >= SAMPLES_BYTES_MAX:
                break
        found = await anyio.to_thread.run_sync(trained, samples)
        if found is None:
            return last
        version = 1 if last is None else last.version + 1
        made = v1.DictionaryTrained(
            id=new_id(),
            version=version,
            data=found.data,
            samples=found.samples,
            saved=found.saved,
            reason=reason,
        )
        await db.commit(made)
        self._lately = Saving(DRIFT_CONTENTS_MIN)
        return await db.first(dictionaries.where(version=version))

    async def _pack(self, db: Database, some: list[Content], packer: Packer, version: int) -> None:
        # In a thread, as large ones take long, and signs of life must not wait for them.
        sizes = await anyio.to_thread.run_sync(packer.sizes, [one.data for one in some])
        shrunk: defaultdict[str, list[str]] = defaultdict(list)
        others: defaultdict[str, list[str]] = defaultdict(list)
        for one, size in zip(some, sizes, strict=True):
            self._lately.add(len(one.data), size)
            which = shrunk if size <= SHRUNK_SHARE * len(one.data) else others
            which[one.persona_id].append(one.id)
        decided: list[Event] = [
            v1.MemoriesPacked(id=persona, ids=tuple(ids), dictionary=version, reason="seldom_read")
            for persona, ids in shrunk.items()
        ]
        decided += [
            v1.MemoriesLeftPlain(id=persona, ids=tuple(ids), dictionary=version, reason="would_not_shrink")
            for persona, ids in others.items()
        ]
        # One of them has changed meanwhile: the next time finds them again, as they are then.
        with suppress(Conflict):
            await db.commit(*decided)
            self._progress.tried(sum(map(len, shrunk.values())), sum(map(len, others.values())))


async def _data(db: Database, dictionary: Dictionary) -> bytes:
    (row,) = await db.query(dictionaries.where(id=dictionary.id).select("data"))
    data: bytes = row["data"]
    return data


async def _pages(db: Database, which: Select[Any], *, descending: bool) -> AsyncIterator[list[Content]]:
    """The contents of the memories of a query by their ids, some at a time: fewer where they are large."""
    order = memories.id.desc() if descending else memories.id.asc()
    asked = which.order_by(order).select("id", "persona_id", "content")
    limit = ROWS_READ_AT_ONCE
    beyond = asked
    while True:
        try:
            rows = await db.query(beyond.limit(limit))
        except LimitExceeded:
            if limit == 1:
                raise
            limit //= 2
            continue
        if not rows:
            return
        yield [Content(row["id"], row["persona_id"], encode(row["content"])) for row in rows]
        last = rows[-1]["id"]
        beyond = asked.where(memories.id < last if descending else memories.id > last)
