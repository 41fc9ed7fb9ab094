from __future__ import annotations

from typing import assert_type

import anyio
import numpy

from pjai import Signal, computed, signal


def test_it_is_what_it_was_set_to() -> None:
    number = assert_type(signal(1), Signal[int])
    assert number.current == 1
    number.set(2)
    number.update(lambda value: value + 1)
    assert number.current == 3


async def test_it_is_iterated_like_every_live_value() -> None:
    number = signal(1)
    assert await anext(number) == 1
    number.set(2)
    number.set(3)
    assert await anext(number) == 3
    number.close()
    assert [value async for value in number] == []


async def test_an_equal_value_wakes_nobody() -> None:
    chosen = signal(["a"])
    seen = []

    async def read() -> None:
        seen.extend([value async for value in chosen])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for value in (["a"], ["a"], ["b"], ["b"]):
            await anyio.wait_all_tasks_blocked()
            chosen.set(value)
        await anyio.wait_all_tasks_blocked()
        chosen.close()
    assert seen == [["a"], ["b"]]


def test_an_equal_value_makes_nothing_be_computed_again() -> None:
    calls = []
    number = signal(1)
    same = computed(lambda: calls.append(number.current))
    for value in (1, 1, 2):
        number.set(value)
        assert same.current is None
    assert calls == [1, 2]


def test_its_lists_are_the_programs_own() -> None:
    mine = [1]
    chosen = signal(mine)
    mine.append(2)
    chosen.current.append(3)
    chosen.update(lambda now: [*now, 4])
    assert chosen.current == [1, 4]


def test_values_that_cannot_be_compared_count_as_different() -> None:
    array = signal(numpy.array([1, 2]))
    total = computed(lambda: int(array.current.sum()))
    assert total.current == 3
    array.set(numpy.array([2, 2]))
    assert total.current == 4
