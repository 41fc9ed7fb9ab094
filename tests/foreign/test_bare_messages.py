"""A daemon answers bare messages as PROTOCOL.md and the test vectors say."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest
import zmq

from tests.foreign.conftest import ANSWER_TIMEOUT_MS, Daemon

VECTORS = json.loads((Path(__file__).parents[2] / "shared" / "vectors.json").read_text(encoding="utf-8"))
HEALTH = {"v": 1, "id": 7, "method": "health"}

refused = pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])


def answer(socket: zmq.Socket[Any], message: bytes) -> dict[str, Any]:
    socket.send_multipart([b"", message])
    delimiter, reply = socket.recv_multipart()
    assert delimiter == b""
    read: dict[str, Any] = msgpack.unpackb(reply)
    return read


@refused
def test_a_refused_message_is_answered_with_its_error(
    bare_socket: zmq.Socket[Any], vector: dict[str, Any]
) -> None:
    reply = answer(bare_socket, bytes.fromhex(vector["bytes"]))
    assert reply["error"]["code"] == vector["error"]
    assert "result" not in reply


def test_refused_messages_write_nothing(bare_socket: zmq.Socket[Any]) -> None:
    before = answer(bare_socket, msgpack.packb(HEALTH))["result"]["seq"]
    for vector in VECTORS["refused"]:
        answer(bare_socket, bytes.fromhex(vector["bytes"]))
    assert answer(bare_socket, msgpack.packb(HEALTH))["result"]["seq"] == before


def test_an_error_carries_the_request_s_id_where_it_can_be_read(bare_socket: zmq.Socket[Any]) -> None:
    assert answer(bare_socket, msgpack.packb({"id": "a-7"}))["id"] == "a-7"
    assert answer(bare_socket, b"\xc1")["id"] is None


@pytest.mark.parametrize("envelope", [[], [b""], [b"one", b"two"]], ids=len)
def test_a_reply_has_the_frames_that_stood_before_the_request(
    bare_socket: zmq.Socket[Any], envelope: list[bytes]
) -> None:
    bare_socket.send_multipart([*envelope, msgpack.packb(HEALTH)])
    *returned, reply = bare_socket.recv_multipart()
    assert returned == envelope
    assert msgpack.unpackb(reply)["id"] == 7


def test_requests_under_way_together_are_each_answered(bare_socket: zmq.Socket[Any]) -> None:
    for number in range(100):
        bare_socket.send_multipart([b"", msgpack.packb(HEALTH | {"id": number})])
    replies = [msgpack.unpackb(bare_socket.recv_multipart()[-1]) for _ in range(100)]
    assert {reply["id"] for reply in replies} == set(range(100))


def test_a_topic_answers_its_first_subscriber_at_once(bare_socket: zmq.Socket[Any], daemon: Daemon) -> None:
    hello = answer(
        bare_socket,
        msgpack.packb(
            {
                "v": 1,
                "id": 1,
                "method": "hello",
                "params": {"versions": {"min": 1, "max": 1}, "client": "bare"},
            }
        ),
    )["result"]
    assert hello["endpoints"]["requests"] == daemon.endpoint
    watch = {"v": 1, "id": 2, "method": "watch", "params": {"query": {"table": "plugins"}}}
    snapshot = answer(bare_socket, msgpack.packb(watch))["result"]
    with zmq.Context() as context, context.socket(zmq.SUB) as changes:
        changes.setsockopt(zmq.LINGER, 0)
        changes.setsockopt(zmq.RCVTIMEO, ANSWER_TIMEOUT_MS)
        changes.connect(hello["endpoints"]["changes"])
        changes.subscribe(snapshot["topic"])
        topic, message = changes.recv_multipart()
    first = msgpack.unpackb(message)
    assert topic.decode() == snapshot["topic"]
    assert first["prev"] == snapshot["seq"] <= first["seq"]
    assert not first.get("changes")
