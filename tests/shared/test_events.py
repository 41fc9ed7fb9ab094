"""Events: their names, their defaults, and the constraints that hold before anything is written."""

from __future__ import annotations

import re
from struct import pack
from typing import Any

import pytest
from msgspec import UNSET, structs

from pjai_wire import ids, limits
from pjai_wire.codec import Decoder, decode_any, encode
from pjai_wire.errors import InvalidValue, PjaiError, UnknownEvent
from pjai_wire.events import EVENTS, Event, event_name, event_type, v1, v2
from pjai_wire.fields import Personality, PersonaSettings

MEMORY = {"id": "m", "personaId": "p", "type": "concept", "name": "Rye"}
MESSAGE = {"id": "m", "conversationId": "c", "role": "user", "content": "hello"}
VECTOR = pack("<2f", 0.5, -1.0)
ID_MAX = "x" * limits.ID_CHARACTERS_MAX

each_event = pytest.mark.parametrize("kind", EVENTS.values(), ids=EVENTS)


def made(name: str, args: dict[str, Any]) -> Any:
    """The event that a client's arguments make, as the daemon reads them."""
    return Decoder(event_type(name)).decode(encode(args))


def test_a_name_is_a_version_and_a_type() -> None:
    assert EVENTS["v1.PersonaCreated"] is v1.PersonaCreated
    assert EVENTS["v2.MemoryEntityUpdated"] is v2.MemoryEntityUpdated
    assert all(re.fullmatch(r"v[12]\.[A-Z][A-Za-z]+", name) for name in EVENTS)


@each_event
def test_a_name_leads_to_its_type_and_back(kind: type[Event]) -> None:
    name = next(name for name, known in EVENTS.items() if known is kind)
    assert event_type(name) is kind


def test_an_event_knows_its_name() -> None:
    assert event_name(v1.PersonaUsed(id="a")) == "v1.PersonaUsed"
    assert event_name(v2.MemoryEntityUpdated(id="a", version=2)) == "v2.MemoryEntityUpdated"


def test_an_unknown_event_is_told_with_the_nearest() -> None:
    with pytest.raises(UnknownEvent, match=r"did you mean 'v1\.PersonaCreated'"):
        event_type("v1.PersonaCrated")


@each_event
def test_every_event_has_an_id_and_an_instant(kind: type[Event]) -> None:
    fields = {field.name: field for field in structs.fields(kind)}
    assert fields["id"].required
    assert not fields["at"].required


@each_event
def test_an_event_with_what_is_sealed_is_withheld(kind: type[Event]) -> None:
    sealed = [name for name, declared in kind.__annotations__.items() if "Sealed" in declared]
    assert kind.withheld == bool(sealed)


@each_event
def test_every_event_is_explained(kind: type[Event]) -> None:
    assert (kind.__doc__ or "").split("\n")[0].endswith(".")


