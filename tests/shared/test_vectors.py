"""The test vectors mean what they say, to us and to a MessagePack library that is not ours."""

from __future__ import annotations

import base64
import json
from hashlib import sha256
from pathlib import Path
from struct import unpack
from typing import Any, TypeVar

import jsonschema
import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest
from msgspec import UNSET, Raw, Struct

from pjai_wire.codec import Decoder, encode
from pjai_wire.document import document
from pjai_wire.envelope import LiveUpdate, Reply, Request
from pjai_wire.errors import PjaiError, UnknownMethod, UnsupportedVersion
from pjai_wire.events import EVENTS, event_type
from pjai_wire.feed import FeedUpdate
from pjai_wire.methods import METHODS, CommitParams
from pjai_wire.pulse import Pulse
from pjai_wire.query import Query
from pjai_wire.tables import table_named
from pjai_wire.vectors import text, vectors
from pjai_wire.version import PROTOCOL, PROTOCOL_MIN

COMMITTED = Path(__file__).parents[2] / "shared" / "vectors.json"
VECTORS = json.loads(text())
DOCUMENT = document()

PUBLISHED: dict[str, type[Struct]] = {"update": LiveUpdate, "feed.update": FeedUpdate, "pulse": Pulse}

StructT = TypeVar("StructT", bound=Struct)

understood = pytest.mark.parametrize(
    "vector", VECTORS["understood"], ids=lambda vector: f"{vector['type']}: {vector['name']}"
)
canonical = pytest.mark.parametrize(
    "vector",
    [vector for vector in VECTORS["understood"] if vector["canonical"]],
    ids=lambda vector: f"{vector['type']}: {vector['name']}",
)
refused = pytest.mark.parametrize("vector", VECTORS["refused"], ids=lambda vector: vector["name"])


def decode(kind: type[StructT], data: bytes | Raw) -> StructT:
    return Decoder(kind).decode(data)


def read_request(data: bytes) -> tuple[Request, Struct, list[Struct]]:
    """What the contract alone says of a request, from the envelope down to the events of a commit."""
    request = decode(Request, data)
    if not PROTOCOL_MIN <= request.v <= PROTOCOL:
        raise UnsupportedVersion(f"no version {request.v}")
    if request.method not in METHODS:
        raise UnknownMethod(f"no method {request.method!r}")
    params = decode(METHODS[request.method].params, request.params)
    events: list[Struct] = []
    match params:
        case Query(table=table):
            table_named(table)
        case CommitParams(events=new):
            events = [decode(event_type(one.name), one.args) for one in new]
    return request, params, events


def read(kind: str, data: bytes) -> object:
    """The typed value of a vector's bytes, the parts that travel encoded among it."""
    if kind in EVENTS:
        return decode(EVENTS[kind], data)
    if kind.endswith(".request"):
        request, params, events = read_request(data)
        return request.v, request.id, request.method, events or params
    if kind.endswith(".reply"):
        reply = decode(Reply, data)
        method = METHODS.get(kind.removesuffix(".reply"))
        assert (method is None) == (reply.result is UNSET)
        result = decode(method.result, reply.result) if method and reply.result is not UNSET else None
        return reply.v, reply.id, reply.error, encode(result)
    return encode(decode(PUBLISHED[kind], data))


def written_again(kind: str, data: bytes) -> bytes:
    """The bytes that our encoder makes of what it read."""
    if kind in EVENTS:
        return encode(decode(EVENTS[kind], data))
    if kind.endswith(".request"):
        request, params, _ = read_request(data)
        return encode(Request(request.v, request.id, request.method, Raw(encode(params))))
    if kind.endswith(".reply"):
        reply = decode(Reply, data)
        method = METHODS.get(kind.removesuffix(".reply"))
        result = Raw(encode(decode(method.result, reply.result))) if method and reply.result else UNSET
        return encode(Reply(reply.v, reply.id, result, reply.error))
    return encode(decode(PUBLISHED[kind], data))


