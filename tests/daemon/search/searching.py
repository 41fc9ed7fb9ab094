"""Owns a store that is searched in tests, and a small model that embeds texts by their words."""

from __future__ import annotations

import math
import secrets
import struct
import zlib
from pathlib import Path
from typing import Any

import anyio.lowlevel
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.errors import PjaiError
from pjai_wire.events import Event, event_name, v1
from pjai_wire.ids import new_id
from pjai_wire.methods import CommitParams, NewEvent, SearchParams
from pjaid.search.codes.codes import Codes
from pjaid.search.meaning import Embedded, QueryVectors
from pjaid.search.searches import Found, Ready, Searches
from pjaid.search.signals import Weights
from pjaid.settings import Settings
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.store import Store

ORIGIN = Origin(client="test", session="session")
KEY = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
MODEL = "bag"
DIMENSION = 64
NOON = 1_750_000_000_000


def meaning(text: str) -> bytes:
    """The words of a text, each at a place of its own, as little-endian float32 of unit length."""
    numbers = [0.0] * DIMENSION
    for word in text.lower().split():
        numbers[zlib.crc32(word.encode()) % DIMENSION] += 1.0
    length = math.hypot(*numbers) or 1.0
    return struct.pack(f"<{DIMENSION}f", *(number / length for number in numbers))


class Searched:
    """A store, its codes, and searches over both.

    Args:
        directory: where it is.
        weights: of the signals.
        kind: of codes.
    """

    def __init__(self, directory: Path, weights: Weights | None = None, kind: type[Codes] = Codes) -> None:
        settings = Settings(data_dir=directory, state_dir=directory)
        self.store = Store(settings, KEY, lambda committed: self.codes.committed(committed))
        self.codes = kind(self.store.vectors, bytes_max=2**30)
        self.problem: PjaiError | None = None
        """Why nothing is embedded, where that is so."""
        self.embedded: list[str] = []
        self.searches = Searches(self.store, self.codes, QueryVectors(self._embed), weights or Weights())

    async def _embed(self, text: str) -> Embedded:
        if self.problem is not None:
            raise self.problem
        self.embedded.append(text)
        return Embedded(MODEL, meaning(text))

    async def commit(self, *events: Event) -> None:
        """Commits events, which codes have followed when this is done."""
        new = tuple(NewEvent(id=new_id(), name=event_name(one), args=Raw(encode(one))) for one in events)
        await self.store.commit(encode(CommitParams(events=new)), ORIGIN, lambda receipt: receipt)
        await anyio.lowlevel.checkpoint()  # others are told after the receipt

    async def search(self, text: str = "", **params: Any) -> tuple[Ready, Found]:
        """What a search finds."""
        ready = await self.searches.ready(SearchParams(text=text, **params))
        return ready, await self.searches.run(ready)

    async def found(self, text: str = "", **params: Any) -> list[dict[str, Any]]:
        """The hits of a search, by their columns."""
        _, found = await self.search(text, **params)
        return [dict(zip(found.columns, row, strict=True)) for row in found.rows]

    async def ids(self, text: str = "", **params: Any) -> list[str]:
        """The ids of a search's hits."""
        return [hit["id"] for hit in await self.found(text, **params)]

    async def close(self) -> None:
        """Closes the store."""
        self.codes.close()
        await self.store.close()


def memory(memory_id: str, name: str, persona_id: str = "ada", **fields: Any) -> v1.MemoryEntityCreated:
    """A memory with its meaning."""
    given = {"type": "concept", "at": NOON, "embedding": meaning(name), "embedding_model": MODEL, **fields}
    return v1.MemoryEntityCreated(id=memory_id, persona_id=persona_id, name=name, **given)
