"""Owns the methods about what is measured: meters, metrics_record."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.ids import now_ms
from pjai_wire.measures import Measures, joined
from pjai_wire.methods import Done, MetersResult, MetricsRecordParams, Nothing
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.store import Store

_nothing = Decoder(Nothing, "params")
_record = Decoder(MetricsRecordParams, "params")

Source = Callable[[], Measures]
"""Tells what a part of the daemon has measured since it started, under names of its own."""


class MeterMethods:
    """Methods about what is measured.

    Args:
        store: keeps points of it.
        instance: of this run of the daemon.
        sources: what is measured.
    """

    def __init__(self, store: Store, instance: str, sources: Sequence[Source]) -> None:
        self._store = store
        self._instance = instance
        self._sources = sources
        self._started = time.monotonic()
        self.handlers: dict[str, Handler] = {"meters": self.meters, "metrics_record": self.record}

    def meters(self, _client: Client, params: Raw) -> bytes:
        """All that was measured since the daemon started."""
        _nothing.decode(params)
        return encode(
            MetersResult(
                instance=self._instance,
                at=now_ms(),
                uptime_ms=int((time.monotonic() - self._started) * 1000),
                measures=joined(source() for source in self._sources),
            )
        )

    async def record(self, _client: Client, params: Raw) -> bytes:
        """What was measured in a second becomes a point, and a part of its minute's and its hour's."""
        asked = _record.decode(params)
        measured = Measures(counts=asked.counts, gauges=asked.gauges, latencies=asked.latencies)
        await self._store.record_point(asked.at, measured)
        return encode(Done())