def as_json(value: Any) -> Any:
    match value:
        case bytes():
            return base64.b64encode(value).decode()
        case dict():
            return {key: as_json(item) for key, item in value.items()}
        case list():
            return [as_json(item) for item in value]
        case _:
            return value


def schema_of(kind: str) -> dict[str, Any]:
    if kind in EVENTS:
        return {"$ref": f"#/components/schemas/{kind}"}
    payload: dict[str, Any] = DOCUMENT["components"]["messages"][kind]["payload"]
    return payload


def test_committed_vectors_are_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text(), "the contract has changed: run `make contract`"


def test_a_vector_of_every_message_event_and_error() -> None:
    kinds = {vector["type"] for vector in VECTORS["understood"]}
    assert kinds == {*DOCUMENT["components"]["messages"], *EVENTS}
    codes = {vector["name"] for vector in VECTORS["understood"] if vector["type"] == "error.reply"}
    assert codes == set(PjaiError.by_code)


def test_names_tell_vectors_apart() -> None:
    names = [(vector["type"], vector["name"]) for vector in VECTORS["understood"]]
    assert len(set(names)) == len(names)


def test_vectors_do_not_change_by_themselves() -> None:
    assert vectors() == vectors()


@understood
def test_another_library_reads_the_same_meaning(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["bytes"])
    assert as_json(msgpack.unpackb(data)) == vector["meaning"]


@canonical
def test_another_library_writes_the_same_bytes(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["bytes"])
    assert msgpack.packb(msgpack.unpackb(data)) == data


@understood
def test_meaning_fits_the_published_schema(vector: dict[str, Any]) -> None:
    schema = {"components": DOCUMENT["components"], "allOf": [schema_of(vector["type"])]}
    jsonschema.Draft7Validator(schema).validate(vector["meaning"])


@understood
def test_bytes_are_understood(vector: dict[str, Any]) -> None:
    read(vector["type"], bytes.fromhex(vector["bytes"]))


@canonical
def test_canonical_bytes_are_what_we_write(vector: dict[str, Any]) -> None:
    data = bytes.fromhex(vector["bytes"])
    assert written_again(vector["type"], data) == data


@pytest.mark.parametrize(
    "vector",
    [
        one
        for one in VECTORS["understood"]
        if not one["canonical"] and not {"embedding", "data"} & set(one["meaning"])
    ],
    ids=lambda vector: f"{vector['type']}: {vector['name']}",
)
def test_other_bytes_of_one_meaning_are_understood_alike(vector: dict[str, Any]) -> None:
    kind = vector["type"]
    assert read(kind, bytes.fromhex(vector["bytes"])) == read(kind, encode(vector["meaning"]))


@refused
def test_refused_bytes_are_refused_with_their_error(vector: dict[str, Any]) -> None:
    with pytest.raises(PjaiError) as refusal:
        read_request(bytes.fromhex(vector["bytes"]))
    assert refusal.value.code == vector["error"]


def test_vectors_of_numbers_are_little_endian_float32() -> None:
    for vector in VECTORS["float32"]:
        data = bytes.fromhex(vector["bytes"])
        assert list(unpack(f"<{len(data) // 4}f", data)) == vector["numbers"]


def test_a_published_update_is_topic_and_message() -> None:
    topic, update = (bytes.fromhex(frame) for frame in VECTORS["framing"][-1]["frames"])
    assert topic.decode("ascii")
    assert decode(LiveUpdate, update).seq


def test_the_chain_can_be_verified_from_its_description() -> None:
    previous = bytes(32)
    for link in VECTORS["chain"]:
        args_hash = sha256(bytes.fromhex(link["args"])).digest()
        assert args_hash.hex() == link["argsHash"]
        bound = previous + link["seq"].to_bytes(8, "big") + link["id"].encode() + b"\0"
        previous = sha256(bound + link["name"].encode() + b"\0" + args_hash).digest()
        assert previous.hex() == link["hash"]
