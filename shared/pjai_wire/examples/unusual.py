"""Owns examples of bytes that our own encoder never makes and that are understood all the same."""

from __future__ import annotations

from typing import NamedTuple

from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.examples.story import ADA, EMBEDDING, NOON, SOURDOUGH, STARTER

NOON_FLOAT = float(NOON)
"""What a common JavaScript encoder makes of every integer past 2^32."""


class Unusual(NamedTuple):
    """Bytes, and the message or the event that they are one of."""

    name: str
    kind: str
    data: bytes


def _request(method: str, params: dict[str, object]) -> bytes:
    return encode({"v": 1, "id": 7, "method": method, "params": params})


UNUSUAL = (
    Unusual(
        "with how long the client waits",
        "count.request",
        encode({"v": 1, "id": 7, "method": "count", "params": {"table": "personas"}, "withinMs": 5_000}),
    ),
    Unusual("an instant as float64", "v1.PersonaUsed", encode({"at": NOON_FLOAT, "id": ADA})),
    Unusual(
        "a small instant as uint64",
        "v1.PersonaUsed",
        encode({"at": Raw(b"\xcf" + bytes(7) + b"\5"), "id": ADA}),
    ),
    Unusual("a short text as str32", "v1.PersonaUsed", encode({"at": NOON, "id": Raw(b"\xdb\0\0\0\3ada")})),
    Unusual("a short map as map16", "v1.PersonaUsed", b"\xde\0\2" + encode({"at": NOON, "id": ADA})[1:]),
    Unusual("fields in another order", "v1.PersonaUsed", encode({"id": ADA, "at": NOON})),
    Unusual(
        "every integer as float64",
        "v2.MemoryEntityUpdated",
        encode({"at": NOON_FLOAT, "id": SOURDOUGH, "version": 2.0, "importance": 80.0}),
    ),
    Unusual(
        "an integer in a structured field as float64",
        "v1.PersonaCreated",
        encode({"at": NOON, "id": ADA, "name": "Ada", "settings": {"memoryRetention": 30.0}}),
    ),
    Unusual(
        "a number as float32",
        "v1.MemoryEntityLinked",
        encode(
            {"at": NOON, "id": "l", "fromId": SOURDOUGH, "toId": STARTER, "weight": Raw(b"\xca\x3f\0\0\0")}
        ),
    ),
    Unusual(
        "a number as an integer",
        "v1.MemoryEntityLinked",
        encode({"at": NOON, "id": "l", "fromId": SOURDOUGH, "toId": STARTER, "weight": 1}),
    ),
    Unusual(
        "a vector as bin32",
        "v1.MemoryEntityUpdated",
        encode(
            {
                "at": NOON,
                "id": SOURDOUGH,
                "embedding": Raw(b"\xc6" + len(EMBEDDING).to_bytes(4) + EMBEDDING),
                "embeddingModel": "example-3",
            }
        ),
    ),
    Unusual(
        "version, id and limit as float64",
        "query.request",
        encode({"v": 1.0, "id": 7.0, "method": "query", "params": {"table": "personas", "limit": 5.0}}),
    ),
    Unusual("an id as text", "health.request", encode({"v": 1, "id": "a-7", "method": "health"})),
    Unusual(
        "defaults spelt out",
        "query.request",
        _request("query", {"table": "personas", "where": [], "limit": 100, "offset": 0, "after": None}),
    ),
    Unusual(
        "a condition on an instant as float64",
        "query.request",
        _request("query", {"table": "memories", "where": [["lastAccessedAt", ">=", NOON_FLOAT]]}),
    ),
    Unusual(
        "a time filter as float64",
        "events.request",
        _request("events", {"since": NOON_FLOAT, "after": 10.0}),
    ),
    Unusual(
        "a reply of a newer daemon, with a field that nobody knows yet",
        "count.reply",
        encode({"v": 1, "id": 7, "result": {"seq": 42, "count": 3, "approximate": False}, "took": 1}),
    ),
)
"""Other encodings of what the contract allows."""