def test_an_instant_left_out_is_the_present(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("time.time_ns", lambda: 5_000_000)
    assert made("v1.PersonaUsed", {"id": "a"}).at == ids.now_ms() == 5


def test_a_plain_mapping_stands_for_a_structured_field() -> None:
    event = v1.PersonaCreated(id="a", name="A", personality={"traits": ["curious"]})
    read = Decoder(v1.PersonaCreated).decode(encode(event))
    assert isinstance(read.personality, Personality)
    assert read.personality.traits == ("curious",)


@pytest.mark.parametrize(
    ("name", "args", "defaults"),
    [
        (
            "v1.PersonaCreated",
            {"id": "a", "name": "A"},
            {"description": "", "avatar": None, "memory_config": {}},
        ),
        (
            "v1.MemoryEntityCreated",
            MEMORY,
            {
                "content": {},
                "summary": "",
                "tags": (),
                "importance": 50,
                "last_accessed_at": None,
                "embedding": None,
                "memory_tier": "hot",
                "metadata": {},
            },
        ),
        (
            "v1.MemoryEntityLinked",
            {"id": "l", "fromId": "a", "toId": "b"},
            {"kind": "related", "weight": 1.0},
        ),
        ("v1.ConversationStarted", {"id": "c", "personaId": "p"}, {"sentiment": None, "importance": 50}),
        ("v1.WorkflowSaved", {"id": "w", "name": "W"}, {"is_template": False, "persona_id": None}),
        (
            "v1.PluginInstalled",
            {"id": "p", "name": "P", "version": "1"},
            {"is_enabled": True, "manifest": {}},
        ),
        ("v1.PersonaUpdated", {"id": "a"}, {"name": UNSET, "avatar": UNSET}),
        ("v1.MemoryEntityUpdated", {"id": "m"}, {"importance": UNSET, "embedding": UNSET}),
        ("v2.MemoryEntityUpdated", {"id": "m", "version": 2}, {"metadata": UNSET}),
    ],
)
def test_what_is_left_out_has_its_default(name: str, args: dict[str, Any], defaults: dict[str, Any]) -> None:
    event = made(name, args)
    assert {field: getattr(event, field) for field in defaults} == defaults


def test_a_persona_s_settings_have_defaults() -> None:
    settings = PersonaSettings()
    assert (settings.memory_retention, settings.privacy_level, settings.auto_learn) == (365, "medium", True)


def test_null_differs_from_what_is_left_out() -> None:
    assert made("v1.PersonaUpdated", {"id": "a", "avatar": None}).avatar is None
    assert "avatar" not in decode_any(encode(made("v1.PersonaUpdated", {"id": "a"})))


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("v1.PersonaUsed", {"id": ID_MAX}),
        ("v1.PersonaUsed", {"id": "любой / text ☀️"}),
        ("v1.PersonaUsed", {"id": "a", "at": 0}),
        ("v1.PersonaUsed", {"id": "a", "at": limits.INTEGER_MAX}),
        ("v1.PersonaCreated", {"id": "a", "name": "x" * 200, "description": "x" * 1_000}),
        ("v1.PersonaCreated", {"id": "a", "name": "ö" * 200}),
        ("v1.PersonaCreated", {"id": "a", "name": "A", "settings": {"privacyLevel": "low"}}),
        ("v1.MemoryEntityCreated", MEMORY | {"name": "x" * 500, "summary": "x" * 1_000}),
        ("v1.MemoryEntityCreated", MEMORY | {"importance": 0}),
        ("v1.MemoryEntityCreated", MEMORY | {"importance": 100}),
        ("v1.MemoryEntityCreated", MEMORY | {"tags": ["x" * 100] * 100}),
        ("v1.MemoryEntityCreated", MEMORY | {"embedding": VECTOR, "embeddingModel": "m"}),
        ("v1.MemoryEntityCreated", MEMORY | {"embedding": bytes(4 * 4_096), "embeddingModel": "m"}),
        ("v1.MemoryEntityUpdated", {"id": "m", "embedding": None}),
        ("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b", "weight": 0}),
        ("v1.ConversationMessageAdded", MESSAGE | {"content": ""}),
        ("v1.ConversationMessageAdded", MESSAGE | {"content": "x" * limits.MESSAGE_CHARACTERS_MAX}),
        ("v1.ConversationStarted", {"id": "c", "personaId": "p", "sentiment": None}),
        ("v1.SystemConfigSet", {"id": "a", "value": None}),
        ("v1.UserPreferenceSet", {"id": "a", "value": [1, {"b": 2}]}),
    ],
)
def test_what_is_within_its_limits_is_taken(name: str, args: dict[str, Any]) -> None:
    made(name, args)


