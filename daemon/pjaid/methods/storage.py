"""Owns the methods about what is stored: storage, persona_figures."""

from __future__ import annotations

import time

from msgspec import UNSET, Raw, Struct

from pjai_wire.codec import Decoder, encode
from pjai_wire.ids import now_ms
from pjai_wire.methods import LogGrowth, StorageParams, StorageResult
from pjai_wire.methods.storage import MemoryFigures, PersonaFiguresParams, PersonaFiguresResult
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.store import Store
from pjaid.store.usage import Parts

MEASURED_AGAIN_S = 3600.0
"""How long a measurement is good for, as each reads the whole file."""

_params = Decoder(StorageParams, "params")
_figures = Decoder(PersonaFiguresParams, "params")


class _Measured(Struct, frozen=True):
    parts: Parts
    at_ms: int
    at_s: float


class StorageMethods:
    """Methods about what is stored.

    Args:
        store: what stores it.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._measured: _Measured | None = None
        self.handlers: dict[str, Handler] = {
            "storage": self.storage,
            "persona_figures": self.persona_figures,
        }

    async def storage(self, _client: Client, params: Raw) -> bytes:
        """How much is stored, and of whom."""
        asked = _params.decode(params)
        grown = await self._store.growth(asked.after, None if asked.since is UNSET else asked.since)
        measured = await self._parts()
        return encode(
            StorageResult(
                seq=grown.seq,
                head=grown.head,
                growth=[LogGrowth(persona_id=one, day=day, bytes=size) for one, day, size in grown.rows],
                database_bytes=measured.parts.whole,
                index_bytes=measured.parts.indexes,
                packed_bytes=measured.parts.packed,
                unpacked_bytes=measured.parts.unpacked,
                measured_at=measured.at_ms,
            )
        )

    async def persona_figures(self, _client: Client, params: Raw) -> bytes:
        """How much there is of a persona."""
        asked = _figures.decode(params)
        found = await self._store.figures(asked.persona_id, asked.at, asked.since)
        return encode(
            PersonaFiguresResult(
                memories=[
                    MemoryFigures(
                        type=kind,
                        tier=tier,
                        days=days,
                        memories=number,
                        importance=importance,
                        connections=connections,
                    )
                    for kind, tier, days, number, importance, connections in found.memories
                ],
                conversations=found.conversations,
                log_bytes=found.log_bytes,
                log_bytes_lately=found.log_bytes_lately,
            )
        )

    async def _parts(self) -> _Measured:
        now = time.monotonic()
        if self._measured is None or self._measured.at_s + MEASURED_AGAIN_S <= now:
            self._measured = _Measured(await self._store.parts(), now_ms(), now)
        return self._measured
