"""Owns the daemon's life: what is started, in which order, and how it ends."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path

import anyio
import structlog
import zmq
import zmq.asyncio
from msgspec import json

from pjai_wire import version
from pjai_wire.endpoints import CHANGES_SOCKET, REQUESTS_SOCKET, endpoints_in
from pjai_wire.errors import PjaiError
from pjai_wire.events import v1
from pjai_wire.ids import now_ms
from pjaid import notify
from pjaid.calls.calls import Calls
from pjaid.directories import make_private
from pjaid.errors import EX_OK
from pjaid.live.answers import Answers
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.queries import LiveQueries
from pjaid.live.registry import Registry
from pjaid.metering.process import ProcessMeter
from pjaid.methods.actors import ActorMethods
from pjaid.methods.clients import DAEMON, Clients
from pjaid.methods.data import DataMethods
from pjaid.methods.documents import DocumentMethods
from pjaid.methods.embedder_return import EmbedderReturn
from pjaid.methods.embedding import EmbeddingMethods
from pjaid.methods.guard import Guard
from pjaid.methods.insight import InsightMethods
from pjaid.methods.metering import MeterMethods
from pjaid.methods.optimising import OptimisingMethods
from pjaid.methods.query_embedding import QueryEmbedding
from pjaid.methods.router import Router
from pjaid.methods.search import SearchMethods
from pjaid.methods.secrets import SecretMethods
from pjaid.methods.storage import StorageMethods
from pjaid.methods.upkeep import Load, UpkeepMethods, memory_bytes
from pjaid.methods.watching import WatchMethods
from pjaid.process import GIVEN_BACK_EVERY_S, give_back, tune
from pjaid.search.codes.codes import Codes
from pjaid.search.meaning import QueryVectors
from pjaid.search.searches import Searches
from pjaid.search.signals import Weights
from pjaid.settings import Settings, settings_of
from pjaid.single import claim
from pjaid.store.keys import StoreKey, open_or_create_keys
from pjaid.store.store import Store
from pjaid.store.writer import Committed
from pjaid.supervisor.supervisor import Pace, Supervisor
from pjaid.supervisor.tree import Place, places, take_secrets
from pjaid.transport.admission import Admission
from pjaid.transport.changes import Changes
from pjaid.transport.requests import Requests

log = structlog.get_logger()

THREAD_SWITCH_INTERVAL_S = 0.0005
"""A thread that reads much gives way to the event loop this often; Python's own 5 ms is felt by clients."""

CALL_WITHIN_MS = 30_000
"""How long an actor has for a call whose caller does not say how long it waits."""

TIDY_INTERVAL_S = 1.0
"""From a write until what it left is looked at."""

TIDY_IDLE_INTERVAL_S = 10.0
"""While nothing is written: only connections may have become idle."""

PACK_LOG_INTERVAL_S = 300.0
PACK_LOG_PAUSE_S = 0.1
"""Between two batches of old events, so that commits hardly notice."""

DAY_MS = 24 * 3600 * 1000

UPDATES_QUEUED_MAX = 128
"""Updates that wait in the queue of one connection; what its topics have beyond it is merged."""


def run(settings: Settings) -> int:
    """Runs the daemon until it is signalled; returns its exit code.

    Raises:
        StartError: it could not start.
    """
    actors, secrets = places(settings.actors), take_secrets(os.environ)
    with claim(settings.data_dir, settings.runtime_dir):
        make_private(settings.state_dir)
        key = open_or_create_keys(settings, interactive=sys.stdin.isatty())
        sys.setswitchinterval(THREAD_SWITCH_INTERVAL_S)
        anyio.run(_serve, settings, key, actors, secrets, backend_options={"use_uvloop": True})
    return EX_OK


