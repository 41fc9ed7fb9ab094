"""Work that can wait has its turn where commits leave it one, and in the end where they do not."""

from __future__ import annotations

import asyncio
import math
from typing import Any

import anyio
import pytest

from pjaid.live.turns import Turns

pytestmark = pytest.mark.anyio

WITHIN_S = 30
"""Past it a turn is taken never to come."""


class Store:
    """Is written to as a test says."""

    def __init__(self) -> None:
        self.writes = 0
        self.written = anyio.Event()
        self.asked = 0
        """How often somebody waited for what is written."""
        self.commits_to_come = 0
        """How often somebody commits again as soon as everything is written."""

    async def until_written(self) -> None:
        self.asked += 1
        await self.written.wait()
        if self.commits_to_come:
            self.commits_to_come -= 1
            asyncio.get_running_loop().call_soon(self._commit)

    def _commit(self) -> None:
        self.writes += 1

    def read(self, *_: Any) -> Any:
        raise AssertionError("turns read nothing")

    read_raw = read


async def test_a_turn_waits_for_what_is_being_written() -> None:
    store = Store()
    turns = Turns(store, math.inf)
    begun = []

    async def work() -> None:
        await turns.next()
        begun.append(store.written.is_set())

    with anyio.fail_after(WITHIN_S):
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(work)
            await anyio.wait_all_tasks_blocked()
            store.written.set()
    assert begun == [True]


async def test_who_commits_again_and_again_goes_before_a_turn() -> None:
    store = Store()
    store.written.set()
    store.commits_to_come = 3
    with anyio.fail_after(WITHIN_S):
        await Turns(store, math.inf).next()
    assert (store.asked, store.commits_to_come) == (4, 0)


async def test_a_turn_comes_although_commits_never_cease() -> None:
    store = Store()
    with anyio.fail_after(WITHIN_S):
        await Turns(store, 0.001).next()
    assert (store.asked, store.written.is_set()) == (1, False)


async def test_work_whose_patience_is_over_waits_no_more() -> None:
    store = Store()
    with anyio.fail_after(WITHIN_S):
        await Turns(store, 0).next()
    assert store.asked == 0
