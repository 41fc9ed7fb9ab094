"""Owns the methods about what is stored: storage, persona_figures."""

from __future__ import annotations

import time
from collections.abc import Callable

from msgspec import UNSET, Raw, Struct

from pjai_wire.codec import Decoder, encode
from pjai_wire.ids import now_ms
from pjai_wire.methods import LogGrowth, StorageParams, StorageResult
from pjai_wire.methods.storage import MemoryFigures, PersonaFiguresParams, PersonaFiguresResult
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.store import Store
from pjaid.store.usage import Parts

GOOD_FOR_S_MIN, GOOD_FOR_S_MAX = 30.0, 3600.0
"""How long a measurement is good for, as each reads the whole file."""

GOOD_FOR_TIMES = 1000
"""As long as it took: so a thousandth of a core goes into it at most."""

_params = Decoder(StorageParams, "params")
_figures = Decoder(PersonaFiguresParams, "params")


class Measurement(Struct, frozen=True):
    """What the file was made of."""

    parts: Parts
    head: int
    """The log's last, before."""
    at_ms: int
    at_s: float
    took_s: float

    def still_tells(self, head: int, now_s: float) -> bool:
        """Whether it is good enough: longer where nothing was recorded since, and where it takes long."""
        good_for_s = min(max(GOOD_FOR_S_MIN, GOOD_FOR_TIMES * self.took_s), GOOD_FOR_S_MAX)
        return now_s - self.at_s < (GOOD_FOR_S_MAX if head == self.head else good_for_s)


class StorageMethods:
    """Methods about what is stored.

    Args:
        store: what stores it.
        clock: seconds that only go forward.
    """

    def __init__(self, store: Store, clock: Callable[[], float] = time.monotonic) -> None:
        self._store = store
        self._clock = clock
        self._measured: Measurement | None = None
        self.handlers: dict[str, Handler] = {
            "storage": self.storage,
            "persona_figures": self.persona_figures,
        }

    async def storage(self, _client: Client, params: Raw) -> bytes:
        """How much is stored, and of whom."""
        asked = _params.decode(params)
        grown = await self._store.growth(asked.after, None if asked.since is UNSET else asked.since)
        measured = await self._measurement(grown.head)
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

    async def _measurement(self, head: int) -> Measurement:
        began_s = self._clock()
        if self._measured is None or not self._measured.still_tells(head, began_s):
            parts = await self._store.parts()
            self._measured = Measurement(parts, head, now_ms(), began_s, self._clock() - began_s)
        return self._measured