async def _serve(
    settings: Settings, key: StoreKey, tree_of_actors: tuple[Place, ...], secrets: Mapping[str, str]
) -> None:
    context = zmq.asyncio.Context()
    context.set(zmq.MAX_SOCKETS, 4 * settings.clients_max + 64)
    runtime = Path(settings.runtime_dir)
    admission = Admission(context)

    store = Store(
        settings,
        key,
        on_committed=lambda committed: told_of(committed),
        on_durable=lambda committed: dependents.durable(committed),
        on_upgrading=notify.starting,
    )
    dependents = Dependents(store.seq, store.local_seq)
    answers = Answers(dependents, bytes_max=settings.cache_bytes_max, age_max_s=settings.cache_age_max_s)
    delivery = Delivery(publish=lambda topic, update: changes.publish(topic, update))
    live = LiveQueries(
        store,
        dependents,
        delivery,
        Registry(
            most=settings.live_queries_max,
            most_per_client=settings.live_queries_per_client_max,
            bytes_per_client_max=settings.live_bytes_per_client_max,
        ),
        rerun_interval_s=settings.live_rerun_interval_ms / 1000,
        lease_s=settings.topic_lease_s,
    )
    clients = Clients()
    codes = Codes(store.vectors, bytes_max=settings.vectors_memory_max)
    embedding = EmbeddingMethods(store.embedding, on_taking=lambda: embedder_return.heard())

    def told_of(committed: Committed) -> None:
        # First, as live searches look there.
        codes.committed(committed)
        dependents.committed(committed)
        embedding.committed(committed)
        embedder_return.committed()
        if committed.is_anew:
            live.end_searches()

    def load() -> Load:
        return Load(
            clients=requests.door.clients,
            live_queries=len(live) - live.feeds,
            live_views=live.views,
            live_behind=delivery.behind,
            feeds=live.feeds,
            requests_in_flight=router.in_flight,
            is_stopping=router.stopping,
            cache_entries=len(answers),
            cache_bytes=answers.bytes_kept,
            cache_hits=answers.hits,
            cache_misses=answers.misses,
            codes=codes.count,
            codes_bytes=codes.memory_bytes,
        )

    upkeep = UpkeepMethods(
        settings,
        store,
        clients,
        endpoints_in(runtime),
        load=load,
        on_mended=[answers.clear, live.end_all],
    )
    calls = Calls(
        tuple(place.name for place in tree_of_actors),
        queue_max=settings.actor_queue_max,
        within_ms_default=CALL_WITHIN_MS,
    )
    supervisor = Supervisor(
        tree_of_actors,
        calls,
        endpoints_in(runtime).requests,
        Pace(
            silence_s_max=settings.actor_silence_ms_max / 1000,
            start_s_max=settings.actor_start_ms_max / 1000,
            restarts_max=settings.actor_restarts_max,
            memory_bytes_max=settings.actor_memory_bytes_max,
            open_files_max=settings.actor_open_files_max,
        ),
        secrets,
        idle=("embedder",) if settings.embedder == "none" else (),
    )
    searches = Searches(
        store,
        codes,
        QueryVectors(QueryEmbedding(calls), on_embedded=lambda: embedder_return.heard()),
        Weights(
            recency=settings.search_recency_weight,
            importance=settings.search_importance_weight,
            tier=settings.search_tier_weight,
            connections=settings.search_connections_weight,
        ),
    )
    embedder_return = EmbedderReturn(searches, live.awaiting, store.record)
    guard = Guard(partial(_record_refusal, store))
    actors = ActorMethods(
        calls,
        supervisor,
        clients,
        calls_at_once=settings.actor_calls_at_once,
        long_calls_at_once=settings.actor_long_calls_at_once,
        heartbeat_interval_ms=settings.actor_heartbeat_ms,
        silence_ms_max=settings.actor_silence_ms_max,
        memory_of=memory_bytes,
        settings_of=partial(settings_of, settings),
    )
    process = ProcessMeter(lambda: memory_bytes(os.getpid()))
    meters = MeterMethods(
        store,
        upkeep.instance,
        requests=lambda: router.metered,
        sources=[
            lambda: router.metered.told(),
            lambda: load().measures(),
            lambda: changes.metered,
            lambda: store.metered,
            lambda: live.metered,
            lambda: actors.metered,
            process.told,
        ],
    )
    router = Router(
        {
            **upkeep.handlers,
            **DataMethods(store, answers, guard).handlers,
            **WatchMethods(live, searches).handlers,
            **InsightMethods(store, live, clients).handlers,
            **DocumentMethods(store).handlers,
            **embedding.handlers,
            **OptimisingMethods(store.indexing).handlers,
            **SecretMethods(store, calls).handlers,
            **SearchMethods(searches, answers).handlers,
            **StorageMethods(store).handlers,
            **actors.handlers,
            **meters.handlers,
        },
        clients,
        guard,
        calls,
        in_flight_max=settings.requests_in_flight_max,
        result_bytes_max=settings.result_bytes_max,
    )
    changes = Changes(
        context,
        runtime / CHANGES_SOCKET,
        issued=live.issued,
        subscribed=live.subscribed,
        unsubscribed=live.unsubscribed,
        clients_max=settings.clients_max,
        send_queue_max=UPDATES_QUEUED_MAX,
    )
    requests = Requests(
        context,
        runtime / REQUESTS_SOCKET,
        answer=router.answer,
        message_bytes_max=settings.message_bytes_max,
        clients_max=settings.clients_max,
    )
    admission.guard([requests.door, changes.door])
    try:
        async with anyio.create_task_group() as tree:
            tree.start_soon(admission.serve)
            tree.start_soon(requests.door.watch)
            tree.start_soon(changes.door.watch)
            tree.start_soon(dependents.serve)
            tree.start_soon(live.serve, tree)
            tree.start_soon(delivery.serve)
            tree.start_soon(embedder_return.serve)
            tree.start_soon(_tick, live, process, settings.tick_interval_ms / 1000)
            tree.start_soon(_tidy, store)
            tree.start_soon(_give_back, store)
            tree.start_soon(_pack_log, store, settings.log_plain_days * DAY_MS)
            # Heard before anybody is told: who is told may stop the daemon at once.
            with anyio.open_signal_receiver(signal.SIGTERM, signal.SIGINT) as signals:
                supervisor.serve(tree)
                tune()
                _announce(settings)
                received = await anext(signals)
            _begin_stop(received)
            router.stopping = True
            calls.stop()
            embedding.stop()
            meters.stop()
            with anyio.move_on_after(settings.drain_timeout_s):
                await router.answered()
            store.interrupt()
            router.cancel()
            tree.cancel_scope.cancel()
    finally:
        with anyio.CancelScope(shield=True):
            await supervisor.close()
            requests.close()
            changes.close()
            admission.close()
            codes.close()
            await store.close()
            context.destroy(linger=0)
    log.info("stopped")


