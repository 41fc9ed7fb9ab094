"""Owns the methods about what is measured: meters, metrics_record."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from msgspec import UNSET, Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.ids import now_ms
from pjai_wire.measures import Measures, joined
from pjai_wire.methods import Done, MetersParams, MetersResult, MetricsRecordParams
from pjaid.metering.requests import RequestMeter
from pjaid.methods.clients import Client
from pjaid.methods.router import Answer, Handler
from pjaid.store.store import Store

_meters = Decoder(MetersParams, "params")
_record = Decoder(MetricsRecordParams, "params")

TOLD_AFTER_S = 1.0
"""So long after something happens it is told, as a second is what points are made of."""

Source = Callable[[], Measures]
"""Tells what a part of the daemon has measured since it started, under names of its own."""


class MeterMethods:
    """Methods about what is measured.

    Args:
        store: keeps points of it.
        instance: of this run of the daemon.
        requests: tells when something happens.
        sources: what is measured.
    """

    def __init__(
        self, store: Store, instance: str, requests: Callable[[], RequestMeter], sources: Sequence[Source]
    ) -> None:
        self._store = store
        self._requests = requests
        self._waiting: set[Callable[[], None]] = set()
        self._is_stopping = False
        self._instance = instance
        self._sources = sources
        self._started = time.monotonic()
        self.handlers: dict[str, Handler] = {"meters": self.meters, "metrics_record": self.record}

    def stop(self) -> None:
        """Nobody waits any longer for something to happen."""
        self._is_stopping = True
        for tell in tuple(self._waiting):
            tell()

    def meters(self, _client: Client, params: Raw) -> Answer:
        """All that was measured since the daemon started."""
        asked = _meters.decode(params)
        is_news = asked.after is UNSET or self._requests().happened > asked.after
        return self._told() if is_news or self._is_stopping else self._told_later(asked.wait_ms / 1000)

    async def record(self, _client: Client, params: Raw) -> bytes:
        """What was measured in a second becomes a point, and a part of its minute's and its hour's."""
        asked = _record.decode(params)
        measured = Measures(counts=asked.counts, gauges=asked.gauges, latencies=asked.latencies)
        await self._store.record_point(asked.at, measured)
        return encode(Done())

    def _told_later(self, wait_s: float) -> asyncio.Future[bytes]:
        """What was measured by the end of the second that begins when something happens."""
        loop, requests = asyncio.get_running_loop(), self._requests()
        told: asyncio.Future[bytes] = loop.create_future()

        def tell() -> None:
            if not told.done():
                told.set_result(self._told())

        def happens() -> None:
            loop.call_later(TOLD_AFTER_S, tell)

        def forget(_: asyncio.Future[bytes]) -> None:
            at_latest.cancel()
            requests.waiting.discard(happens)
            self._waiting.discard(tell)

        at_latest = loop.call_later(wait_s, tell)
        requests.waiting.add(happens)
        self._waiting.add(tell)
        told.add_done_callback(forget)
        return told

    def _told(self) -> bytes:
        return encode(
            MetersResult(
                instance=self._instance,
                at=now_ms(),
                uptime_ms=int((time.monotonic() - self._started) * 1000),
                happened=self._requests().happened,
                measures=joined(source() for source in self._sources),
            )
        )
