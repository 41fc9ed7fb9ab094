"""Tests that a commit tells exactly which rows it changed: applied to a copy, they keep it equal."""

from __future__ import annotations

import asyncio
import secrets
import tempfile
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import anyio.lowlevel
import apsw
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pjai_wire.codec import encode
from pjai_wire.errors import InternalError, PjaiError
from pjai_wire.methods import CommitParams
from pjai_wire.tables import TABLES
from pjaid.settings import Settings
from pjaid.store import capture, reads, schema
from pjaid.store import documents as stored_documents
from pjaid.store.changed import Row, RowChange
from pjaid.store.database import open_database
from pjaid.store.dictionaries import plain
from pjaid.store.incoming import incoming
from pjaid.store.keys import StoreKey
from pjaid.store.local import local_head
from pjaid.store.packing import is_packed
from pjaid.store.recorder import Origin, Recorder
from pjaid.store.store import DATABASE, Store
from pjaid.store.writer import Committed, Writer
from tests.strategies import as_new_events, commits, documents

pytestmark = pytest.mark.anyio

ORIGIN = Origin(client="test", session="session")
Contents = dict[str, dict[Any, Row]]
Commit = list[tuple[str, dict[str, Any]]]
Patch = dict[str, Any]

groups = st.lists(st.lists(commits | documents, min_size=1, max_size=4), min_size=1, max_size=8)
"""Commits and patches of documents; those of one inner list wait together."""


def told(committed: Committed) -> tuple[RowChange, ...]:
    """The rows that a commit told of."""
    assert committed.changes is not None
    return committed.changes


class Kept:
    """A store, and a copy of its tables that is kept by what commits tell alone."""

    def __init__(self, directory: Path) -> None:
        self.copy: Contents = {name: {} for name in TABLES}
        self.announced: list[Committed] = []
        key = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
        places = Settings(data_dir=directory, state_dir=directory, readers_min=1)
        self.store = Store(places, key, self._committed)
        self.beside = open_database(directory / DATABASE, "aegis", key.data_key)
        """A connection that the store knows nothing of."""

    async def together(self, group: list[Commit | Patch]) -> int:
        """Submits what waits together; how much of it failed."""
        jobs = [self._submitted(one) for one in group]
        results = await asyncio.gather(*jobs, return_exceptions=True)
        await anyio.lowlevel.checkpoint()  # receipts are handed out before the commit is announced
        failed = [result for result in results if isinstance(result, BaseException)]
        assert all(isinstance(failure, PjaiError) for failure in failed), failed
        return len(failed)

    def contents(self) -> Contents:
        """What the tables really hold."""
        return {
            name: {row[0]: self._plain(row) for row in self.beside.execute(f"SELECT * FROM {name}")}
            for name in TABLES
        }

    def _plain(self, row: Row) -> Row:
        return tuple(plain(self.beside, value) if is_packed(value) else value for value in row)

    def heads(self) -> tuple[int, int]:
        """The log's last seq, and how many changes to local tables there were."""
        return reads.head(self.beside), local_head(self.beside)

    @property
    def heads_told(self) -> tuple[int, int]:
        """The same as the last commit told it."""
        return (self.announced[-1].seq, self.announced[-1].local_seq) if self.announced else (0, 0)

    async def close(self) -> None:
        self.beside.close()
        await self.store.close()

    def _submitted(self, one: Commit | Patch) -> Any:
        if isinstance(one, dict):
            return self.store.write_document("client", "document", one)
        params = encode(CommitParams(events=as_new_events(one)))
        return self.store.commit(params, ORIGIN, lambda receipt: receipt)

    def _committed(self, committed: Committed) -> None:
        self.announced.append(committed)
        for change in committed.changes or ():
            rows, before, after = self.copy[change.table], change.before, change.after
            (key, *_) = before or after or ()
            assert repr(rows.get(key)) == repr(before)
            if after is None:
                del rows[key]
            else:
                rows[key] = after


def exact(contents: Contents) -> dict[str, dict[Any, str]]:
    """The rows with the types of their values, for 1 and 1.0 are equal."""
    return {name: {key: repr(row) for key, row in rows.items()} for name, rows in contents.items()}


@asynccontextmanager
async def kept(directory: Path) -> AsyncIterator[Kept]:
    made = Kept(directory)
    try:
        yield made
    finally:
        await made.close()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Kept]:
    async with kept(tmp_path) as made:
        yield made


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(history=groups)
def test_a_copy_kept_by_what_commits_tell_equals_the_tables_for_any_history(
    history: list[list[Commit | Patch]],
) -> None:
    async def live_through() -> None:
        with tempfile.TemporaryDirectory() as directory:
            async with kept(Path(directory)) as store:
                for group in history:
                    told = len(store.announced)
                    failed = await store.together(group)
                    assert exact(store.contents()) == exact(store.copy)
                    assert store.heads() == store.heads_told
                    assert len(store.announced) == told or failed < len(group)

    anyio.run(live_through)


PERSONA = ("v1.PersonaCreated", {"id": "a", "name": "a"})


async def test_an_event_that_changes_no_row_is_announced_with_its_seq(store: Kept) -> None:
    await store.together([[PERSONA]])
    await store.together([[("v1.PersonaActivated", {"id": "a", "at": 1})]])
    await store.together([[("v1.PersonaActivated", {"id": "a", "at": 1})]])
    assert [(committed.seq, len(told(committed))) for committed in store.announced][-1] == (3, 0)


