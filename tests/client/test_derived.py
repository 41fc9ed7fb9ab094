from __future__ import annotations

import anyio
import numpy
import pytest

from pjai.derived import computed
from pjai.signals import Signal


class Counted:
    """A function that counts how often it is called."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, *numbers: int) -> int:
        self.calls += 1
        return sum(numbers)


async def test_it_begins_with_the_value_of_now_and_follows_every_input() -> None:
    one, two = Signal(1), Signal(10)
    async with computed(lambda a, b: a + b, one, two) as total:
        assert await anext(total) == 11
        one.set(2)
        assert await anext(total) == 12
        two.set(20)
        assert await anext(total) == 22


async def test_it_is_computed_again_only_when_an_input_changed() -> None:
    one, counted = Signal(1), Counted()
    total = computed(counted, one)
    assert (total.current, total.current) == (1, 1)
    one.set(1)
    assert total.current == 1
    assert counted.calls == 1
    one.set(2)
    assert (total.current, counted.calls) == (2, 2)


async def test_it_is_not_computed_before_it_is_asked_for() -> None:
    one, counted = Signal(1), Counted()
    computed(counted, one)
    one.set(2)
    assert counted.calls == 0


async def test_an_equal_value_wakes_nobody() -> None:
    one = Signal(1)
    parity = computed(lambda number: number % 2, one)
    seen = []

    async def read() -> None:
        seen.extend([value async for value in parity])

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(read)
        for number in (1, 3, 5, 6):
            await anyio.wait_all_tasks_blocked()
            one.set(number)
        await anyio.wait_all_tasks_blocked()
        one.close()
    assert seen == [1, 0]


async def test_a_value_that_came_back_before_it_was_read_is_not_yielded_again() -> None:
    one = Signal(1)
    same = computed(lambda number: number, one)
    assert await anext(same) == 1
    for number in (2, 1, 3):
        one.set(number)
    assert await anext(same) == 3


async def test_values_that_cannot_be_compared_count_as_different() -> None:
    one = Signal(1)
    array = computed(lambda number: numpy.array([number, number]), one)
    assert (await anext(array)).tolist() == [1, 1]
    one.set(2)
    assert (await anext(array)).tolist() == [2, 2]
    inside = computed(lambda array: {"array": array}, array)
    assert (await anext(inside))["array"].tolist() == [2, 2]
    one.set(3)
    assert (await anext(inside))["array"].tolist() == [3, 3]


async def test_its_lists_are_the_readers_own() -> None:
    one = Signal(1)
    listed = computed(lambda number: [number], one)
    (await anext(listed)).append(2)
    assert listed.current == [1]


async def test_computed_values_compose() -> None:
    one, counted = Signal(3), Counted()
    doubled = computed(lambda number: 2 * number, one)
    capped = computed(lambda number: min(number, 10), doubled)
    both = computed(counted, doubled, capped)
    assert await anext(both) == 12
    one.set(6)
    assert await anext(both) == 22
    assert counted.calls == 2


async def test_the_block_ends_the_iteration() -> None:
    one = Signal(1)
    async with computed(lambda number: number, one) as same:
        pass
    assert [value async for value in same] == []


async def test_it_ends_when_an_input_does() -> None:
    one, two = Signal(1), Signal(2)
    total = computed(lambda a, b: a + b, one, two)
    two.close()
    assert [value async for value in total] == []


async def test_what_the_function_raises_comes_to_whoever_asks() -> None:
    one = Signal(0)
    inverse = computed(lambda number: 1 / number, one)
    with pytest.raises(ZeroDivisionError):
        await anext(inverse)
    one.set(2)
    assert await anext(inverse) == 0.5
