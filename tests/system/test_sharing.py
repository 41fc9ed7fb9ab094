"""Tests of what the daemon computes once for all who ask: results that are shared, answers that are kept."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pjai.testing import Daemon, daemon
from pjaid.setting_sources import load_settings
from pjaid.store.database import open_database
from pjaid.store.keys import open_or_create_keys
from pjaid.store.store import DATABASE
from tests.system.raw import raw_client
from tests.system.test_live import feed_of, save_workflow


@pytest.fixture(scope="module")
def running() -> Iterator[Daemon]:
    with daemon(tick_interval_ms=20) as made:
        yield made


def test_equal_queries_of_two_clients_are_one_computation(running: Daemon) -> None:
    query = {"table": "workflows", "where": [["name", "=", "a"], ["isTemplate", "=", False]]}
    turned = query | {"where": query["where"][::-1]}
    with raw_client(running.endpoint) as one, raw_client(running.endpoint) as other:
        before = one.result("health")
        topics = [one.result("watch", query=query)["topic"], other.result("watch", query=turned)["topic"]]
        health = one.result("health")
        assert health["liveQueries"] == before["liveQueries"] + 2
        assert health["liveViews"] == before["liveViews"] + 1
        for topic in topics:
            one.result("unwatch", topic=topic)
        assert one.result("health")["liveViews"] == before["liveViews"]


def test_open_live_queries_are_listed_by_label_and_never_by_value_or_topic() -> None:
    value = "MARKER of somebody's own"
    with daemon() as running, raw_client(running.endpoint) as client:
        client.result("hello", versions={"min": 1, "max": 1}, client="lister")
        query = {"table": "workflows", "where": [["name", "=", value]], "limit": 3}
        topics = [client.result("watch", query=query, label=label)["topic"] for label in ("one", "two")]
        listed = client.result("live")
        assert [found["label"] for found in listed["queries"]] == ["one", "two"]
        assert {found["client"] for found in listed["queries"]} == {"lister"}
        assert {(found["mode"], found["subscribers"], found["rows"]) for found in listed["queries"]} == {
            ("incremental", 2, 0)
        }
        assert listed["views"] == 1
        assert not any(hidden in repr(listed) for hidden in (value, *topics))


def test_a_client_cannot_keep_results_without_end() -> None:
    with daemon(live_bytes_per_client_max=1024) as running, raw_client(running.endpoint) as client:
        for number in range(30):
            save_workflow(client, f"w{number}")
        refused = client.ask("watch", query={"table": "workflows"})["error"]
        assert refused["code"] == "limit_exceeded"
        assert client.result("health")["liveViews"] == 0
        client.result("watch", query={"table": "workflows", "select": ["id"]})


def test_a_repeated_question_is_answered_from_memory_until_a_row_changes_that_it_reads() -> None:
    question = {"table": "workflows", "where": [["name", "<", "b"]], "select": ["id"]}
    with daemon() as running, raw_client(running.endpoint) as client:
        seen = []
        for made in ("a", None, "c", "aa", None):
            if made is not None:
                seq = save_workflow(client, made)
            answer = client.result("query", **question)
            assert answer["seq"] == seq
            health = client.result("health")
            seen.append((len(answer["rows"]), health["cacheHits"], health["cacheMisses"]))
        assert seen == [(1, 0, 1), (1, 1, 1), (1, 2, 1), (2, 2, 2), (2, 3, 2)]
        assert health["cacheEntries"] == 1
        assert health["cacheBytes"] > 0


def test_without_room_no_answer_is_kept() -> None:
    with daemon(cache_bytes_max=0) as running, raw_client(running.endpoint) as client:
        for _ in range(3):
            client.result("count", table="workflows")
        health = client.result("health")
        assert (health["cacheEntries"], health["cacheHits"]) == (0, 0)


def test_a_state_that_is_mended_ends_live_queries_and_forgets_answers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    question = {"table": "workflows", "select": ["id", "executionCount"]}
    with daemon() as running, raw_client(running.endpoint) as client:
        save_workflow(client, "a")
        monkeypatch.setenv("PJAI_PASSPHRASE", running.environment["PJAI_PASSPHRASE"])
        places, _ = load_settings({}, running.environment)
        key = open_or_create_keys(places, interactive=False)
        damaging = open_database(places.data_dir / DATABASE, key.cipher, key.data_key)
        damaging.execute("UPDATE workflows SET execution_count = 7")
        damaging.close()
        watched, feed = client.result("watch", query=question), feed_of(client)
        for _ in range(2):
            assert client.result("query", **question)["rows"] == [["a", 7]]
        assert not client.result("rebuild", replace=True)["identical"]
        assert client.result("query", **question)["rows"] == [["a", 0]]
        health = client.result("health")
        assert (health["liveQueries"], health["liveViews"]) == (0, 0)
        for topic in (watched["topic"], feed["topic"]):
            assert client.ask("resync", topic=topic)["error"]["code"] == "unknown_topic"
        assert client.result("watch", query=question)["rows"] == [["a", 0]]
