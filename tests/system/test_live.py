"""Tests of live queries against a real daemon: they equal a fresh query, and nobody hears too much."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import anyio
import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest
from hypothesis import HealthCheck, given, settings

import pjai
from pjai import Select, average, conversations, count, memories, personas, v1, workflows
from pjai.testing import Daemon, daemon
from pjai_wire.errors import PjaiError
from pjai_wire.tables import memory_links
from tests.strategies import as_new_events, histories
from tests.system.raw import RawClient, raw_client, raw_subscriber


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(tick_interval_ms=20) as made:
        yield made


SUITE: list[Select[Any]] = [
    personas.where(is_active=True),
    personas.order_by(personas.usage_count.desc(), personas.name),
    memories.where(persona_id="p1").order_by(memories.importance.desc()).limit(2),
    memories.where(memories.importance >= 50).order_by(memories.last_accessed_at.desc()).offset(1).limit(3),
    memories.where(memories.tags.contains("a")),
    memories.select("name", "memory_tier").order_by(memories.name),
    memories.group_by("type", n=count(), mean=average(memories.importance)),
    memory_links.order_by(memory_links.weight.desc()),
    conversations.order_by(conversations.updated_at.desc()),
    conversations.where(is_archived=False).omit("messages"),
    workflows.where(pjai.negated(workflows.persona_id.is_null())),
]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_a_live_result_equals_a_fresh_query_after_every_commit(history: Any) -> None:
    with daemon(tick_interval_ms=20, development=True) as running:
        anyio.run(follow, running, history)


async def follow(running: Daemon, history: list[list[tuple[str, dict[str, Any]]]]) -> None:
    """Plays a history to a daemon, and compares after every commit."""
    async with pjai.connect(running.endpoint) as db, AsyncExitStack() as watching:
        live = [await watching.enter_async_context(db.watch(select)) for select in SUITE]
        for commit in history:
            try:
                receipt = await db.commit(*as_new_events(commit))
            except PjaiError:
                continue
            for select, query in zip(SUITE, live, strict=True):
                await query.reached(receipt.seq)
                assert query.current == await db.query(select), (select, commit)
        assert (await db.rebuild()).identical


def changes_of(client: RawClient) -> str:
    """The endpoint of changes."""
    return str(client.result("health")["endpoints"]["changes"])


def save_workflow(client: RawClient, name: str) -> int:
    event = {"id": pjai.new_id(), "name": "v1.WorkflowSaved", "args": {"id": name, "name": name}}
    return int(client.result("commit", events=[event])["seq"])


def test_a_subscription_that_was_not_issued_hears_nothing(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        watched = client.result("watch", query={"table": "personas"})
        topics = [watched["topic"], watched["pulse"]]
        guesses = ["", "guess"]
        for topic in topics:
            guesses += [topic[:1], topic[:-1], topic + "x"]
        changes = changes_of(client)
        with raw_subscriber(changes, *guesses) as spy, raw_subscriber(changes, *topics) as owner:
            for _ in range(5):
                owner.receive()
            assert not spy.socket.poll(0)


def test_the_first_message_brings_what_changed_since_the_snapshot(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        watched = client.result("watch", query={"table": "workflows"})
        seq = [save_workflow(client, name) for name in ("one", "two")][-1]
        with raw_subscriber(changes_of(client), watched["topic"]) as subscriber:
            update = subscriber.receive()
        assert (update["prev"], update["seq"]) == (watched["seq"], seq)
        assert [row[0] for row in update["rows"]] == ["one", "two"]


def test_equal_results_send_nothing_but_ticks_and_pulses(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        nobody = {"table": "workflows", "where": [["name", "=", "nobody"]]}
        watched = client.result("watch", query=nobody)
        topics = (watched["topic"], watched["pulse"])
        with raw_subscriber(changes_of(client), *topics) as subscriber:
            seq = save_workflow(client, "somebody")
            assert all(update["changes"] == [] for update in subscriber.follow(watched["seq"], seq))


def test_a_client_has_one_pulse_for_all_that_it_has_open(running: Daemon) -> None:
    with raw_client(running.endpoint) as client, raw_client(running.endpoint) as other:
        opened = [client.result("watch", query={"table": "workflows"}), feed_of(client)]
        assert opened[0]["pulse"] == opened[1]["pulse"]
        assert other.result("watch", query={"table": "workflows"})["pulse"] != opened[0]["pulse"]
        topics = [one["topic"] for one in opened]
        with raw_subscriber(changes_of(client), opened[0]["pulse"], *topics) as subscriber:
            seq = save_workflow(client, "anybody")
            pulse: Any = {}
            while pulse.get("seq", 0) < seq or pulse["open"] < 2:
                topic, message = subscriber.receive_frames()
                pulse = msgpack.unpackb(message) if topic.decode() == opened[0]["pulse"] else pulse
            assert pulse.keys() == {"open", "seq", "localSeq"}


def test_a_live_query_ends_with_its_subscriber(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        before = client.result("health")["liveQueries"]
        topics = [client.result("watch", query={"table": "plugins"})["topic"] for _ in range(3)]
        with raw_subscriber(changes_of(client), *topics[:2]) as subscriber:
            subscriber.receive()
            assert client.result("health")["liveQueries"] == before + 3
            client.result("unwatch", topic=topics[2])
        while client.result("health")["liveQueries"] > before:
            pass
        for topic in topics:
            assert client.ask("resync", topic=topic)["error"]["code"] == "unknown_topic"


def test_a_topic_that_nobody_subscribes_to_ends_with_its_lease() -> None:
    with daemon(topic_lease_s=0.1, tick_interval_ms=10) as running, raw_client(running.endpoint) as client:
        client.result("watch", query={"table": "plugins"})
        while client.result("health")["liveQueries"]:
            pass


def test_a_client_cannot_open_live_queries_without_end() -> None:
    with daemon(live_queries_per_client_max=2) as running, raw_client(running.endpoint) as client:
        for _ in range(2):
            client.result("watch", query={"table": "plugins"})
        assert client.ask("watch", query={"table": "plugins"})["error"]["code"] == "limit_exceeded"
        with raw_client(running.endpoint) as other:
            other.result("watch", query={"table": "plugins"})


def test_a_query_that_runs_in_a_thread_is_as_live_as_any() -> None:
    names = [f"w{number}" for number in range(30)]
    with daemon(inline_ms_max=0, tick_interval_ms=20) as running, raw_client(running.endpoint) as client:
        watched = client.result("watch", query={"table": "workflows"})
        with raw_subscriber(changes_of(client), watched["topic"]) as subscriber:
            seq = [save_workflow(client, name) for name in names][-1]
            subscriber.follow(watched["seq"], seq)
        fresh = client.result("query", table="workflows")["rows"]
        assert [row[0] for row in fresh] == sorted(names)


def feed_of(client: RawClient, *conditions: list[Any]) -> Any:
    return client.result("feed", table="workflows", where=list(conditions))


def test_a_query_that_only_sqlite_can_answer_is_re_run_no_more_often_than_is_set() -> None:
    with daemon(live_rerun_interval_ms=60_000) as running, raw_client(running.endpoint) as client:
        changes = changes_of(client)
        kept = {"table": "workflows", "where": [["name", ">=", "a"]]}
        run_anew = {"table": "workflows", "where": [["name", "like", "%"]]}
        followed, waiting = (client.result("watch", query=query) for query in (kept, run_anew))
        with (
            raw_subscriber(changes, followed["topic"]) as subscriber,
            raw_subscriber(changes, waiting["topic"]) as other,
        ):
            subscriber.receive()
            other.receive()
            seqs = [save_workflow(client, name) for name in ("a", "b", "c")]
            assert subscriber.follow(followed["seq"], seqs[-1])
            listed = {found["mode"]: found for found in client.result("live")["queries"]}
        assert (listed["incremental"]["updates"], listed["incremental"]["seq"]) == (3, seqs[-1])
        assert "only SQLite matches like" in listed["rerun"]["why"]
        assert "kept in order" in listed["incremental"]["why"]
        assert (listed["rerun"]["updates"], listed["rerun"]["seq"]) == (0, waiting["seq"])


def test_a_query_that_only_sqlite_can_answer_is_as_right_as_any(running: Daemon) -> None:
    query = {"table": "workflows", "where": [["name", "like", "LIKE-%"]], "select": ["id"]}
    with raw_client(running.endpoint) as client:
        watched = client.result("watch", query=query)
        with raw_subscriber(changes_of(client), watched["topic"]) as subscriber:
            seq = [save_workflow(client, f"like-{number}") for number in range(20)][-1]
            rows: list[Any] = []
            for update in subscriber.follow(watched["seq"], seq):
                rows = update.get("rows", rows)
                for kind, position, *row in update.get("changes", ()):
                    assert kind == "insert"
                    rows.insert(position, *row)
        assert rows == client.result("query", **query)["rows"]


def test_a_feed_follows_its_table_until_it_is_ended(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        before = client.result("health")
        feed = feed_of(client, ["name", "contains", "fed"])
        with raw_subscriber(changes_of(client), feed["topic"]) as subscriber:
            for name in ("fed one", "not this", "fed two"):
                seq = save_workflow(client, name)
            updates = subscriber.follow(feed["seq"], seq)
            assert [change[0] for update in updates for change in update.get("changes", ())] == ["insert"] * 2
            opened = client.result("health")
            assert opened["feeds"] == before["feeds"] + 1
            assert opened["liveQueries"] == before["liveQueries"] == len(client.result("live")["queries"])
            client.result("unwatch", topic=feed["topic"])
        assert client.result("health")["feeds"] == before["feeds"]
        assert client.ask("resync", topic=feed["topic"])["error"]["code"] == "unknown_topic"


def test_a_sum_that_overflows_is_refused_and_holds_nobody_up() -> None:
    largest = 2**53 - 1
    with daemon() as running, raw_client(running.endpoint) as client:
        rows = [{"id": str(number), "name": "w", "at": largest} for number in range(1_100)]
        events = [{"id": pjai.new_id(), "name": "v1.WorkflowSaved", "args": row} for row in rows]
        client.result("commit", events=events)
        query = {"table": "workflows", "aggregates": {"sum": ["sum", "createdAt"]}}
        for method, params in (("query", query), ("watch", {"query": query})):
            assert client.ask(method, **params)["error"]["code"] == "invalid_query"
        assert client.result("health")["liveViews"] == 0
        assert client.result("health")["requestsInFlight"] == 0


def test_a_large_update_is_asked_for(running: Daemon) -> None:
    def content(size: int) -> dict[str, str]:
        return {"text": "x" * size}

    async def follow() -> None:
        async with pjai.connect(running.endpoint) as db:
            ada = pjai.new_id()
            await db.commit(v1.PersonaCreated(id=ada, name=ada))
            async with db.watch(memories.where(persona_id=ada)) as live:
                for size in (10, 200_000, 20):
                    receipt = await db.commit(
                        v1.MemoryEntityCreated(
                            id=pjai.new_id(), persona_id=ada, type="event", name="n", content=content(size)
                        )
                    )
                    await live.reached(receipt.seq)
                assert [len(memory.content["text"]) for memory in live.current] == [10, 200_000, 20]

    anyio.run(follow)
