"""Owns the methods about the daemon itself: hello, health, rebuild."""

from __future__ import annotations

import os
import resource
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import apsw
from msgspec import UNSET, Raw, Struct

from pjai_wire import limits, version
from pjai_wire.codec import Decoder, encode
from pjai_wire.endpoints import Endpoints
from pjai_wire.errors import UnsupportedVersion
from pjai_wire.ids import new_id
from pjai_wire.measures import Measures
from pjai_wire.methods import (
    HealthResult,
    HelloParams,
    HelloResult,
    Nothing,
    RebuildParams,
    VersionRange,
)
from pjaid.methods.clients import Client, Clients
from pjaid.methods.router import Answer, Handler
from pjaid.settings import Settings
from pjaid.store.recorder import Origin
from pjaid.store.store import Store

_hello = Decoder(HelloParams, "params")
_nothing = Decoder(Nothing, "params")
_rebuild = Decoder(RebuildParams, "params")


class Load(Struct, frozen=True, kw_only=True):
    """What the daemon is at."""

    clients: int
    live_queries: int
    live_views: int
    live_behind: int
    feeds: int
    requests_in_flight: int
    is_stopping: bool
    cache_entries: int
    cache_bytes: int
    cache_hits: int
    cache_misses: int
    codes: int
    codes_bytes: int

    def measures(self) -> Measures:
        """The same, as it is measured."""
        return Measures(
            counts={"cache_hits": self.cache_hits, "cache_misses": self.cache_misses},
            gauges={
                "clients": self.clients,
                "live_queries": self.live_queries,
                "live_views": self.live_views,
                "live_behind": self.live_behind,
                "feeds": self.feeds,
                "requests_in_flight": self.requests_in_flight,
                "cache_entries": self.cache_entries,
                "cache_bytes": self.cache_bytes,
                "codes": self.codes,
                "codes_bytes": self.codes_bytes,
            },
        )


class UpkeepMethods:
    """Methods about the daemon.

    Args:
        settings: its settings.
        store: its store.
        clients: who said hello.
        endpoints: where it is reached.
        load: tells what it is at.
        on_mended: called when a rebuild changed the state although nothing was committed.
    """

    def __init__(
        self,
        settings: Settings,
        store: Store,
        clients: Clients,
        endpoints: Endpoints,
        load: Callable[[], Load],
        on_mended: Sequence[Callable[[], None]],
    ) -> None:
        self._settings = settings
        self._store = store
        self._clients = clients
        self._endpoints = endpoints
        self._load = load
        self._on_mended = on_mended
        self.instance: Final = new_id()
        """Of this run of the daemon."""
        self._started = time.monotonic()
        self.handlers: dict[str, Handler] = {
            "hello": self.hello,
            "health": self.health,
            "rebuild": self.rebuild,
        }

    def hello(self, client: Client, params: Raw) -> bytes:
        """Agrees on a protocol version, and remembers who asks.

        Raises:
            UnsupportedVersion: there is none in common.
        """
        asked = _hello.decode(params)
        chosen = min(asked.versions.max, version.PROTOCOL)
        if chosen < max(asked.versions.min, version.PROTOCOL_MIN):
            raise UnsupportedVersion(
                "client and daemon have no protocol version in common",
                hint=f"this daemon speaks {version.PROTOCOL_MIN} to {version.PROTOCOL}",
            )
        session = client.origin.session if asked.session is UNSET else asked.session
        self._clients.introduce(client.routing_id, Origin(client=asked.client, session=session))
        return encode(
            HelloResult(
                version=chosen,
                versions=VersionRange(min=version.PROTOCOL_MIN, max=version.PROTOCOL),
                features=version.FEATURES,
                daemon=version.PACKAGE,
                instance=self.instance,
                device=self._store.device,
                endpoints=self._endpoints,
                limits={
                    "messageBytes": self._settings.message_bytes_max,
                    "resultBytes": self._settings.result_bytes_max,
                    "queryRows": limits.QUERY_ROWS_MAX,
                    "eventsPerCommit": limits.EVENTS_PER_COMMIT_MAX,
                    "liveQueriesPerClient": self._settings.live_queries_per_client_max,
                    "liveBytesPerClient": self._settings.live_bytes_per_client_max,
                },
                tick_interval_ms=self._settings.tick_interval_ms,
                seq=self._store.seq,
            )
        )

    def health(self, _client: Client, params: Raw) -> Answer:
        """How the daemon is."""
        _nothing.decode(params)
        # Before this request is one that is under way itself.
        return self._health(self._load())

    async def _health(self, load: Load) -> bytes:
        embedding = await self._store.embedding.waiting()
        sizes = self._store.sizes()
        return encode(
            HealthResult(
                status="stopping" if load.is_stopping else "ok",
                version=version.PACKAGE,
                instance=self.instance,
                uptime_ms=int((time.monotonic() - self._started) * 1000),
                seq=self._store.seq,
                store_id=self._store.store_id,
                cipher=self._store.cipher,
                sqlite_version=apsw.sqlite_lib_version(),
                database_bytes=sizes.database,
                wal_bytes=sizes.wal,
                memory_bytes=memory_bytes(os.getpid()),
                clients=load.clients,
                live_queries=load.live_queries,
                live_views=load.live_views,
                feeds=load.feeds,
                cache_entries=load.cache_entries,
                cache_bytes=load.cache_bytes,
                cache_hits=load.cache_hits,
                cache_misses=load.cache_misses,
                embedding_model="" if embedding.model is None else embedding.model.name,
                embedding_dimension=0 if embedding.model is None else embedding.model.dimension,
                embedding_waiting=embedding.rows,
                codes=load.codes,
                codes_bytes=load.codes_bytes,
                write_queue=self._store.write_queue,
                requests_in_flight=load.requests_in_flight,
                readers=self._store.readers,
                endpoints=self._endpoints,
            )
        )

    async def rebuild(self, _client: Client, params: Raw) -> bytes:
        """The state built anew from the log, and compared with the live one."""
        rebuilt = await self._store.rebuild(replace=_rebuild.decode(params).replace)
        if rebuilt.replaced and not rebuilt.identical:
            for mended in self._on_mended:
                mended()
        return encode(rebuilt)


def memory_bytes(pid: int) -> int:
    """The resident memory of a process; 0 where it has ended."""
    if sys.platform != "linux":
        return _memory_bytes_elsewhere(pid)
    try:
        pages = Path(f"/proc/{pid}/statm").read_bytes().split()[1]
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return int(pages) * resource.getpagesize()


def _memory_bytes_elsewhere(pid: int) -> int:
    # Imported when asked for, as it would lengthen every start.
    import psutil

    try:
        resident: int = psutil.Process(pid).memory_info().rss
    except psutil.NoSuchProcess:
        return 0
    return resident
