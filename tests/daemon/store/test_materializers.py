"""Tests that each event has its effect, and that what must not happen does not."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import msgspec
import pytest

from pjai_wire.errors import (
    AlreadyExists,
    Conflict,
    InternalError,
    InvalidValue,
    LimitExceeded,
    NotFound,
    PjaiError,
    UnknownEvent,
    UnknownField,
)
from pjai_wire.events import EVENTS, v1
from pjai_wire.fields import SEAL_BYTES
from pjai_wire.tables import STATE, personas
from pjaid.store.materializers import MATERIALIZERS, Materializer
from pjaid.store.writes import update
from tests.daemon.store.conftest import Ledger, Rows

MEMORY = {"personaId": "ada", "type": "concept", "name": "Sourdough"}


def memory(memory_id: str, **fields: Any) -> tuple[str, dict[str, Any]]:
    return ("v1.MemoryEntityCreated", {"id": memory_id, **MEMORY, **fields})


def nested(depth: int) -> Any:
    """A list in a list, and so on."""
    value: Any = None
    for _ in range(depth):
        value = [value]
    return value


def test_every_event_has_one_materializer() -> None:
    assert set(MATERIALIZERS) == set(EVENTS.values())


def test_at_most_one_persona_is_active(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    ledger.commit(("v1.PersonaActivated", {"id": "ada", "at": 5}))
    ledger.commit(("v1.PersonaActivated", {"id": "bo", "at": 6}))
    assert rows("SELECT id, is_active, last_used_at FROM personas ORDER BY id") == [
        ("ada", 0, 5),
        ("bo", 1, 6),
    ]


def test_uses_are_counted(ledger: Ledger, persona: str, rows: Rows) -> None:
    for _ in range(3):
        ledger.commit(("v1.PersonaUsed", {"id": persona}))
    assert rows("SELECT usage_count FROM personas") == [(3,)]


def test_two_personas_cannot_have_one_name(ledger: Ledger, persona: str) -> None:
    with pytest.raises(AlreadyExists):
        ledger.commit(("v1.PersonaCreated", {"id": "eve", "name": "Ada"}))


def test_first_update_of_a_memory_keeps_its_metadata(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("m", metadata={"a": 1}))
    before = rows("SELECT metadata FROM memories")
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "m", "name": "Rye"}))
    assert rows("SELECT name, version FROM memories") == [("Rye", 2)]
    assert rows("SELECT metadata FROM memories") == before


def test_second_update_of_a_memory_says_its_version(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("m"))
    ledger.commit(("v2.MemoryEntityUpdated", {"id": "m", "version": 2, "metadata": {"b": 2}}))
    with pytest.raises(Conflict):
        ledger.commit(("v2.MemoryEntityUpdated", {"id": "m", "version": 2, "importance": 1}))
    assert rows("SELECT version, importance FROM memories") == [(2, 50)]


def test_links_count_at_both_ends_until_one_end_is_deleted(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("a"), memory("b"), memory("c"))
    ledger.commit(("v1.MemoryEntityLinked", {"id": "ab", "fromId": "a", "toId": "b"}))
    ledger.commit(("v1.MemoryEntityLinked", {"id": "ca", "fromId": "c", "toId": "a"}))
    counts = "SELECT connection_count FROM memories ORDER BY id"
    assert rows(counts) == [(2,), (1,), (1,)]
    ledger.commit(("v1.MemoryEntityUnlinked", {"id": "ab"}))
    assert rows(counts) == [(1,), (0,), (1,)]
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "a", "at": 9}))
    assert rows(counts) == [(0,), (0,), (0,)]
    assert rows("SELECT count(*) FROM memory_links") == [(0,)]
    assert rows("SELECT deleted_at FROM memories WHERE id = 'a'") == [(9,)]


def tiered(tier: str, *ids: str, persona: str = "ada") -> tuple[str, dict[str, Any]]:
    return ("v1.MemoriesTiered", {"id": persona, "ids": ids, "tier": tier, "reason": "important"})


def expired(before: int, *ids: str) -> tuple[str, dict[str, Any]]:
    args = {"id": "ada", "ids": ids, "reason": "retention", "before": before, "at": 9}
    return ("v1.MemoriesExpired", args)


def deleted(*ids: str) -> tuple[str, dict[str, Any]]:
    return ("v1.MemoriesDeleted", {"id": "ada", "ids": ids, "reason": "persona_deleted", "at": 9})


def purged(before: int, *ids: str) -> tuple[str, dict[str, Any]]:
    return ("v1.MemoriesPurged", {"id": "ada", "ids": ids, "reason": "deleted_long_ago", "before": before})


def test_memories_that_are_deleted_together_leave_the_connections_of_others(
    ledger: Ledger, persona: str, rows: Rows
) -> None:
    ledger.commit(*(memory(one) for one in "abcd"))
    for number, (one, other) in enumerate(pairwise("abcd")):
        ledger.commit(("v1.MemoryEntityLinked", {"id": f"l{number}", "fromId": one, "toId": other}))
    ledger.commit(("v1.MemoryPinned", {"id": "a"}), deleted("a", "b"))
    assert rows("SELECT id, deleted_at, connection_count FROM memories ORDER BY id") == [
        *(("a", 9, 0), ("b", 9, 0), ("c", None, 1), ("d", None, 1)),
    ]
    with pytest.raises(Conflict):
        ledger.commit(deleted("b", "c"))


def test_memories_that_an_event_names_are_looked_up_by_their_ids(ledger: Ledger, persona: str) -> None:
    ids = [f"m{number}" for number in range(100)]
    ledger.commit(*(memory(one) for one in ids))
    asked: list[str] = []

    def note(_cursor: object, sql: str, _values: object) -> bool:
        asked.append(sql)
        return True

    ledger.connection.exec_trace = note
    ledger.commit(tiered("cold", *ids), deleted(*ids))
    ledger.connection.exec_trace = None
    looked = [sql for sql in asked if sql.startswith(("SELECT count(*) FROM memories", "UPDATE memories"))]
    assert looked
    for sql in looked:
        plan = ledger.connection.execute(f"EXPLAIN QUERY PLAN {sql}", (None,) * sql.count("?"))
        assert [row[3] for row in plan] == ["SEARCH memories USING INDEX sqlite_autoindex_memories_1 (id=?)"]


def test_a_move_to_another_tier_is_no_change(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("a", at=1), memory("b", at=1), memory("c", at=1))
    ledger.commit(tiered("cold", "a", "b"))
    assert rows("SELECT memory_tier, version, updated_at FROM memories ORDER BY id") == [
        ("cold", 1, 1),
        ("cold", 1, 1),
        ("hot", 1, 1),
    ]


def test_a_pinned_memory_is_hot_and_stays_so(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("a", memoryTier="cold", at=1))
    ledger.commit(("v1.MemoryPinned", {"id": "a"}))
    for refused in (tiered("cold", "a"), expired(5, "a")):
        with pytest.raises(Conflict):
            ledger.commit(refused)
    assert rows("SELECT memory_tier, pinned FROM memories") == [("hot", 1)]
    ledger.commit(("v1.MemoryUnpinned", {"id": "a"}), tiered("cold", "a"))
    assert rows("SELECT memory_tier, pinned FROM memories") == [("cold", 0)]


def test_what_expires_is_deleted_with_its_links(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(*(memory(name, at=1) for name in "abcd"))
    for start, end in ("ab", "ac", "bc", "cd"):
        ledger.commit(("v1.MemoryEntityLinked", {"id": start + end, "fromId": start, "toId": end}))
    ledger.commit(expired(2, "a", "b"))
    assert rows("SELECT id, deleted_at, connection_count FROM memories ORDER BY id") == [
        ("a", 9, 0),
        ("b", 9, 0),
        ("c", None, 1),
        ("d", None, 1),
    ]
    assert rows("SELECT id FROM memory_links") == [("cd",)]


def test_what_was_accessed_meanwhile_does_not_expire(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("a", at=1), memory("b", at=1), ("v1.MemoryEntityAccessed", {"id": "b", "at": 5}))
    with pytest.raises(Conflict):
        ledger.commit(expired(5, "a", "b"))
    ledger.commit(expired(5, "a", "a"))
    assert rows("SELECT id FROM memories WHERE deleted_at IS NULL") == [("b",)]


def test_what_was_deleted_before_is_purged_though_its_persona_is_gone(
    ledger: Ledger, persona: str, rows: Rows
) -> None:
    ledger.commit(memory("a"), memory("b"))
    ledger.commit(
        ("v1.MemoryEntityDeleted", {"id": "a", "at": 5}), ("v1.PersonaDeleted", {"id": persona, "at": 9})
    )
    with pytest.raises(Conflict):
        ledger.commit(purged(9, "a", "b"))
    ledger.commit(purged(9, "a"))
    assert rows("SELECT id FROM memories") == [("b",)]


def test_memories_are_moved_with_those_of_their_own_persona_only(ledger: Ledger, persona: str) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}), memory("a"), memory("b", personaId="bo"))
    with pytest.raises(Conflict):
        ledger.commit(tiered("warm", "a", "b"))


def test_a_memory_that_has_changed_has_no_hash(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(memory("a", contentHash="0" * 32))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "a", "importance": 1}))
    assert rows("SELECT content_hash FROM memories") == [("0" * 32,)]
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "a", "content": {"flour": "rye"}}))
    assert rows("SELECT content_hash FROM memories") == [(None,)]


def test_a_warning_that_is_raised_again_keeps_its_age(ledger: Ledger, rows: Rows) -> None:
    raised = {"id": "storage.index_share", "kind": "storage.index_share", "allowed": 20.0}
    ledger.commit(("v1.WarningRaised", {**raised, "value": 25.0, "at": 1}))
    ledger.commit(("v1.WarningRaised", {**raised, "value": 30.0, "at": 2}))
    assert rows("SELECT value, raised_at FROM warnings") == [(30.0, 1)]
    ledger.commit(("v1.WarningCleared", {"id": "storage.index_share"}))
    assert rows("SELECT * FROM warnings") == []


def test_memories_of_different_personas_are_not_linked(ledger: Ledger, persona: str) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}), memory("a"), memory("b", personaId="bo"))
    with pytest.raises(InvalidValue):
        ledger.commit(("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b"}))


def test_messages_keep_their_order_also_within_one_millisecond(
    ledger: Ledger, persona: str, rows: Rows
) -> None:
    ledger.commit(("v1.ConversationStarted", {"id": "c", "personaId": persona}))
    for message in ("z", "a", "m"):
        ledger.commit(
            (
                "v1.ConversationMessageAdded",
                {"id": message, "conversationId": "c", "role": "user", "content": "hi", "at": 1},
            )
        )
    assert rows("SELECT id FROM messages ORDER BY position") == [("z",), ("a",), ("m",)]
    assert rows("SELECT message_count FROM conversations") == [(3,)]


def test_unarchiving_undoes_archiving(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(("v1.ConversationStarted", {"id": "c", "personaId": persona, "at": 3}))
    with pytest.raises(Conflict):
        ledger.commit(("v1.ConversationArchived", {"id": "c", "before": 3, "at": 5}))
    ledger.commit(("v1.ConversationArchived", {"id": "c", "before": 4, "at": 5}))
    assert rows("SELECT is_archived, archived_at FROM conversations") == [(1, 5)]
    ledger.commit(("v1.ConversationUnarchived", {"id": "c"}))
    assert rows("SELECT is_archived, archived_at FROM conversations") == [(0, None)]


def test_saving_a_workflow_again_keeps_its_count_and_age(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(("v1.WorkflowSaved", {"id": "w", "name": "one", "at": 1}))
    ledger.commit(("v1.WorkflowExecuted", {"id": "w"}))
    ledger.commit(("v1.WorkflowSaved", {"id": "w", "name": "two", "at": 2}))
    assert rows("SELECT name, execution_count, created_at, updated_at FROM workflows") == [("two", 1, 1, 2)]


def test_a_deleted_persona_takes_along_what_it_owned(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(
        memory("a"),
        memory("b"),
        ("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b"}),
        ("v1.ConversationStarted", {"id": "c", "personaId": persona}),
        ("v1.ConversationMessageAdded", {"id": "x", "conversationId": "c", "role": "user", "content": ""}),
        ("v1.WorkflowSaved", {"id": "w", "name": "one", "personaId": persona}),
        ("v1.WarningRaised", {"id": "g", "kind": "growth", "personaId": persona, "value": 2, "allowed": 1}),
        ("v1.PersonaSecretsSet", {"id": persona, "apiKeys": bytes(SEAL_BYTES)}),
    )
    gone = {
        *("personas", "memory_links", "conversations", "messages", "workflows"),
        *("warnings", "persona_secrets"),
    }
    assert {table.table_name for table in STATE if table.has("personaId")} <= {*gone, "memories"}
    for table in gone:
        assert rows(f"SELECT count(*) FROM {table}") != [(0,)], table
    ledger.commit(("v1.PersonaDeleted", {"id": persona}))
    for table in gone:
        assert rows(f"SELECT count(*) FROM {table}") == [(0,)], table
    assert rows("SELECT count(*) FROM memories WHERE deleted_at IS NULL") == [(0,)]


@pytest.mark.parametrize(
    ("events", "error"),
    [
        ([("v1.PersonaActivated", {"id": "nobody"})], NotFound),
        ([memory("m", personaId="nobody")], NotFound),
        ([memory("m", importance=101)], InvalidValue),
        ([memory("m", name="")], InvalidValue),
        ([memory("m", summary="x" * 1001)], InvalidValue),
        ([memory("m", embedding=b"\0\0\xc0\x7f", embeddingModel="m")], InvalidValue),
        ([memory("m", embedding=b"\0\0\x80\x3f")], InvalidValue),
        ([memory("m", colour="red")], UnknownField),
        ([memory("m", content={"n": 2**60})], InvalidValue),
        ([memory("m", content={"n": [float("nan")]})], InvalidValue),
        ([memory("m", metadata={"n": {1: 2}})], InvalidValue),
        ([("v1.UserPreferenceSet", {"id": "u", "value": [float("inf")]})], InvalidValue),
        ([("v1.UserPreferenceSet", {"id": "u", "value": nested(65)})], LimitExceeded),
        ([("v1.SystemConfigSet", {"id": "s", "value": msgspec.msgpack.Ext(1, b"x")})], InvalidValue),
        ([("v1.PersonaTranscended", {"id": "ada"})], UnknownEvent),
        ([memory("m"), memory("m")], AlreadyExists),
        ([memory("m"), ("v1.PersonaActivated", {"id": "nobody"})], NotFound),
        ([("v1.PersonaUpdated", {"id": "ada", "settings": {"privacyLevel": "none"}})], InvalidValue),
    ],
)
def test_what_is_wrong_is_said_and_changes_nothing(
    ledger: Ledger, persona: str, rows: Rows, events: list[Any], error: type[PjaiError]
) -> None:
    with pytest.raises(error):
        ledger.commit(*events)
    assert rows("SELECT max(seq) FROM events") == [(1,)]
    assert rows("SELECT count(*) FROM memories") == [(0,)]


def test_the_trail_knows_the_persona_of_an_event_that_does_not_name_it(
    ledger: Ledger, persona: str, rows: Rows
) -> None:
    ledger.commit(memory("a"), memory("b"))
    ledger.commit(("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b"}))
    ledger.commit(("v1.MemoryEntityUnlinked", {"id": "l"}))
    ledger.commit(("v1.MemoryEntityAccessed", {"id": "a"}))
    assert rows("SELECT DISTINCT persona_id FROM events") == [(persona,)]


def test_a_materializer_that_does_not_repeat_itself_is_named(
    ledger: Ledger, persona: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    chance = iter(range(10))

    def persona_used(event: v1.PersonaUsed, _read: object) -> Any:
        yield update(personas.where(id=event.id), usage_count=next(chance))

    register: dict[Any, Any] = MATERIALIZERS
    monkeypatch.setitem(register, v1.PersonaUsed, Materializer("persona_used", (), persona_used))
    with pytest.raises(InternalError, match="persona_used"):
        ledger.commit(("v1.PersonaUsed", {"id": persona}))
