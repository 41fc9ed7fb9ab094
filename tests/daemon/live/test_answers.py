"""Tests of the answers that are kept: they are those of the present, within their room and age."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import anyio
import anyio.lowlevel
import pytest
from hypothesis import HealthCheck, given, settings
from msgspec import Raw

from pjai_wire.codec import decode_any, encode
from pjai_wire.methods import CommitParams
from pjai_wire.query import Query
from pjai_wire.select import average, count
from pjai_wire.tables import conversations, memories, memory_links, personas, workflows
from pjaid.live.answers import CONJUNCTION_BYTES, ENTRY_BYTES, Answers
from pjaid.live.dependents import CHANGES_AT_ONCE_MAX, Dependents
from pjaid.live.footprint import footprint
from pjaid.methods.clients import Clients
from pjaid.methods.data import DataMethods
from pjaid.methods.guard import Guard
from pjaid.settings import Settings
from pjaid.store.changed import RowChange
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.statements import compile_query
from pjaid.store.store import Store
from tests.daemon.live.making import came, committed, workflow
from tests.strategies import as_new_events, histories

pytestmark = pytest.mark.anyio

NAMED = workflows.where(name="a").query
COMMIT = came(workflow("1", name="a"))
ORIGIN = Origin(client="test", session="session")

UNGUARDED = Guard(lambda actor, wanted: None)


class Clock:
    """Stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Keeping:
    """Answers, and commits that they are told of."""

    def __init__(self, **limits: Any) -> None:
        self.dependents = Dependents(1, 0)
        self.clock = Clock()
        self.answers = Answers(
            self.dependents, **({"bytes_max": 100_000, "age_max_s": 10.0} | limits), clock=self.clock
        )

    def keep(self, question: bytes, query: Query = NAMED, *, seq: int = 1, body: bytes = b"body") -> None:
        self.answers.keep(question, body, footprint(query, compile_query(query)), seq)

    def commit(self, seq: int, *changes: RowChange) -> None:
        """A commit becomes durable, and is announced."""
        self.dependents.durable(committed(seq, *changes))
        self.dependents.committed(committed(seq, *changes))


@pytest.fixture
def kept() -> Keeping:
    made = Keeping()
    made.keep(b"one")
    return made


def test_a_question_is_answered_again_without_being_asked(kept: Keeping) -> None:
    assert kept.answers.get(b"one") == b"body"
    assert kept.answers.get(b"another") is None
    assert (kept.answers.hits, kept.answers.misses) == (1, 1)


def test_an_answer_is_forgotten_when_a_row_changes_that_it_depends_on(kept: Keeping) -> None:
    kept.commit(2, came(workflow("2", name="b")))
    assert kept.answers.get(b"one") == b"body"
    assert kept.answers.seq == 2
    kept.commit(3, COMMIT)
    assert kept.answers.get(b"one") is None
    assert (len(kept.answers), kept.answers.bytes_kept) == (0, 0)


def test_between_a_receipt_and_the_telling_nothing_is_answered_or_kept(kept: Keeping) -> None:
    kept.dependents.durable(committed(2, COMMIT))
    assert kept.answers.get(b"one") is None
    kept.keep(b"two", seq=1)
    kept.keep(b"three", seq=2)
    assert len(kept.answers) == 1
    kept.commit(2)
    assert kept.answers.get(b"one") == b"body"


def test_an_answer_of_another_state_than_the_present_is_not_kept(kept: Keeping) -> None:
    kept.commit(2)
    for seq in (1, 3):
        kept.keep(b"other", seq=seq)
    assert kept.answers.get(b"other") is None


async def test_while_a_large_commit_is_told_nothing_is_answered(kept: Keeping) -> None:
    kept.commit(2, *[COMMIT] * (CHANGES_AT_ONCE_MAX + 1))
    assert kept.answers.get(b"one") is None
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(kept.dependents.serve)
        while not kept.dependents.is_settled:
            await anyio.lowlevel.checkpoint()
        tasks.cancel_scope.cancel()
    assert len(kept.answers) == 0


def test_an_answer_grows_too_old(kept: Keeping) -> None:
    kept.clock.now = 10.0
    assert kept.answers.get(b"one") == b"body"
    kept.clock.now = 10.1
    assert kept.answers.get(b"one") is None
    assert (len(kept.answers), kept.answers.bytes_kept) == (0, 0)
    kept.keep(b"one", body=b"new")
    assert kept.answers.get(b"one") == b"new"


def test_the_answer_that_was_not_asked_for_longest_makes_room() -> None:
    size = ENTRY_BYTES + CONJUNCTION_BYTES + len(b"0" + b"body")
    kept = Keeping(bytes_max=5 * size)
    for number in range(5):
        kept.keep(b"%d" % number)
    kept.answers.get(b"0")
    kept.keep(b"5")
    assert [kept.answers.get(b"%d" % number) is not None for number in range(6)] == [
        True,
        False,
        *[True] * 4,
    ]
    assert kept.answers.bytes_kept == 5 * size


def test_an_answer_that_would_push_out_many_is_not_kept(kept: Keeping) -> None:
    kept.keep(b"large", body=bytes(25_000))
    assert len(kept.answers) == 1
    kept.keep(b"fitting", body=bytes(20_000))
    assert len(kept.answers) == 2


