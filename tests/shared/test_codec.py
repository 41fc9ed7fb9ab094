"""Decoding: strict about what a message says, lenient about how an encoder writes a number."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import Struct

from pjai_wire.codec import Decoder, decode_any, encode
from pjai_wire.envelope import LiveUpdate, Request
from pjai_wire.errors import InvalidValue, Malformed, PjaiError, RequestError, UnknownField
from pjai_wire.events import EVENTS, v1
from pjai_wire.methods import METHODS, CommitParams, DocumentSetParams, EventsParams
from pjai_wire.query import Query

NOON = 1_750_000_000_000
SECRET = "my-secret-5b1e"  # noqa: S105 # what a test looks for, not what it guards

KINDS: tuple[type[Struct], ...] = (
    Request,
    LiveUpdate,
    *{method.params for method in METHODS.values()},
    *EVENTS.values(),
)
DECODERS = tuple(Decoder(kind) for kind in KINDS)

values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
keys = st.sampled_from(
    sorted({field.encode_name for kind in KINDS for field in msgspec.structs.fields(kind)})
)
nearly_fitting = st.dictionaries(keys, values, max_size=8)


def decode(kind: type[Struct], message: object) -> Any:
    return Decoder(kind).decode(encode(message))


# Numbers


@pytest.mark.parametrize(
    ("kind", "message", "field"),
    [
        (v1.PersonaUsed, {"id": "a", "at": float(NOON)}, "at"),
        (v1.PersonaCreated, {"id": "a", "name": "A", "at": float(NOON)}, "at"),
        (EventsParams, {"since": float(NOON)}, "since"),
        (Query, {"table": "personas", "limit": 5.0}, "limit"),
        (Request, {"v": 1, "id": float(2**40), "method": "health"}, "id"),
    ],
)
def test_whole_float_is_an_integer_where_one_is_asked(
    kind: type[Struct], message: dict[str, Any], field: str
) -> None:
    value = getattr(decode(kind, message), field)
    assert value == message[field]
    assert type(value) is int


def test_whole_float_deep_in_a_message_is_an_integer() -> None:
    event = decode(v1.PersonaCreated, {"id": "a", "name": "A", "settings": {"memoryRetention": 30.0}})
    assert type(event.settings.memory_retention) is int


def test_a_float_that_stands_for_no_one_integer_is_none() -> None:
    with pytest.raises(RequestError):
        decode(Request, {"v": 1, "id": 2.5e215, "method": "health"})


def test_whole_float_in_a_free_map_stays_as_it_was() -> None:
    event = decode(v1.SystemConfigSet, {"id": "a", "at": float(NOON), "value": {"ratio": 2.0}})
    assert type(event.value["ratio"]) is float


@pytest.mark.parametrize("number", [0.5, float("nan"), float("inf"), -1.0, 1e300, 2.0**53, "1", True, None])
def test_no_other_value_is_an_instant(number: object) -> None:
    with pytest.raises(InvalidValue):
        decode(v1.PersonaUsed, {"id": "a", "at": number})


@settings(deadline=None)
@given(st.integers(0, 2**53 - 1))
def test_an_instant_means_the_same_in_both_forms(instant: int) -> None:
    as_integer = decode(v1.PersonaUsed, {"id": "a", "at": instant})
    as_float = decode(v1.PersonaUsed, {"id": "a", "at": float(instant)})
    assert as_integer == as_float


def test_second_look_keeps_the_arguments_of_events() -> None:
    args = {"id": "a", "value": [1, 2.0, "x", b"\x01", None, {"deep": {"map": True}}]}
    commit = decode(CommitParams, {"events": [{"id": "e", "name": "v1.SystemConfigSet", "args": args}]})
    request = decode(Request, {"v": 1.0, "id": 1, "method": "commit", "params": {"events": [args]}})
    assert decode_any(commit.events[0].args) == args
    assert decode_any(request.params) == {"events": [args]}


# Unknown fields


def test_names_every_unknown_field_and_where_it_stands() -> None:
    with pytest.raises(UnknownField) as refusal:
        decode(
            v1.PersonaCreated,
            {
                "id": "a",
                "name": "A",
                "colour": 1,
                "mood": 2,
                "personality": {"humour": 3},
                "settings": {"memoryRetention": 30.0, "theme": 4},
            },
        )
    named = refusal.value.message
    for place in ("request.colour", "request.mood", "request.personality.humour", "request.settings.theme"):
        assert place in named


def test_names_unknown_fields_inside_lists() -> None:
    event = {"id": "e", "name": "v1.PersonaUsed", "args": {}}
    with pytest.raises(UnknownField, match=r"request\.events\[1\]\.when"):
        decode(CommitParams, {"events": [event, event | {"when": 1}]})


def test_names_unknown_fields_inside_nested_conditions() -> None:
    with pytest.raises(UnknownField, match="xor"):
        decode(Query, {"table": "personas", "where": [{"and": [{"xor": []}]}]})


def test_unknown_fields_are_named_within_bounds() -> None:
    with pytest.raises(UnknownField) as refusal:
        decode(v1.PersonaUsed, {"id": "a"} | {f"{'x' * 10_000}{number}": 0 for number in range(100)})
    assert len(refusal.value.message) < 5_000


def test_a_free_map_has_no_unknown_fields() -> None:
    assert decode(DocumentSetParams, {"name": "a", "value": {"anything": {"goes": 1}}}).value


# Errors tell nothing of the content


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (v1.PersonaUsed, {"id": "a", "at": SECRET}),
        (v1.PersonaCreated, {"id": "a", "name": SECRET * 100}),
        (v1.PersonaCreated, {"id": "a", "name": "A", "settings": {"privacyLevel": SECRET}}),
        (v1.PersonaCreated, {"id": "a", "name": "A", "memoryConfig": [SECRET]}),
        (v1.ConversationMessageAdded, {"id": "a", "conversationId": "b", "role": SECRET, "content": ""}),
        (v1.MemoryEntityUpdated, {"id": "a", "embedding": SECRET}),
        (v1.MemoryEntityUpdated, {"id": "a", "embedding": SECRET.encode(), "embeddingModel": None}),
        (v1.MemoryEntityUpdated, {"id": "a", "tags": [SECRET, 1]}),
        (DocumentSetParams, {"name": f"{SECRET}/", "value": {}}),
        (Query, {"table": "personas", "where": [["name", SECRET, "a"]]}),
        (Query, {"table": "personas", "orderBy": [["name", SECRET]]}),
    ],
)
def test_error_text_holds_no_content(kind: type[Struct], message: dict[str, Any]) -> None:
    with pytest.raises(PjaiError) as refusal:
        decode(kind, message)
    assert SECRET not in str(refusal.value)


@pytest.mark.parametrize(
    "word", [f"dark - at {SECRET}", f"dark\n{SECRET}", f"' - at `$.{SECRET}`", f"{SECRET} - at `$.role`"]
)
def test_error_text_holds_no_content_that_looks_like_our_own(word: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        decode(v1.ConversationMessageAdded, {"id": "a", "conversationId": "b", "content": "", "role": word})
    assert SECRET not in str(refusal.value)
    assert "request.role" in str(refusal.value)


@pytest.mark.parametrize(("root", "place"), [("request", "`request.at`"), ("args", "`args.at`")])
def test_error_text_says_where(root: str, place: str) -> None:
    with pytest.raises(InvalidValue) as refusal:
        Decoder(v1.PersonaUsed, root).decode(encode({"id": "a", "at": "now"}))
    assert place in refusal.value.message


# Bytes that are no message


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\xc1",
        b"\x81",
        b"\x81\xa2id",
        encode({"id": "a"}) + b"\xc0",
        b"\x81\xa2id\xa1\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\x81\xa5value\xdd\xff\xff\xff\xff",
        b"\x82\xa2id\xa1a\xa5value\x81\x80\x01",
    ],
)
def test_bytes_that_are_no_message_are_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        Decoder(v1.SystemConfigSet).decode(data)


@pytest.mark.parametrize("opening", [b"\x91", b"\x81\xa1a"], ids=["arrays", "maps"])
@pytest.mark.parametrize("depth", [sys.getrecursionlimit() * 10, 1_000_000])
def test_deep_nesting_is_malformed(opening: bytes, depth: int) -> None:
    nested = opening * depth + b"\xc0"
    for kind, field in ((v1.SystemConfigSet, "value"), (DocumentSetParams, "value"), (Request, "params")):
        with pytest.raises(Malformed):
            Decoder(kind).decode(b"\x81" + encode(field) + nested)
    with pytest.raises(Malformed):
        decode_any(nested)


def test_deeply_nested_conditions_are_malformed() -> None:
    nested = b"\x81\xa3not" * 100_000 + b"\xc0"
    with pytest.raises(Malformed):
        Decoder(Query).decode(b"\x82\xa5table\xa1a\xa5where\x91" + nested)


def test_decode_any_reads_what_encode_wrote() -> None:
    value = {"a": [1, -1, 0.5, "x", b"\x00", None, True, {}]}
    assert decode_any(encode(value)) == value


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(DECODERS), st.binary(max_size=200))
def test_any_bytes_are_decoded_or_refused_with_our_error(decoder: Decoder[Struct], data: bytes) -> None:
    with suppress(PjaiError):
        decoder.decode(data)


@settings(max_examples=500, deadline=None)
@given(st.sampled_from(DECODERS), values | nearly_fitting)
def test_any_value_is_decoded_or_refused_with_our_error(decoder: Decoder[Struct], value: object) -> None:
    with suppress(PjaiError):
        decoder.decode(encode(value))


@settings(deadline=None)
@given(st.sampled_from(DECODERS), nearly_fitting)
def test_what_was_decoded_is_decoded_again_alike(decoder: Decoder[Struct], value: object) -> None:
    try:
        once = encode(decoder.decode(encode(value)))
    except PjaiError:
        return
    assert encode(decoder.decode(once)) == once