@pytest.mark.parametrize(
    ("name", "args"),
    [
        ("v1.PersonaUsed", {}),
        ("v1.PersonaUsed", {"id": ""}),
        ("v1.PersonaUsed", {"id": ID_MAX + "x"}),
        ("v1.PersonaUsed", {"id": 5}),
        ("v1.PersonaUsed", {"id": "a", "at": -1}),
        ("v1.PersonaUsed", {"id": "a", "at": limits.INTEGER_MAX + 1}),
        ("v1.PersonaUsed", {"id": "a", "at": "2025-06-15"}),
        ("v1.PersonaCreated", {"id": "a", "name": ""}),
        ("v1.PersonaCreated", {"id": "a", "name": "x" * 201}),
        ("v1.PersonaCreated", {"id": "a", "name": "A", "description": "x" * 1_001}),
        ("v1.PersonaCreated", {"id": "a", "name": "A", "settings": {"privacyLevel": "none"}}),
        ("v1.PersonaCreated", {"id": "a", "name": "A", "settings": {"memoryRetention": -1}}),
        ("v1.PersonaCreated", {"id": "a", "name": "A", "personality": {"traits": "curious"}}),
        ("v1.PersonaUpdated", {"id": "a", "name": None}),
        ("v1.MemoryEntityCreated", MEMORY | {"name": "x" * 501}),
        ("v1.MemoryEntityCreated", MEMORY | {"summary": "x" * 1_001}),
        ("v1.MemoryEntityCreated", MEMORY | {"type": "idea"}),
        ("v1.MemoryEntityCreated", MEMORY | {"importance": -1}),
        ("v1.MemoryEntityCreated", MEMORY | {"importance": 101}),
        ("v1.MemoryEntityCreated", MEMORY | {"memoryTier": "icy"}),
        ("v1.MemoryEntityCreated", MEMORY | {"tags": ["x"] * 101}),
        ("v1.MemoryEntityCreated", MEMORY | {"tags": ["x" * 101]}),
        ("v1.MemoryEntityCreated", MEMORY | {"tags": [""]}),
        ("v1.MemoryEntityCreated", MEMORY | {"content": "text"}),
        ("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b", "weight": 1.01}),
        ("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b", "weight": float("nan")}),
        ("v1.ConversationMessageAdded", MESSAGE | {"role": "tool"}),
        ("v1.ConversationMessageAdded", MESSAGE | {"content": "x" * (limits.MESSAGE_CHARACTERS_MAX + 1)}),
        ("v1.ConversationStarted", {"id": "c", "personaId": "p", "sentiment": "mixed"}),
        ("v1.SystemConfigSet", {"id": "a"}),
        ("v2.MemoryEntityUpdated", {"id": "m"}),
        ("v2.MemoryEntityUpdated", {"id": "m", "version": 0}),
    ],
)
def test_what_is_outside_its_limits_is_refused(name: str, args: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        made(name, args)


@pytest.mark.parametrize(
    "args",
    [
        {"embedding": VECTOR[:-1], "embeddingModel": "m"},
        {"embedding": b"", "embeddingModel": "m"},
        {"embedding": bytes(4 * 4_097), "embeddingModel": "m"},
        {"embedding": pack("<2f", 1.0, float("nan")), "embeddingModel": "m"},
        {"embedding": pack("<2f", 1.0, float("-inf")), "embeddingModel": "m"},
        {"embedding": pack("<2f", float("inf"), float("-inf")), "embeddingModel": "m"},
        {"embedding": VECTOR},
        {"embedding": [0.5, -1.0], "embeddingModel": "m"},
        {"embedding": "AAAAPwAAgL8=", "embeddingModel": "m"},
    ],
)
@pytest.mark.parametrize(
    ("name", "others"),
    [
        ("v1.MemoryEntityCreated", MEMORY),
        ("v1.MemoryEntityUpdated", {"id": "m"}),
        ("v2.MemoryEntityUpdated", {"id": "m", "version": 2}),
    ],
)
def test_a_vector_that_is_none_is_refused(name: str, others: dict[str, Any], args: dict[str, Any]) -> None:
    with pytest.raises(PjaiError):
        made(name, others | args)


def test_a_vector_of_the_largest_finite_numbers_is_taken() -> None:
    largest = pack("<4096f", *[3.4e38] * 4_096)
    made("v1.MemoryEntityCreated", MEMORY | {"embedding": largest, "embeddingModel": "m"})
