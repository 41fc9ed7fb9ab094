from __future__ import annotations

import weakref

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pjai import Signal, computed, signal
from pjai.live_value import LiveValue
from pjai.tracking import Source


class Counted:
    """Counts how often a function has read a signal."""

    def __init__(self, source: LiveValue[int]) -> None:
        self.source = source
        self.reads = 0

    def read(self) -> int:
        self.reads += 1
        return self.source.current


def dependents(source: Source) -> int:
    return len(source._dependents or ())


def test_what_a_function_reads_is_what_it_depends_on() -> None:
    number, factor, other = signal(2), signal(10), signal(1)
    product = computed(lambda: number.current * factor.current)
    assert product.current == 20
    factor.set(100)
    assert product.current == 200
    assert [dependents(one) for one in (number, factor, other)] == [1, 1, 0]


async def test_it_wakes_whoever_iterates() -> None:
    number = signal(1)
    doubled = computed(lambda: 2 * number.current)
    assert await anext(doubled) == 2
    number.set(2)
    assert await anext(doubled) == 4


def test_dependencies_change_from_run_to_run() -> None:
    is_left, left, right = signal(value=True), signal(1), signal(2)
    counted = [Counted(left), Counted(right)]
    chosen = computed(lambda: counted[0].read() if is_left.current else counted[1].read())
    assert chosen.current == 1
    right.set(20)
    assert (chosen.current, dependents(right)) == (1, 0)
    assert counted[0].reads == 1
    is_left.set(False)
    assert (chosen.current, dependents(left), dependents(right)) == (20, 0, 1)
    left.set(10)
    assert chosen.current == 20
    assert counted[1].reads == 1


def test_arguments_and_what_is_read_beside_them_are_tracked_alike() -> None:
    number, offset = signal(1), signal(10)
    total = computed(lambda given: given + offset.current, number)
    assert total.current == 11
    number.set(2)
    offset.set(20)
    assert total.current == 22


def test_what_an_inner_value_reads_is_not_what_the_outer_one_depends_on() -> None:
    number = signal(1)
    parity = computed(lambda: number.current % 2)
    calls = []
    outer = computed(lambda: calls.append(parity.current))
    for value in (1, 3, 4):
        number.set(value)
        assert outer.current is None
    assert calls == [1, 0]
    assert dependents(number) == 1


def test_what_failed_is_tried_again_once_what_it_read_changed() -> None:
    number = signal(0)
    inverse = computed(lambda: 1 / number.current)
    shown = computed(lambda: f"{inverse.current:g}")
    with pytest.raises(ZeroDivisionError):
        _ = shown.current
    number.set(4)
    assert shown.current == "0.25"
    number.set(0)
    with pytest.raises(ZeroDivisionError):
        _ = shown.current


def test_a_function_may_know_what_to_do_where_what_it_reads_fails() -> None:
    number = signal(1)
    inverse = computed(lambda: 1 / number.current)

    def or_nothing() -> float | None:
        try:
            return inverse.current
        except ZeroDivisionError:
            return None

    shown = computed(or_nothing)
    seen = []
    for value in (1, 0, 2):
        number.set(value)
        seen.append(shown.current)
    assert seen == [1, None, 0.5]


def test_nothing_outlives_whoever_reads_it() -> None:
    number = signal(1)
    doubled = computed(lambda: 2 * number.current)
    assert (doubled.current, dependents(number)) == (2, 1)
    gone = weakref.ref(doubled)
    del doubled
    assert (gone(), dependents(number)) == (None, 0)


def test_what_comes_from_one_source_in_many_ways_is_computed_once() -> None:
    number = signal(1)
    layers: list[LiveValue[int]] = [number]
    for _ in range(40):
        layers.append(computed(lambda one, other: (one + other) % 1_000, layers[-1], layers[-1]))
        layers.append(computed(lambda below, beside: below + beside, layers[-2], layers[-1]))
    assert layers[-1].current >= 0
    number.set(2)
    assert layers[-1].current >= 0


@given(
    values=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5)), max_size=20),
    reads=st.lists(st.booleans(), min_size=20, max_size=20),
)
def test_a_computed_value_is_always_that_of_what_it_reads_now(
    values: list[tuple[int, int]], reads: list[bool]
) -> None:
    numbers = [signal(one) for one in range(4)]

    def plain(read: list[int]) -> int:
        return read[read[0] % 4] + read[3]

    followed: Signal[int] = numbers[0]
    inner = computed(lambda: numbers[followed.current % 4].current)
    outer = computed(lambda: inner.current + numbers[3].current)
    for (which, value), is_read in zip(values, reads, strict=False):
        numbers[which].set(value)
        if is_read:
            assert outer.current == plain([one.current for one in numbers])
    assert outer.current == plain([one.current for one in numbers])