async def test_a_commit_that_fails_announces_nothing(store: Kept) -> None:
    assert await store.together([[PERSONA, ("v1.PersonaUsed", {"id": "nobody"})]]) == 1
    assert store.announced == []


async def test_documents_are_told_with_their_own_count(store: Kept) -> None:
    await store.together([{"theme": "dark"}])
    await store.together([{"theme": "dark"}])
    await store.together([{"theme": "light"}])
    tables = [[change.table for change in told(one)] for one in store.announced]
    assert tables == [["client_documents"]] * 2
    assert [(one.seq, one.local_seq) for one in store.announced] == [
        (0, 1),
        (0, 2),
    ]


async def test_changes_to_a_document_count_though_it_is_what_it_was_again(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The row holds when it was changed, and all of it happens within a millisecond.
    monkeypatch.setattr(stored_documents, "now_ms", lambda: 1)
    await store.together([{"theme": "dark"}])
    # Behind a job that ends once both wait, so that they share a transaction.
    both_wait = threading.Event()
    store.store._writer.submit(lambda *_: both_wait.wait())
    asyncio.get_running_loop().call_soon(both_wait.set)
    await store.together([{"theme": "light"}, {"theme": "dark"}])
    assert store.heads_told == store.heads() == (0, 3)
    assert [len(told(one)) for one in store.announced] == [1, 0]


async def test_a_store_that_is_opened_again_goes_on_counting_documents(tmp_path: Path) -> None:
    key = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
    places = Settings(data_dir=tmp_path, state_dir=tmp_path, readers_min=1)
    announced: list[Committed] = []
    for theme in ("dark", "light"):
        store = Store(places, key, announced.append)
        await store.write_document("client", "document", {"theme": theme})
        await anyio.lowlevel.checkpoint()
        await store.close()
    assert [committed.local_seq for committed in announced] == [1, 2]


async def test_a_rebuild_that_mends_the_state_says_that_it_wrote_and_no_more(store: Kept) -> None:
    await store.together([[PERSONA]])
    store.beside.execute("DELETE FROM personas")
    assert not (await store.store.rebuild(replace=True)).identical
    await store.together([[("v1.PersonaUsed", {"id": "a"})]])
    assert [len(told(committed)) for committed in store.announced] == [1, 0, 1]
    assert exact(store.contents()) == exact(store.copy)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[apsw.Connection]:
    made = open_database(tmp_path / "other.db", "aegis", secrets.token_bytes(32))
    schema.prepare(made, "store")
    yield made
    made.close()


def add(name: str) -> Any:
    """A job that adds a persona."""
    return lambda _, recorder: recorder.commit(
        incoming(as_new_events([(PERSONA[0], {"id": name, "name": name})])), ORIGIN
    )


async def test_a_change_that_cannot_be_told_is_not_made(
    connection: apsw.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    announced: list[Committed] = []
    writer = Writer(connection, Recorder(connection), announced.append, group_max=8, queue_max=8)

    def broken(*_: object) -> RowChange:
        raise RuntimeError("not told")

    with monkeypatch.context() as patched:
        patched.setattr(capture, "RowChange", broken)
        with pytest.raises(InternalError):
            await writer.submit(add("a"))
    await writer.submit(add("b"))
    await anyio.lowlevel.checkpoint()
    await writer.close(30)
    assert connection.execute("SELECT id FROM personas").fetchall() == [("b",)]
    assert [change.after and change.after[0] for one in announced for change in told(one)] == ["b"]


async def test_a_group_that_fails_leaves_nothing_to_tell_to_the_next(connection: apsw.Connection) -> None:
    announced: list[Committed] = []
    writer = Writer(connection, Recorder(connection), announced.append, group_max=8, queue_max=8)

    def full(connection: apsw.Connection, recorder: Recorder) -> None:
        add("a")(connection, recorder)
        raise apsw.FullError("database or disk is full")

    with pytest.raises(PjaiError):
        await writer.submit(full)
    await writer.submit(add("b"))
    await anyio.lowlevel.checkpoint()
    await writer.close(30)
    assert [change.after and change.after[0] for one in announced for change in told(one)] == ["b"]


async def test_a_commit_that_changes_too_many_rows_tells_that_it_does(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "CHANGES_MAX", 2)
    people = [("v1.PersonaCreated", {"id": f"p{number}", "name": str(number)}) for number in range(6)]
    await store.together([people[:2]])
    await store.together([people[2:5]])
    await store.together([people[5:]])
    assert [one.changes and len(one.changes) for one in store.announced] == [2, None, 1]


async def test_a_commit_that_changes_too_large_rows_tells_that_it_does(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "CHANGES_BYTES_MAX", 2_000)
    large = [
        ("v1.PersonaCreated", {"id": f"p{number}", "name": str(number), "description": "x" * 1_000})
        for number in range(7)
    ]
    assert await store.together([[*large[:3], ("v1.PersonaUsed", {"id": "nobody"})]]) == 1
    for some in (large[:2], large[2:5], large[5:]):
        await store.together([some])
    assert [one.changes and len(one.changes) for one in store.announced] == [2, None, 2]


async def test_too_many_rows_of_a_commit_that_fails_count_for_nothing(
    store: Kept, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(capture, "CHANGES_MAX", 2)
    people = [("v1.PersonaCreated", {"id": f"p{number}", "name": str(number)}) for number in range(3)]
    failing = [*people, ("v1.PersonaUsed", {"id": "nobody"})]
    assert await store.together([failing, people[:1]]) == 1
    assert [len(told(one)) for one in store.announced] == [1]
