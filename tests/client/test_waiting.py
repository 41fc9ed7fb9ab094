"""Tasks wait for the next change, and one that gives up disturbs no other."""

from __future__ import annotations

import anyio
import pytest

from pjai.waiting import Waiting

pytestmark = pytest.mark.anyio


async def test_a_change_wakes_everyone_who_waits_for_it() -> None:
    waiting, woken = Waiting(), []

    async def wait(name: str) -> None:
        await waiting.change()
        woken.append(name)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(wait, "one")
        tasks.start_soon(wait, "other")
        await anyio.wait_all_tasks_blocked()
        waiting.wake()
    assert sorted(woken) == ["one", "other"]


async def test_a_change_before_the_wait_does_not_end_it() -> None:
    waiting = Waiting()
    waiting.wake()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.change)
        await anyio.wait_all_tasks_blocked()
        waiting.wake()


async def test_who_gives_up_is_forgotten_and_leaves_the_others_waiting() -> None:
    waiting, woken = Waiting(), []

    async def wait() -> None:
        await waiting.change()
        woken.append("patient")

    async with anyio.create_task_group() as patient:
        patient.start_soon(wait)
        async with anyio.create_task_group() as impatient:
            impatient.start_soon(waiting.change)
            await anyio.wait_all_tasks_blocked()
            impatient.cancel_scope.cancel()
        assert woken == []
        waiting.wake()
    assert woken == ["patient"]


async def test_who_is_woken_and_cancelled_at_once_leaves_nothing_behind() -> None:
    waiting = Waiting()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(waiting.change)
        await anyio.wait_all_tasks_blocked()
        waiting.wake()
        tasks.cancel_scope.cancel()
    waiting.wake()
