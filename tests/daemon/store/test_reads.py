"""Tests of what an answer holds, and how large it may be."""

from __future__ import annotations

import msgspec
import pytest

from pjai_wire.codec import encode
from pjai_wire.errors import LimitExceeded
from pjai_wire.methods import GetParams
from pjai_wire.records import Conversation, MemoryEntity
from pjai_wire.tables import conversations, memories, workflows
from pjaid.store import reads
from pjaid.store.statements import compile_get, compile_query
from tests.daemon.store.conftest import Ledger

ROOMY = 2**30


def test_a_record_comes_back_as_it_was_committed(ledger: Ledger, persona: str) -> None:
    vector = b"\0\0\x80\x3f" * 3
    ledger.commit(
        (
            "v1.MemoryEntityCreated",
            {
                "id": "m",
                "personaId": persona,
                "type": "event",
                "name": "Concert",
                "content": {"text": "loud", "seats": [1, 2]},
                "tags": ["music"],
                "embedding": vector,
                "embeddingModel": "mini",
                "at": 5,
            },
        )
    )
    rows = reads.run(ledger.connection, compile_query(memories.all().query), ROOMY).rows
    (memory,) = msgspec.msgpack.decode(encode(rows), type=list[MemoryEntity])
    assert memory.content == {"text": "loud", "seats": [1, 2]}
    assert memory.tags == ("music",)
    assert memory.compression_applied is False
    assert memory.created_at == memory.updated_at == memory.last_accessed_at == 5
    assert memory.embedding is None
    asked = compile_get(GetParams(table="memories", id="m", select=("embedding",)))
    ((embedding,),) = reads.run(ledger.connection, asked, ROOMY).rows
    assert embedding == vector


def test_a_deleted_memory_is_found_only_by_who_asks_for_it(ledger: Ledger, persona: str) -> None:
    fields = {"id": "m", "personaId": persona, "type": "event", "name": "x"}
    ledger.commit(("v1.MemoryEntityCreated", fields))
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "m"}))

    def count(query: object) -> int:
        return len(reads.run(ledger.connection, compile_query(query), ROOMY).rows)  # type: ignore[arg-type] # a query of the builder

    assert count(memories.all().query) == 0
    assert count(memories.where(memories.deleted_at.is_null(False)).query) == 1
    gone = compile_get(GetParams(table="memories", id="m"))
    assert reads.run(ledger.connection, gone, ROOMY).rows == []


def test_conversations_are_answered_with_their_messages_or_without(ledger: Ledger, persona: str) -> None:
    for conversation in ("c1", "c2"):
        ledger.commit(("v1.ConversationStarted", {"id": conversation, "personaId": persona, "at": 1}))
    for number, conversation in enumerate(["c1", "c2", "c1"]):
        ledger.commit(
            (
                "v1.ConversationMessageAdded",
                {"id": f"x{number}", "conversationId": conversation, "role": "user", "content": f"{number}"},
            )
        )
    answer = reads.run(ledger.connection, compile_query(conversations.all().query), ROOMY)
    whole = msgspec.msgpack.decode(encode(answer.rows), type=list[Conversation])
    assert [[message.content for message in one.messages] for one in whole] == [["0", "2"], ["1"]]
    without = compile_query(conversations.all().omit("messages").query)
    assert "messages" not in without.columns
    assert len(reads.run(ledger.connection, without, ROOMY).rows[0]) == len(without.columns)


def test_an_answer_that_is_too_large_is_refused(ledger: Ledger, persona: str) -> None:
    ledger.commit(("v1.ConversationStarted", {"id": "c", "personaId": persona}))
    message = {"id": "x", "conversationId": "c", "role": "user", "content": "long " * 1000}
    ledger.commit(("v1.ConversationMessageAdded", message))
    with pytest.raises(LimitExceeded, match="larger than 1000 bytes"):
        reads.run(ledger.connection, compile_query(conversations.all().query), 1000)
    assert not ledger.connection.in_transaction


def test_an_answer_says_which_state_it_shows(ledger: Ledger, persona: str) -> None:
    assert reads.run(ledger.connection, compile_query(memories.all().query), ROOMY).seq == 1


def test_a_raw_answer_has_the_values_as_they_are_stored(ledger: Ledger, persona: str) -> None:
    ledger.commit(("v1.WorkflowSaved", {"id": "w", "name": "one", "isTemplate": True, "tags": ["a"]}))
    statement = compile_query(workflows.select("id", "is_template", "tags", "definition").query)
    found = reads.run_raw(ledger.connection, statement, ROOMY)
    assert (found.seq, found.rows) == (2, [("w", 1, encode(["a"]), encode({}))])


def test_a_raw_answer_that_is_too_large_is_refused(ledger: Ledger, persona: str) -> None:
    ledger.commit(("v1.WorkflowSaved", {"id": "w", "name": "one", "definition": {"text": "long " * 200}}))
    with pytest.raises(LimitExceeded, match="larger than 900 bytes"):
        reads.run_raw(ledger.connection, compile_query(workflows.all().query), 900)
    assert not ledger.connection.in_transaction
