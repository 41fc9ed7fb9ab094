"""How large the page cache ought to be: it grows where that pays, comes to rest, and keeps to its bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from msgspec.structs import replace

from pjai_wire.methods import PageCache
from pjaid.actors.query_optimiser.caching import (
    AGAIN_MS,
    MISSES_LEFT_MAX,
    PAGES_MIN,
    QUIET_MS,
    UNFILLED_MAX,
    Known,
    Step,
    begun,
    look,
)
from tests.daemon.actors.query_optimiser.making import CACHE, MIB, NOW

LOOKS_EVERY_MS = 20_000
PAGES = 10 * PAGES_MIN
"""That are asked for between two looks."""

SIZES = [MIB, 2 * MIB, 4 * MIB, 8 * MIB, 14 * MIB]
"""Through which it grows."""


class Load:
    """What is read, the same all the time.

    Args:
        share: the hit share that a cache of a size has.
        wanted: the bytes of all pages that are read.
        pages: that are asked for between two looks.
        reads: that do that.
    """

    def __init__(
        self, share: Callable[[int], float], wanted: int, pages: int = PAGES, reads: int = 100
    ) -> None:
        self._share = share
        self._wanted = wanted
        self._pages = pages
        self._reads = reads
        self.known: Known = begun(CACHE, NOW)
        self._cache = CACHE
        self._now = NOW

    def looks(self, number: int) -> Iterator[Step]:
        """Looks one after the other, of which each is followed."""
        for _ in range(number):
            self._now += LOOKS_EVERY_MS
            size = self._cache.bytes
            hits = round(self._share(size) * self._pages)
            self._cache = replace(
                self._cache,
                used_bytes=min(size, self._wanted),
                hits=self._cache.hits + hits,
                misses=self._cache.misses + self._pages - hits,
                reads=self._cache.reads + self._reads,
            )
            step = look(self.known, self._cache, self._now)
            self.known = step.known
            if step.resize is not None:
                self._cache = replace(self._cache, bytes=step.resize.bytes)
            yield step

    @property
    def size(self) -> int:
        return self._cache.bytes


def evenly(wanted: int) -> Load:
    """Reads all of so many bytes alike."""
    return Load(lambda size: min(1.0, size / wanted), wanted)


def sizes(steps: Iterator[Step]) -> list[int]:
    return [step.resize.bytes for step in steps if step.resize is not None]


def test_it_is_doubled_until_nearly_all_that_is_read_is_there() -> None:
    load = evenly(6 * MIB)
    assert sizes(load.looks(50)) == [2 * MIB, 4 * MIB, 8 * MIB]


def test_what_it_gained_is_told_once_it_has_had_time_to_fill() -> None:
    steps = list(evenly(2 * MIB).looks(4))
    assert [step.gain is not None for step in steps] == [False, False, True, False]
    gain = steps[2].gain
    assert gain is not None
    assert (gain.bytes_before, gain.bytes) == (MIB, 2 * MIB)
    assert (gain.share_before, gain.share) == (0.5, 1.0)


def test_one_that_brought_nothing_goes_back_and_is_not_tried_again() -> None:
    load = Load(lambda _: 0.6, 100 * MIB)
    assert sizes(load.looks(300)) == [2 * MIB, MIB]


def test_where_something_else_is_read_it_is_tried_again_after_a_while() -> None:
    load = Load(lambda _: 0.6, 100 * MIB)
    assert sizes(load.looks(10)) == [2 * MIB, MIB]
    load._share = lambda size: min(1.0, 0.4 * size / MIB)
    assert sizes(load.looks(AGAIN_MS // LOOKS_EVERY_MS - 10)) == []
    assert sizes(load.looks(20)) == [2 * MIB, 4 * MIB]


@pytest.mark.parametrize(
    "load",
    [
        Load(lambda _: 0.96, 100 * MIB),
        Load(lambda _: 0.5, MIB // 2),
        Load(lambda _: 0.5, 100 * MIB, pages=PAGES_MIN // 100),
        Load(lambda _: 0.94, 100 * MIB, pages=PAGES_MIN),
        Load(lambda _: 0.5, 100 * MIB, reads=PAGES // 5),
    ],
    ids=["nearly all is there", "it is not full", "little is read", "few are missed", "each read misses few"],
)
def test_it_is_left_alone_where(load: Load) -> None:
    assert sizes(load.looks(25)) == []


def test_where_nobody_reads_it_is_small_again() -> None:
    load = evenly(6 * MIB)
    list(load.looks(50))
    load._pages = 10
    assert sizes(load.looks(QUIET_MS // LOOKS_EVERY_MS - 1)) == []
    assert sizes(load.looks(QUIET_MS // LOOKS_EVERY_MS)) == [MIB]


def test_one_of_which_most_is_empty_for_long_is_halved() -> None:
    load = evenly(6 * MIB)
    list(load.looks(50))
    load._wanted, load._share = 2 * MIB, lambda _: 0.99
    assert sizes(load.looks(UNFILLED_MAX - 1)) == []
    assert sizes(load.looks(1)) == [4 * MIB]


def test_a_size_that_somebody_else_chose_is_where_it_goes_on_from() -> None:
    load = evenly(6 * MIB)
    list(load.looks(1))
    load._cache = replace(load._cache, bytes=3 * MIB)
    assert sizes(load.looks(10)) == [6 * MIB]


shares = st.floats(0, 1, allow_nan=False)


@given(st.lists(shares, min_size=len(SIZES), max_size=len(SIZES)), st.integers(1, 40 * MIB))
@example(
    [0.0, 1.0, 1.0, 1.0, 1.0], round(0.95 * MIB)
)  # Full when it is small, and not half full when it has grown.
def test_under_a_steady_load_it_comes_to_rest(curve: list[float], wanted: int) -> None:
    by_size = dict(zip(SIZES, sorted(curve), strict=True))

    def share(size: int) -> float:
        return max(one for known, one in by_size.items() if known <= size)

    load = Load(share, wanted)
    changes = sizes(load.looks(60))
    assert len(changes) <= len(SIZES)
    assert changes[:-1] == sorted(set(changes[:-1]))
    assert sizes(load.looks(200)) == []
    grown = SIZES[: SIZES.index(load.size) + 1]
    assert all(
        1 - share(after) <= MISSES_LEFT_MAX * (1 - share(before)) + 1e-4 for before, after in pairwise(grown)
    )


@st.composite
def caches(draw: st.DrawFn) -> PageCache:
    """Any figures, also such as no daemon could tell."""
    largest = draw(st.integers(MIB, 64 * MIB))
    return PageCache(
        bytes=draw(st.integers(MIB, largest)),
        bytes_min=MIB,
        bytes_max=largest,
        used_bytes=draw(st.integers(0, 64 * MIB)),
        hits=draw(st.integers(0, 10**7)),
        misses=draw(st.integers(0, 10**7)),
        reads=draw(st.integers(0, 10**5)),
    )


@given(st.lists(st.tuples(caches(), st.booleans(), st.integers(0, 2 * QUIET_MS)), min_size=1, max_size=20))
def test_whatever_it_is_told_it_keeps_to_the_bounds(told: list[tuple[PageCache, bool, int]]) -> None:
    now = NOW
    known = begun(told[0][0], now)
    for cache, is_followed, passed in told:
        now += passed
        # As it was left, as far as that is possible now.
        kept = min(cache.bytes_max, max(cache.bytes_min, known.cache.bytes)) if is_followed else cache.bytes
        seen = replace(
            cache,
            bytes=kept,
            hits=known.cache.hits + cache.hits,
            misses=known.cache.misses + cache.misses,
            reads=known.cache.reads + cache.reads,
        )
        step = look(known, seen, now)
        known = step.known
        if step.resize is not None:
            assert seen.bytes_min <= step.resize.bytes <= seen.bytes_max
            assert step.resize.bytes != seen.bytes
