"""Tests that what goes wrong stays where it went wrong."""

from __future__ import annotations

import resource
import signal
import sys
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest

from pjai.testing import Daemon, daemon
from tests.system.raw import RawClient, raw_client, raw_subscriber
from tests.system.test_lifecycle import EX_OK, logged

LATEST = 2**53 - 1


def create(client: RawClient, *events: tuple[str, dict[str, Any]]) -> Any:
    """The whole reply to a commit."""
    number = client.result("health")["seq"]
    made = [
        {"id": f"{number}-{index}", "name": name, "args": args} for index, (name, args) in enumerate(events)
    ]
    return client.ask("commit", events=made)


def persona(name: str) -> tuple[str, dict[str, Any]]:
    return ("v1.PersonaCreated", {"id": name, "name": name})


def memory(memory_id: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return (
        "v1.MemoryEntityCreated",
        {"id": memory_id, "personaId": "ada", "type": "task", "name": "x", **fields},
    )


def test_an_answer_that_is_too_large_leaves_its_connection_fresh() -> None:
    limits = {"inline_ms_max": 0, "readers_min": 1, "readers_max": 1, "result_bytes_max": 100_000}
    with daemon(**limits) as running, raw_client(running.endpoint) as client:
        create(client, persona("ada"))
        create(client, *(memory(f"m{number}", content={"text": "x" * 1_000}) for number in range(200)))
        assert client.ask("query", table="memories", limit=200)["error"]["code"] == "limit_exceeded"
        for name in ("bo", "cy"):
            seq = create(client, persona(name))["result"]["seq"]
            fresh = client.result("query", table="personas", select=["id"])
            assert fresh["seq"] == seq
            assert [name] in fresh["rows"]


def test_a_live_query_that_fails_ends_alone() -> None:
    with daemon(tick_interval_ms=20) as running, raw_client(running.endpoint) as client:
        create(client, persona("ada"))
        query = {"table": "memories", "aggregates": {"content": ["sum", "createdAt"]}}
        watched = client.result("watch", query=query)
        with raw_subscriber(client.result("health")["endpoints"]["changes"], watched["topic"]) as subscriber:
            subscriber.receive()
            create(client, *(memory(f"m{number}", at=LATEST) for number in range(1_100)))
            while client.result("health")["liveQueries"]:
                pass
        assert client.ask("query", **query)["error"]["code"] == "invalid_query"
        assert client.ask("resync", topic=watched["topic"])["error"]["code"] == "unknown_topic"


@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
def test_a_full_disk_refuses_commits_and_harms_nothing_else() -> None:
    with daemon() as running, raw_client(running.endpoint) as client:
        create(client, persona("ada"))
        _, most = resource.prlimit(running.pid, resource.RLIMIT_FSIZE)
        # As if the disk were full for the database and for the log alike.
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (600_000, most))
        codes = set()
        for number in range(30):
            reply = create(client, memory(f"m{number}", content={"text": "x" * 20_000}))
            codes.add(reply["error"]["code"] if "error" in reply else "written")
        assert codes == {"written", "storage"}
        assert client.result("health")["status"] == "ok"
        resource.prlimit(running.pid, resource.RLIMIT_FSIZE, (most, most))
        assert "result" in create(client, memory("again"))
        assert client.result("rebuild")["identical"]
        assert ended(running) == EX_OK


def test_a_stop_does_not_wait_for_a_slow_read() -> None:
    with daemon(inline_ms_max=0, drain_timeout_s=0) as running, raw_client(running.endpoint) as client:
        create(client, persona("ada"))
        create(client, *(memory(f"m{number}", summary="lorem ipsum " * 80) for number in range(8_000)))
        never = [["summary", "like", f"%l%o%r%{number}%"] for number in range(99)]
        slow = {"table": "memories", "where": [{"or": never}]}
        client.send(msgpack.packb({"v": 1, "id": "slow", "method": "count", "params": slow}))
        while not client.result("health")["requestsInFlight"]:
            pass
        assert ended(running) == EX_OK
        # The read that was ended was a slow one, which its thread may say after the daemon's last word.
        assert [event for event in logged(running) if event != "slow_query"][-1] == "stopped"


def test_a_repeated_id_on_another_event_is_a_conflict() -> None:
    with daemon() as running, raw_client(running.endpoint) as client:
        create(client, persona("ada"))
        event = {"id": "e", "name": "v1.PersonaUsed", "args": {"id": "ada"}}
        assert client.result("commit", events=[event])["seq"] == 2
        assert client.result("commit", events=[event])["repeated"]
        other = event | {"name": "v1.PersonaDeleted"}
        assert client.ask("commit", events=[other])["error"]["code"] == "conflict"
        assert client.ask("commit", events=[other, other])["error"]["code"] == "invalid_value"
        assert len(client.result("query", table="personas")["rows"]) == 1


def ended(running: Daemon) -> int:
    """The exit code after SIGTERM."""
    process = running._process
    assert process is not None
    process.send_signal(signal.SIGTERM)
    return process.wait(30)


@pytest.mark.parametrize("method", ["health", "events"])
def test_a_request_whose_id_is_a_number_beyond_all_integers_is_answered(method: str) -> None:
    with daemon() as running, raw_client(running.endpoint) as client:
        client.send(msgpack.packb({"v": 1, "id": 2.5e215, "method": method, "params": {}}))
        assert client.receive()["error"]["code"] == "invalid_value"