def test_what_finds_an_answer_counts_too() -> None:
    kept = Keeping()
    kept.keep(b"many", workflows.where(workflows.id.in_([str(number) for number in range(10)])).query)
    assert kept.answers.bytes_kept == ENTRY_BYTES + 10 * CONJUNCTION_BYTES + len(b"many" + b"body")


def test_without_room_nothing_is_kept() -> None:
    kept = Keeping(bytes_max=0)
    kept.keep(b"one")
    assert len(kept.answers) == 0


def test_an_answer_is_forgotten_once(kept: Keeping) -> None:
    (answer,) = kept.answers._by_question.values()
    for _ in range(2):
        kept.answers.drop(answer)
    assert (len(kept.answers), kept.answers.bytes_kept) == (0, 0)


def test_after_a_mend_an_answer_of_either_state_may_come_and_is_not_kept(kept: Keeping) -> None:
    kept.answers.clear()
    assert kept.answers.get(b"one") is None
    kept.keep(b"one")
    assert kept.answers.get(b"one") is None
    kept.commit(2)
    kept.keep(b"one", seq=2)
    assert kept.answers.get(b"one") == b"body"


def test_rows_that_are_not_told_make_every_answer_unsure(kept: Keeping) -> None:
    kept.keep(b"other", personas.all().query)
    for answer in list(kept.answers._by_question.values()):
        answer.lost(committed(2))
    assert len(kept.answers) == 0


QUESTIONS: list[tuple[str, dict[str, Any]]] = [
    ("query", {"table": "personas", "where": [["isActive", "=", True]]}),
    *(
        ("query", decode_any(encode(select.query)))
        for select in (
            memories.where(persona_id="p1").order_by(memories.importance.desc()).limit(2),
            memories.where(memories.tags.contains("a")).select("name"),
            memories.group_by("type", n=count(), mean=average(memories.importance)),
            memory_links.order_by("weight"),
            conversations.order_by(conversations.updated_at.desc()),
            conversations.where(is_archived=False).omit("messages"),
            memories.where(memories.deleted_at >= 0),
            memories.where(memories.name.like("a%")),
        )
    ),
    ("count", {"table": "memories", "where": [["importance", ">=", 50]]}),
    ("count", {"table": "client_documents"}),
]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=histories)
def test_an_answer_is_always_that_of_the_present(history: list[Any]) -> None:
    with TemporaryDirectory() as directory:
        anyio.run(ask_after_each, Path(directory), history)


async def ask_after_each(directory: Path, history: list[Any]) -> None:
    """Asks the same questions after each commit, at once and when all were told of it."""
    async with opened(directory) as (store, dependents):
        answers = Answers(dependents, bytes_max=2**20, age_max_s=300.0)
        asking = DataMethods(store, answers, UNGUARDED)
        anew = DataMethods(store, Answers(dependents, bytes_max=0, age_max_s=300.0), UNGUARDED)
        for commit in history:
            params = encode(CommitParams(events=as_new_events(commit)))
            await asyncio.gather(store.commit(params, ORIGIN, encode), return_exceptions=True)
            for _ in range(3):
                for question in QUESTIONS:
                    assert await answer(asking, question) == await answer(anew, question), question
                await anyio.lowlevel.checkpoint()
        assert answers.hits


@pytest.mark.parametrize(
    "another",
    [
        ("query", {"table": "personas", "offset": 1}),
        ("count", {"table": "memories"}),
        ("get", {"table": "personas", "id": "p1"}),
    ],
    ids=lambda question: str(question[0]),
)
async def test_no_answer_is_older_than_one_before_it(tmp_path: Path, another: tuple[str, Any]) -> None:
    async with opened(tmp_path) as (store, dependents):
        asking = DataMethods(store, Answers(dependents, bytes_max=2**20, age_max_s=300.0), UNGUARDED)
        repeated = ("query", {"table": "personas"})
        await answer(asking, repeated)
        params = encode(
            CommitParams(events=as_new_events([("v1.PersonaCreated", {"id": "p1", "name": "Ada"})]))
        )
        receipt = store.commit(params, ORIGIN, encode)
        # It becomes durable on the writer's thread, of which the event loop, kept busy here, is yet to hear.
        while store.read(compile_query(NAMED), lambda rows: rows.seq) == 0:
            pass
        assert decode_any(await answer(asking, another))["seq"] == 1
        assert decode_any(await answer(asking, repeated))["seq"] == 1
        assert not receipt.done()
        await receipt


@asynccontextmanager
async def opened(directory: Path) -> AsyncIterator[tuple[Store, Dependents]]:
    """A store, and what is told of its commits."""
    places = Settings(data_dir=directory, state_dir=directory, readers_min=1)
    key = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
    store = Store(
        places,
        key,
        lambda told: dependents.committed(told),
        on_durable=lambda told: dependents.durable(told),
    )
    dependents = Dependents(store.seq, store.local_seq)
    try:
        yield store, dependents
    finally:
        await store.close()


async def answer(methods: DataMethods, question: tuple[str, dict[str, Any]]) -> bytes:
    method, params = question
    found = methods.handlers[method](Clients().get(b"client"), Raw(encode(params)))
    return await found if isinstance(found, Awaitable) else found
