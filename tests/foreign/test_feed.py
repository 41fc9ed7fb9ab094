"""A feed over bare messages: a copy that is kept as PROTOCOL.md says holds what the table does."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from tests.foreign.conftest import Daemon
from tests.system.raw import RawClient, raw_client, raw_subscriber

Copy = dict[str, list[Any]]


@pytest.fixture
def client(daemon: Daemon) -> Iterator[RawClient]:
    with raw_client(daemon.endpoint) as connected:
        connected.result("hello", versions={"min": 1, "max": 1}, client="bare")
        yield connected


@pytest.fixture
def persona(client: RawClient) -> str:
    row_id = str(uuid.uuid4())
    commit(client, ("v1.PersonaCreated", {"id": row_id, "name": f"Bare {row_id}"}))
    return row_id


def commit(client: RawClient, *events: tuple[str, dict[str, Any]]) -> int:
    """The seq of events that are recorded in one commit."""
    made = [{"id": str(uuid.uuid4()), "name": name, "args": args} for name, args in events]
    seq: int = client.result("commit", events=made)["seq"]
    return seq


def remembered(persona: str, importance: int = 50) -> tuple[str, tuple[str, dict[str, Any]]]:
    """The id of a new memory, and the event that makes it."""
    row_id = str(uuid.uuid4())
    args = {"id": row_id, "personaId": persona, "type": "concept", "name": "Rye", "importance": importance}
    return row_id, ("v1.MemoryEntityCreated", args)


def changed(row_id: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return "v1.MemoryEntityUpdated", {"id": row_id, **fields}


def deleted(row_id: str) -> tuple[str, dict[str, Any]]:
    return "v1.MemoryEntityDeleted", {"id": row_id}


def feed_of(client: RawClient, *conditions: list[Any]) -> dict[str, Any]:
    opened: dict[str, Any] = client.result("feed", table="memories", where=list(conditions), label="copy")
    return opened


def changes_endpoint(client: RawClient) -> str:
    endpoint: str = client.result("health")["endpoints"]["changes"]
    return endpoint


def changes_in(updates: list[dict[str, Any]]) -> list[list[Any]]:
    return [change for update in updates for change in update.get("changes", ())]


def take(copy: Copy, columns: list[str], updates: list[dict[str, Any]]) -> list[str]:
    """Applies updates to a copy; returns the kinds of the changes."""
    kinds = []
    for kind, what in changes_in(updates):
        kinds.append(kind)
        if kind == "delete":
            copy.pop(what, None)
        else:
            copy[what[columns.index("id")]] = what
    return kinds


def table(client: RawClient, columns: list[str], *conditions: list[Any]) -> Copy:
    found = client.result("query", table="memories", where=list(conditions), select=columns, limit=10_000)
    return {row[columns.index("id")]: row for row in found["rows"]}


def test_a_copy_follows_rows_that_come_change_and_leave(client: RawClient, persona: str) -> None:
    of_persona = ["personaId", "=", persona]
    feed = feed_of(client, of_persona)
    (first, making_first), (second, making_second) = remembered(persona), remembered(persona)
    copy: Copy = {}
    with raw_subscriber(changes_endpoint(client), feed["topic"]) as subscriber:
        held = feed["seq"]
        seen: list[str] = []
        for events in (
            (making_first, making_second),
            (changed(first, name="Wheat"),),
            (changed(first, name="Spelt"), changed(second, name="Oats")),
            (deleted(second),),
        ):
            seq = commit(client, *events)
            seen += take(copy, feed["columns"], subscriber.follow(held, seq))
            held = seq
            assert copy == table(client, feed["columns"], of_persona)
    assert list(copy) == [first]
    assert seen == ["insert", "insert", "update", "update", "update", "delete"]


def test_a_row_that_comes_to_meet_the_conditions_is_inserted_and_one_that_ceases_to_is_deleted(
    client: RawClient, persona: str
) -> None:
    row_id, making = remembered(persona, importance=10)
    other_id, making_other = remembered(persona, importance=10)
    commit(client, making, making_other)
    feed = feed_of(client, ["personaId", "=", persona], ["importance", ">=", 50])
    with raw_subscriber(changes_endpoint(client), feed["topic"]) as subscriber:
        risen = commit(client, changed(row_id, importance=60), changed(other_id, name="Still unimportant"))
        (came,) = changes_in(subscriber.follow(feed["seq"], risen))
        fallen = commit(client, changed(row_id, importance=40))
        (left,) = changes_in(subscriber.follow(risen, fallen))
    assert (came[0], came[1][feed["columns"].index("id")]) == ("insert", row_id)
    assert left == ["delete", row_id]


def test_nothing_is_missed_between_the_answer_and_the_subscription(client: RawClient, persona: str) -> None:
    feed = feed_of(client, ["personaId", "=", persona])
    row_id, making = remembered(persona)
    seq = commit(client, making)
    copy: Copy = {}
    with raw_subscriber(changes_endpoint(client), feed["topic"]) as subscriber:
        take(copy, feed["columns"], subscriber.follow(feed["seq"], seq))
    assert list(copy) == [row_id]


def test_a_pulse_leads_on_without_changes(client: RawClient, persona: str) -> None:
    feed = feed_of(client, ["personaId", "=", persona])
    with raw_subscriber(changes_endpoint(client), feed["topic"], feed["pulse"]) as subscriber:
        seq = commit(client, ("v1.PersonaUsed", {"id": persona}))
        updates = subscriber.follow(feed["seq"], seq)
    assert changes_in(updates) == []


def test_a_feed_ends_with_unwatch_and_has_nothing_to_resync(client: RawClient) -> None:
    feed = feed_of(client)
    assert client.ask("resync", topic=feed["topic"])["error"]["code"] == "unknown_topic"
    assert client.result("unwatch", topic=feed["topic"]) == {}
    assert client.result("unwatch", topic=feed["topic"]) == {}


@pytest.mark.parametrize(
    ("params", "code"),
    [
        ({"table": "memoriez"}, "unknown_table"),
        ({"table": "memories", "where": [["nmae", "=", "x"]]}, "unknown_column"),
        ({"table": "memories", "where": [["name", "like", "x%"]]}, "invalid_query"),
        ({"table": "memories", "limit": 5}, "unknown_field"),
    ],
)
def test_a_feed_that_cannot_be_is_refused(client: RawClient, params: dict[str, Any], code: str) -> None:
    assert client.ask("feed", **params)["error"]["code"] == code
