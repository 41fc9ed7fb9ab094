"""Tests of who is told of commits: all that they can concern, in order, whatever goes wrong with one."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest

from pjai_wire.tables import client_documents, workflows
from pjaid.live.conjunctions import conjunctions
from pjaid.live.dependents import (
    CHANGES_AT_ONCE_MAX,
    CHANGES_WAITING_MAX,
    COMMITS_BEFORE_SETTLED_MAX,
    Dependents,
)
from pjaid.store.changed import RowChange
from pjaid.store.writer import Committed
from tests.daemon.live.making import came, committed, workflow

pytestmark = pytest.mark.anyio

LARGE = tuple(came(workflow(str(number))) for number in range(CHANGES_AT_ONCE_MAX + 1))


class Listener:
    """Notes what it was told."""

    def __init__(self, name: str, notes: list[tuple[str, int, int]], hear: Callable[[], None]) -> None:
        self._name = name
        self._notes = notes
        self._hear = hear
        self.failures: list[Exception] = []

    def touched(self, told: Committed, changes: Sequence[RowChange]) -> None:
        self._hear()
        self._notes.append((self._name, told.seq, len(changes)))

    def lost(self, told: Committed) -> None:
        self._notes.append((self._name, told.seq, -1))

    def failed(self, error: Exception) -> None:
        self.failures.append(error)


class Telling:
    """Dependents of workflows, and what they were told of them: (who, seq, how many changes)."""

    def __init__(self) -> None:
        self.dependents = Dependents(1, 0)
        self.notes: list[tuple[str, int, int]] = []
        self.dependents.settled.append(lambda: self.notes.append(("settled", self.dependents.seq, 0)))

    def listen(self, name: str, *where: object, hear: Callable[[], None] = lambda: None) -> Listener:
        listener = Listener(name, self.notes, hear)
        self.dependents.add("workflows", conjunctions(workflows, where), listener)  # type: ignore[arg-type] # they are conditions
        return listener

    def commit(self, seq: int, *changes: RowChange) -> None:
        """A commit becomes durable, and is announced."""
        self.dependents.durable(committed(seq, *changes))
        self.dependents.committed(committed(seq, *changes))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[None]:
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.dependents.serve)
            yield
            tasks.cancel_scope.cancel()

    async def settled(self, seq: int) -> None:
        """Lets others run until all were told of a commit."""
        while ("settled", seq, 0) not in self.notes:
            await anyio.lowlevel.checkpoint()


@pytest.fixture
def telling() -> Telling:
    return Telling()


async def test_a_small_commit_is_told_at_once_to_those_whom_it_can_concern(telling: Telling) -> None:
    telling.listen("named", workflows.name == "a")
    telling.listen("other", workflows.name == "b")
    telling.commit(2, came(workflow("1", name="a")), came(workflow("2", name="a")))
    assert telling.notes == [("named", 2, 2), ("settled", 2, 0)]
    assert telling.dependents.seq == 2


async def test_a_commit_that_concerns_nobody_is_reached_all_the_same(telling: Telling) -> None:
    telling.dependents.committed(committed(2, local_seq=7))
    assert telling.dependents.seq_of(workflows) == 2
    assert telling.dependents.seq_of(client_documents) == 7


async def test_commits_are_told_in_order_though_a_large_one_takes_turns(telling: Telling) -> None:
    telling.listen("all")
    telling.commit(2, *LARGE)
    telling.commit(3, came(workflow("a")))
    assert telling.notes == []
    assert telling.dependents.seq == 1
    async with telling.serving():
        await telling.settled(3)
        telling.commit(4, came(workflow("b")))
    assert telling.notes == [
        ("all", 2, len(LARGE)),
        ("all", 3, 1),
        ("settled", 3, 0),
        ("all", 4, 1),
        ("settled", 4, 0),
    ]


async def test_what_became_of_commits_is_shown_though_more_always_come_meanwhile(telling: Telling) -> None:
    last = 1 + 3 * COMMITS_BEFORE_SETTLED_MAX

    def commit_more() -> None:
        if telling.dependents.seq + 2 <= last:
            telling.commit(telling.dependents.seq + 2, *LARGE)

    telling.listen("all", hear=commit_more)
    telling.commit(2, *LARGE)
    async with telling.serving():
        await telling.settled(last)
    settled = [seq for name, seq, _ in telling.notes if name == "settled"]
    assert settled[:2] == [1 + COMMITS_BEFORE_SETTLED_MAX, 1 + 2 * COMMITS_BEFORE_SETTLED_MAX]


async def test_commits_that_come_faster_than_they_are_told_are_told_as_a_whole(telling: Telling) -> None:
    telling.listen("all")
    commits = CHANGES_WAITING_MAX // len(LARGE) + 1
    for seq in range(2, 2 + commits):
        telling.commit(seq, *LARGE)
    telling.commit(2 + commits, *LARGE)
    async with telling.serving():
        await telling.settled(2 + commits)
        telling.commit(3 + commits, *LARGE)
        await telling.settled(3 + commits)
    assert [note for note in telling.notes if note[0] == "all"] == [
        ("all", 2, len(LARGE)),
        ("all", 1 + commits, -1),
        ("all", 2 + commits, len(LARGE)),
        ("all", 3 + commits, len(LARGE)),
    ]


async def test_others_run_while_a_large_commit_is_told(telling: Telling) -> None:
    telling.listen("all")
    turns = 0
    telling.commit(2, *LARGE * 10)
    async with telling.serving():
        while telling.dependents.seq < 2:
            turns += 1
            await anyio.lowlevel.checkpoint()
    assert turns > 5


async def test_a_commit_that_does_not_tell_its_rows_loses_everybody(telling: Telling) -> None:
    telling.listen("named", workflows.name == "a")
    telling.dependents.committed(Committed(2, 0, None))
    async with telling.serving():
        await telling.settled(2)
    assert telling.notes == [("named", 2, -1), ("settled", 2, 0)]


async def test_all_are_told_between_a_commit_that_is_durable_and_its_telling(telling: Telling) -> None:
    settled = [telling.dependents.is_settled]
    telling.dependents.durable(committed(2))
    settled.append(telling.dependents.is_settled)
    telling.dependents.committed(committed(2))
    settled.append(telling.dependents.is_settled)
    telling.commit(3, *LARGE)
    settled.append(telling.dependents.is_settled)
    async with telling.serving():
        await telling.settled(3)
    settled.append(telling.dependents.is_settled)
    assert settled == [True, False, True, False, True]


async def test_who_is_removed_is_told_no_more(telling: Telling) -> None:
    telling.dependents.remove(telling.listen("all"))
    telling.commit(2, came(workflow("a")))
    assert telling.notes == [("settled", 2, 0)]


def failing() -> None:
    raise ValueError("a defect")


@pytest.mark.parametrize("changes", [LARGE[:1], LARGE])
async def test_what_is_wrong_with_one_keeps_no_commit_from_the_others(
    telling: Telling, changes: tuple[RowChange, ...]
) -> None:
    wrong = telling.listen("wrong", hear=failing)
    telling.listen("right")
    telling.commit(2, *changes)
    async with telling.serving():
        await telling.settled(2)
    assert telling.notes == [("right", 2, len(changes)), ("settled", 2, 0)]
    assert len(wrong.failures) == 1
    assert telling.dependents.is_settled


async def test_who_comes_while_a_commit_is_told_begins_after_it(telling: Telling) -> None:
    begun = telling.dependents.seq_begun_of
    assert begun(workflows) == 1
    telling.dependents.committed(committed(2, *LARGE, local_seq=5))
    telling.dependents.committed(committed(3, local_seq=6))
    assert (begun(workflows), begun(client_documents)) == (2, 5)
    async with telling.serving():
        await telling.settled(3)
    assert (begun(workflows), begun(client_documents)) == (3, 6)


async def test_the_next_commit_is_lost_to_who_is_not_to_be_believed(telling: Telling) -> None:
    doubtful = telling.listen("doubtful", workflows.name == "a")
    telling.commit(2)
    telling.dependents.disbelieve(doubtful)
    telling.dependents.disbelieve(doubtful)
    telling.commit(3)
    telling.commit(4)
    assert telling.notes == [("settled", 2, 0), ("doubtful", 3, -1), ("settled", 3, 0), ("settled", 4, 0)]


async def test_a_commit_that_takes_long_is_lost_to_who_is_not_to_be_believed(telling: Telling) -> None:
    doubtful = telling.listen("doubtful", workflows.name == "a")
    async with telling.serving():
        telling.commit(2, *LARGE)
        telling.dependents.disbelieve(doubtful)
        await telling.settled(2)
    assert telling.notes == [("doubtful", 2, -1), ("settled", 2, 0)]
