"""Work that is done one at a time, and once for all who wait for the same."""

from __future__ import annotations

import anyio
import pytest
from anyio.lowlevel import checkpoint

from pjaid.actors.memory_steward import memory
from pjaid.actors.memory_steward.sharing import OneAtATime

pytestmark = pytest.mark.anyio


class Work:
    """Begins when it is asked for, and ends when a test says so."""

    def __init__(self) -> None:
        self.begun = 0
        self.at_once = 0
        self.go_on = anyio.Semaphore(0)

    async def __call__(self) -> int:
        self.begun += 1
        self.at_once += 1
        assert self.at_once == 1
        try:
            await self.go_on.acquire()
        finally:
            self.at_once -= 1
        return self.begun


async def settled() -> None:
    """Lets every task come as far as it can."""
    for _ in range(10):
        await checkpoint()


def test_what_may_take_minutes_holds_up_nothing_else() -> None:
    long = {name for name, handler in memory.handlers.items() if handler.is_long}
    assert long == {"memory.tend", "memory.clean"}


async def test_all_who_ask_while_work_is_under_way_share_the_next() -> None:
    shared, work = OneAtATime[int](), Work()
    results: list[int] = []

    async def ask() -> None:
        results.append(await shared.do("everybody", work))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(ask)
            await settled()
        assert work.begun == 1
        work.go_on.release()
        await settled()
        # What was under way may have looked already at what has changed since.
        assert (work.begun, results) == (2, [1])
        work.go_on.release()
    assert results == [1] + [2] * 15
    work.go_on.release()
    assert await shared.do("everybody", work) == 3


async def test_other_work_is_not_shared() -> None:
    shared, work = OneAtATime[int](), Work()
    results: list[int] = []

    async def ask(what: str) -> None:
        results.append(await shared.do(what, work))

    async with anyio.create_task_group() as tasks:
        for what in ("ada", "bo", "ada", "bo", "bo"):
            tasks.start_soon(ask, what)
            await settled()
        for _ in range(4):
            work.go_on.release()
    assert work.begun == 4 - 1
    assert sorted(results) == [1, 2, 2, 2, 3]


async def test_work_that_fails_or_is_given_up_is_nobody_else_s() -> None:
    shared, work = OneAtATime[int](), Work()
    results: list[int] = []

    async def ask() -> None:
        results.append(await shared.do("everybody", work))

    async def give_up() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await shared.do("everybody", work)

    async def fail() -> int:
        await work()
        raise ValueError("it cannot be done")

    async def be_refused() -> None:
        with pytest.raises(ValueError, match="cannot be done"):
            await shared.do("everybody", fail)

    scopes: list[anyio.CancelScope] = []
    async with anyio.create_task_group() as tasks:
        for one in (give_up, be_refused, ask):
            tasks.start_soon(one)
            await settled()
        scopes[0].cancel()
        for _ in range(2):
            work.go_on.release()
    assert (work.begun, results) == (3, [3])