def _record_refusal(store: Store, actor: str, wanted: str) -> None:
    """Puts on the audit trail that an actor was refused."""
    store.record(v1.ActorRefused(id=actor, wanted=wanted), DAEMON)


async def _tidy(store: Store) -> None:
    while True:
        with anyio.move_on_after(TIDY_IDLE_INTERVAL_S):
            await store.written()
            await anyio.sleep(TIDY_INTERVAL_S)
        await store.tidy()


async def _give_back(store: Store) -> None:
    while True:
        await anyio.sleep(GIVEN_BACK_EVERY_S)
        await store.rest()
        await anyio.to_thread.run_sync(give_back)


async def _pack_log(store: Store, plain_ms: int) -> None:
    while True:
        pause_s = PACK_LOG_INTERVAL_S
        try:
            if await store.pack_log(now_ms() - plain_ms):
                pause_s = PACK_LOG_PAUSE_S
        except PjaiError as problem:
            log.warning("log_not_packed", code=problem.code)
        await anyio.sleep(pause_s)


async def _tick(live: LiveQueries, process: ProcessMeter, interval_s: float) -> None:
    while True:
        asleep = time.perf_counter_ns()
        await anyio.sleep(interval_s)
        process.late(time.perf_counter_ns() - asleep - round(interval_s * 1e9))
        await live.tick(patience_s=interval_s / 2)


def _announce(settings: Settings) -> None:
    """Tells whoever started the daemon that it answers: one line on stdout, and sd_notify."""
    endpoints = endpoints_in(Path(settings.runtime_dir))
    line = {"ready": True, "pid": os.getpid(), "version": version.PACKAGE, "endpoints": endpoints}
    sys.stdout.write(json.encode(line).decode() + "\n")
    sys.stdout.flush()
    notify.ready(f"serving {endpoints.requests}")
    log.info("ready", pid=os.getpid(), endpoint=endpoints.requests)


def _begin_stop(received: signal.Signals) -> None:
    """Begins a stop that finishes what was begun; a second signal ends the process at once."""
    log.info("stopping", signal=received.name)
    notify.stopping("finishing what was begun")
    for kind in (signal.SIGTERM, signal.SIGINT):
        signal.signal(kind, lambda number, _frame: os._exit(128 + number))
