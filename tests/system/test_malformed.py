"""Tests that no message, however wrong, does more than get an error."""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pjai.testing import Daemon, daemon
from pjai_wire.errors import PjaiError
from tests.system.raw import RawClient, raw_client

BATCH = 10
EXAMPLES = 340
"""With three kinds and batches of ten: more than 10,000 messages."""

MEMORY_GROWTH_BYTES_MAX = 32 * 2**20

junk = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)

EVENT = {"id": "e", "name": "v1.MemoryEntityAccessed", "args": {"id": "nobody"}}
QUERY = {
    "table": "memories",
    "where": [["importance", ">=", 5], {"or": [["name", "like", "a%"], {"not": ["type", "in", ["task"]]}]}],
    "orderBy": [["importance", "desc"]],
    "limit": 5,
    "offset": 1,
    "after": [3, "x"],
    "select": ["id", "importance"],
}
GROUPS = {"table": "memories", "groupBy": ["type"], "aggregates": {"n": ["count", "*"]}}
SEARCH = {
    "text": '"a b" OR c* NOT d',
    "vector": bytes(8),
    "model": "m",
    "table": "memories",
    "where": [["importance", ">=", 5]],
    "mode": "words",
    "limit": 5,
    "select": ["id", "name"],
    "snippets": True,
    "context": True,
    "links": True,
    "diversity": 0.5,
    "weights": {"meaning": 0.5, "recency": 1.0},
}
PARAMS: dict[str, dict[str, Any]] = {
    "hello": {"versions": {"min": 1, "max": 1}, "client": "fuzz", "session": "s"},
    "health": {},
    "query": QUERY,
    "count": {"table": "memories", "where": [["name", "contains", "x"]]},
    "get": {"table": "memories", "id": "x", "select": ["id"]},
    "commit": {"events": [EVENT, EVENT]},
    "watch": {"query": GROUPS, "label": "l"},
    "search": SEARCH,
    "recall": {"text": "x", "budgetTokens": 100, "where": [["type", "=", "task"]], "context": True},
    "watch_search": {"search": {"text": "a (b OR c*)", "mode": "words", "where": [["name", "like", "a%"]]}},
    "unwatch": {"topic": "t"},
    "resync": {"topic": "t"},
    "events": {"names": ["v1.PersonaUsed"], "after": 1, "limit": 2, "order": "desc", "since": 5},
    "document_get": {"name": "n", "defaults": {"a": 1}},
    # Wrong twice, as with one part changed it must still write nothing.
    "document_set": {"name": "/", "value": {"a": 1}, "defaults": 1},
    "rebuild": {"replace": 1},
}


def paths(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The places in a message."""
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in inner:
        yield from paths(item, (*at, key))


def changed(value: Any, at: tuple[Any, ...], new: Any) -> Any:
    """A copy of a message with something else in one place."""
    if not at:
        return new
    copy = dict(value) if isinstance(value, dict) else list(value)
    copy[at[0]] = changed(value[at[0]], at[1:], new)
    return copy


requests = [
    {"v": 1, "id": 7, "method": method, "params": params} for method, params in sorted(PARAMS.items())
]
damaged = st.sampled_from(requests).flatmap(
    lambda request: st.builds(changed, st.just(request), st.sampled_from(list(paths(request))), junk)
)
KINDS = {
    "bytes": st.binary(max_size=200),
    "shapes": junk.map(msgpack.packb),
    "values": damaged.map(msgpack.packb),
}


@pytest.fixture(scope="module")
def victim() -> Iterator[Daemon]:
    with daemon() as running:
        yield running


@pytest.fixture(scope="module")
def client(victim: Daemon) -> Iterator[RawClient]:
    with raw_client(victim.endpoint) as made:
        yield made


def answered(reply: Any) -> bool:
    """Whether a reply is one of the contract: a result, or an error with a known code."""
    if "result" in reply:
        return True
    error = reply["error"]
    assert error["code"] in PjaiError.by_code, error
    assert error["code"] != "internal", error
    return bool(error["message"])


@pytest.mark.parametrize("kind", KINDS)
def test_every_message_is_answered_and_nothing_is_written(
    victim: Daemon, client: RawClient, kind: str
) -> None:
    before = client.result("health")

    @settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck))
    @given(messages=st.lists(KINDS[kind], min_size=BATCH, max_size=BATCH))
    def send(messages: list[bytes]) -> None:
        for message in messages:
            client.send(message)
        for _ in messages:
            assert answered(client.receive())

    send()
    after = client.result("health")
    assert after["seq"] == before["seq"] == 0
    assert after["instance"] == before["instance"]
    assert after["memoryBytes"] - before["memoryBytes"] < MEMORY_GROWTH_BYTES_MAX
    assert client.result("count", table="client_documents")["count"] == 0
    levels = [json.loads(line)["level"] for line in victim.log.read_text().splitlines()]
    assert "error" not in levels


def test_a_message_beyond_the_limit_ends_its_connection_only(victim: Daemon, client: RawClient) -> None:
    with raw_client(victim.endpoint) as huge:
        huge.send(os.urandom(17 * 2**20))
        assert client.result("health")["status"] == "ok"


def test_deep_nesting_is_refused(client: RawClient) -> None:
    for opener in (b"\x91", b"\x81\xa1a"):
        client.send(opener * 100_000)
        assert client.receive()["error"]["code"] == "malformed"
    deep = b"\x84\xa1v\x01\xa2id\x07\xa6method\xa5query\xa6params" + b"\x81\xa3not" * 100_000 + b"\xc0"
    client.send(deep)
    assert client.receive() == {
        "v": 1,
        "id": None,
        "error": {"code": "malformed", "message": "the message is nested too deeply"},
    }


def test_all_unknown_fields_are_named(client: RawClient) -> None:
    error = client.ask("query", table="memories", colour="red", size=3)["error"]
    assert error["code"] == "unknown_field"
    assert "params.colour" in error["message"]
    assert "params.size" in error["message"]


def test_an_old_peer_hears_nothing(victim: Daemon) -> None:
    """A ZMTP 1.0 or 2.0 peer has no mechanism, so that nobody could vouch for it."""
    for name in ("requests.sock", "changes.sock"):
        for greeting in (b"\x01\x00", b"\xff\0\0\0\0\0\0\0\x01\x7f\x01\x02\0\0", os.urandom(64)):
            with socket.socket(socket.AF_UNIX) as peer:
                peer.connect(str(victim.directory / "run" / name))
                peer.sendall(greeting + b"\x00\x01\x01" * 10)
                heard = b""
                with suppress(ConnectionResetError):
                    while piece := peer.recv(4096):
                        heard += piece
                assert b"{" not in heard
                assert len(heard) <= 128
