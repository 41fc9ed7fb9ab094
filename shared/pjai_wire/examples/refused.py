"""Owns examples of bytes that are refused, and of the error with which."""

from __future__ import annotations

from base64 import b64encode
from struct import pack
from typing import Any, NamedTuple

from pjai_wire import errors, limits
from pjai_wire.codec import encode
from pjai_wire.errors import PjaiError
from pjai_wire.examples.story import ADA, EMBEDDING, NOON, SOURDOUGH


class Refused(NamedTuple):
    """Bytes of a request, and the error that answers them."""

    name: str
    data: bytes
    error: type[PjaiError]


def _query(**params: Any) -> bytes:
    return encode({"v": 1, "id": 7, "method": "query", "params": {"table": "personas"} | params})


def _commit(event_name: str, /, **args: Any) -> bytes:
    event = {"id": "e", "name": event_name, "args": {"at": NOON, "id": ADA} | args}
    return encode({"v": 1, "id": 7, "method": "commit", "params": {"events": [event]}})


def _remember(**args: Any) -> bytes:
    return _commit("v1.MemoryEntityCreated", **{"personaId": ADA, "type": "concept", "name": "Rye"} | args)


_HEALTH = encode({"v": 1, "id": 7, "method": "health", "params": {}})

_MALFORMED = (
    Refused("nothing", b"", errors.Malformed),
    Refused("a truncated map", _HEALTH[:-4], errors.Malformed),
    Refused("more after the map", _HEALTH + b"\xc0", errors.Malformed),
    Refused("the byte that MessagePack never uses", b"\xc1", errors.Malformed),
    Refused("text that is not UTF-8", _HEALTH.replace(b"health", b"heal\xff\xff"), errors.Malformed),
    Refused("a length beyond the message", b"\xdf\xff\xff\xff\xff", errors.Malformed),
)

_ENVELOPES = (
    Refused(
        "an unknown field in the envelope",
        encode({"v": 1, "id": 7, "method": "health", "trace": 1}),
        errors.UnknownField,
    ),
    Refused(
        "a version that nobody speaks",
        encode({"v": 99, "id": 7, "method": "health"}),
        errors.UnsupportedVersion,
    ),
    Refused("an unknown method", encode({"v": 1, "id": 7, "method": "querry"}), errors.UnknownMethod),
    Refused(
        "params that are no map",
        encode({"v": 1, "id": 7, "method": "health", "params": []}),
        errors.InvalidValue,
    ),
)

_PARAMS = (
    Refused("an unknown field in params", _query(wher=[]), errors.UnknownField),
    Refused("no table", encode({"v": 1, "id": 7, "method": "query", "params": {}}), errors.InvalidValue),
    Refused("an unknown table", _query(table="person"), errors.UnknownTable),
    Refused("a limit with a fraction", _query(limit=5.5), errors.InvalidValue),
    Refused("a limit that is not a number", _query(limit=float("nan")), errors.InvalidValue),
    Refused("a limit as text", _query(limit="5"), errors.InvalidValue),
    Refused("a limit past the most", _query(limit=limits.QUERY_ROWS_MAX + 1), errors.InvalidValue),
    Refused("a negative offset", _query(offset=-1), errors.InvalidValue),
    Refused("an unknown operator", _query(where=[["name", "~", "a"]]), errors.InvalidValue),
    Refused("a condition without a value", _query(where=[["name", "="]]), errors.InvalidValue),
    Refused("an unknown junction", _query(where=[{"xor": []}]), errors.UnknownField),
    Refused(
        "a commit of nothing",
        encode({"v": 1, "id": 7, "method": "commit", "params": {"events": []}}),
        errors.InvalidValue,
    ),
    Refused(
        "a document's name with a line break",
        encode({"v": 1, "id": 7, "method": "document_get", "params": {"name": "a\n"}}),
        errors.InvalidValue,
    ),
    Refused(
        "a document's name with a slash",
        encode({"v": 1, "id": 7, "method": "document_get", "params": {"name": "a/b"}}),
        errors.InvalidValue,
    ),
)

_EVENTS = (
    Refused("an unknown event", _commit("v1.PersonaRenamed"), errors.UnknownEvent),
    Refused("an unknown field in an event", _commit("v1.PersonaUsed", times=2), errors.UnknownField),
    Refused(
        "an unknown field in a structured field",
        _commit("v1.PersonaCreated", name="Ada", personality={"mood": "calm"}),
        errors.UnknownField,
    ),
    Refused("an event without a required field", _commit("v1.PersonaCreated"), errors.InvalidValue),
    Refused("an empty id", _commit("v1.PersonaUsed", id=""), errors.InvalidValue),
    Refused("an id that is too long", _commit("v1.PersonaUsed", id="x" * 101), errors.InvalidValue),
    Refused("an instant with a fraction", _commit("v1.PersonaUsed", at=NOON + 0.5), errors.InvalidValue),
    Refused("an instant before the epoch", _commit("v1.PersonaUsed", at=-1), errors.InvalidValue),
    Refused("an instant past 2^53 - 1", _commit("v1.PersonaUsed", at=2**53), errors.InvalidValue),
    Refused("a name that is too long", _commit("v1.PersonaCreated", name="x" * 201), errors.InvalidValue),
    Refused("a persona without a name", _commit("v1.PersonaCreated", name=""), errors.InvalidValue),
    Refused("an importance past 100", _remember(importance=101), errors.InvalidValue),
    Refused("an unknown tier", _remember(memoryTier="lukewarm"), errors.InvalidValue),
    Refused(
        "a vector as an array of numbers",
        _remember(embedding=[0.25, -1.0], embeddingModel="example-3"),
        errors.InvalidValue,
    ),
    Refused(
        "a vector as base64 text",
        _remember(embedding=b64encode(EMBEDDING).decode(), embeddingModel="example-3"),
        errors.InvalidValue,
    ),
    Refused(
        "a vector cut within a number",
        _remember(embedding=EMBEDDING[:-1], embeddingModel="example-3"),
        errors.InvalidValue,
    ),
    Refused(
        "a vector with NaN",
        _remember(embedding=pack("<2f", 0.25, float("nan")), embeddingModel="example-3"),
        errors.InvalidValue,
    ),
    Refused("a vector without its model", _remember(embedding=EMBEDDING), errors.InvalidValue),
    Refused("a new version of nothing", _commit("v2.MemoryEntityUpdated", id=SOURDOUGH), errors.InvalidValue),
)

REFUSED = (*_MALFORMED, *_ENVELOPES, *_PARAMS, *_EVENTS)
"""Requests that write nothing; each is answered by an error."""
