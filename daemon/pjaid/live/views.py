"""Owns the views that are watched: told of commits, read where they must be, dropped when nobody is left."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Coroutine, Hashable, Iterator
from contextlib import contextmanager
from operator import attrgetter
from time import perf_counter_ns
from typing import Any

import anyio
import structlog
from anyio.abc import TaskGroup

from pjai_wire.errors import InvalidQuery, PjaiError
from pjaid.live.awaiting import Awaiting
from pjaid.live.conjunctions import up_to
from pjaid.live.dependents import Dependents
from pjaid.live.kept import NotKept
from pjaid.live.plan import Plan
from pjaid.live.search_plan import SearchPlan
from pjaid.live.source import Source
from pjaid.live.turns import Turns
from pjaid.live.view import Advance, Need, Reading, View
from pjaid.live.watched import Watched
from pjaid.live.watched_searches import WatchedSearches

log = structlog.get_logger()

NEWEST_AT_ONCE = 4
"""Views that show what became of them without letting others run, of those that a commit touched."""

PATIENCE_S = 0.05
"""How long views wait, when many were touched, for commits to pause, and then for gaps between them."""

SEARCHES_AT_ONCE = 2
"""Searches that are run at the same time; requests have their turn between them."""

READ_AGAIN_S = 1.0
"""How long a view waits that could not be read for want of a reader."""

_asked_for: Callable[[Watched], int] = attrgetter("asked_for")

Found = tuple[int, Any]
"""The seq of a state, and what a view makes of the rows that were found in it."""


class Views:
    """Keeps views current.

    Args:
        store: where they read.
        dependents: tells them of commits.
        rerun_interval_s: how long a query that is run anew waits after each run.
        on_advanced: told how a view's result changed.
        on_failed: told that a view can be read no more; it is to `end` it.
    """

    def __init__(
        self,
        store: Source,
        dependents: Dependents,
        *,
        rerun_interval_s: float,
        on_advanced: Callable[[Watched, Advance], None],
        on_failed: Callable[[Watched, Exception], None],
    ) -> None:
        self._store = store
        self._dependents = dependents
        self._rerun_interval_s = rerun_interval_s
        self._on_advanced = on_advanced
        self._on_failed = on_failed
        self._searches = WatchedSearches(dependents)
        self._search_places = anyio.Semaphore(SEARCHES_AT_ONCE)
        self._watched: dict[Hashable, Watched] = {}
        self._touched: dict[Watched, None] = {}
        self._unsettled: dict[Watched, None] = {}
        self._early: dict[Watched, None] = {}
        self._later: dict[Watched, None] = {}
        self.reads = 0
        """How often views were read from the store."""
        self._asked = itertools.count()
        self._woken = anyio.Event()
        self._tasks: TaskGroup | None = None
        dependents.settled.append(self._settle)

    def __len__(self) -> int:
        return len(self._watched)

    def __iter__(self) -> Iterator[Watched]:
        """Over the views of this moment; they may be dropped meanwhile."""
        return iter(list(self._watched.values()))

    @property
    def awaiting(self) -> Awaiting:
        """The searches that await the embedder."""
        return self._searches.awaiting

    def get(self, identity: Hashable) -> Watched:
        """The view of a query that is watched."""
        return self._watched[identity]

    def open(self, plan: Plan | SearchPlan) -> Watched:
        """The view of a query or a search: that which others watch already, or a new one."""
        watched = self._watched.get(plan.identity)
        if watched is None:
            watched = Watched(plan, self._has_been_touched, self._failed)
            if isinstance(plan, SearchPlan):
                self._searches.add(watched, plan)
            else:
                for table, conjunctions in plan.footprint.rows:
                    self._dependents.add(table, conjunctions, watched)
            # Only now: whoever comes next must not find one that is told of nothing.
            self._watched[plan.identity] = watched
        watched.asked_for = next(self._asked)
        return watched

    @contextmanager
    def held(self, watched: Watched) -> Iterator[Watched]:
        """Keeps a view for the block, and beyond it where somebody watches it then."""
        watched.holders += 1
        try:
            yield watched
        finally:
            watched.holders -= 1
            self.drop_unused(watched)

    async def until_current(self, watched: Watched) -> None:
        """Waits until a view, which is `held`, shows the state of now or a later one, and has told of it.

        Raises:
            Exception: why it never will.
        """
        now = self._seq_told(watched)
        self._advance(watched)
        await watched.until_shows(now)

    def drop_unused(self, watched: Watched) -> None:
        """Forgets a view that nobody watches any more."""
        if not watched.is_used:
            self._drop(watched)

    def end(self, watched: Watched, reason: Exception) -> None:
        """Forgets a view whoever holds it, and raises `reason` for those who wait for it."""
        watched.failure = reason
        self._drop(watched)
        watched.moved()

    def seq_reached(self, watched: Watched) -> int:
        """The latest state that a view is known to show.

        A read may have seen a commit that is yet to be announced here: what was told is never taken back.
        """
        if watched.is_current:
            watched.seq = max(watched.seq, self._seq_told(watched))
        return watched.seq

    async def serve(self, tasks: TaskGroup) -> None:
        """Reads what had to wait, and settles the rest, until cancelled; slow reads in `tasks`."""
        self._tasks = tasks
        while True:
            if not self._unsettled:
                until = min((watched.read_after for watched in self._later), default=math.inf)
                with anyio.move_on_after(until - anyio.current_time()):
                    await self._woken.wait()
                self._woken = anyio.Event()
            for watched in [one for one in self._later if one.read_after <= anyio.current_time()]:
                del self._later[watched]
                self._advance(watched)
            await self._settle_rest()

    async def _settle_rest(self) -> None:
        """Settles the views that wait now, between commits where that can be."""
        turns = Turns(self._store, PATIENCE_S)
        for watched in list(self._unsettled):
            await turns.next()
            self._settle_one(watched)

    def _seq_told(self, watched: Watched) -> int:
        """The last commit of which a view was told."""
        return self._dependents.seq_of(watched.view.plan.table)

    def _has_been_touched(self, watched: Watched) -> None:
        self._touched[watched] = None

    def _settle(self) -> None:
        """All views were told of all commits: those that were touched show what became of them.

        The newest at once, as they are what somebody has just begun to look at. The others take turns with
        requests, so that a commit which concerns many holds nobody up.
        """
        touched = {**self._touched, **self._early}
        self._touched, self._early = {}, {}
        self._unsettled |= touched
        for watched in sorted(touched, key=_asked_for, reverse=True)[:NEWEST_AT_ONCE]:
            self._settle_one(watched)
        if self._unsettled:
            self._woken.set()

    def _settle_one(self, watched: Watched) -> None:
        # One that has shown its news meanwhile, or was dropped, waits no more.
        if watched in self._unsettled:
            del self._unsettled[watched]
            self._advance(watched)

    def _advance(self, watched: Watched) -> None:
        """Brings a view that is used to the present, or as near to it as can be now, and tells of it."""
        if not watched.is_used:
            return
        started = perf_counter_ns()
        try:
            watched.follow()
            self._catch_up(watched)
            self._file(watched)
            self._tell(watched)
        except Exception as error:  # What is wrong with one view must not keep the others from the present.
            self._failed(watched, error)
        watched.spent_ns += perf_counter_ns() - started
        watched.moved()

    def _catch_up(self, watched: Watched) -> None:
        """Reads what a view needs."""
        view = watched.view
        view.catch_up(self._seq_told(watched))
        while view.need is not Need.NOTHING and not view.is_reading and watched.failure is None:
            if watched.read_after > anyio.current_time():
                self._later[watched] = None
                self._woken.set()
                break
            self._read(watched)
        if view.has_read_early:
            self._early[watched] = None

    def _file(self, watched: Watched) -> None:
        """Says which rows concern a view, where these have become others.

        A view that has begun to read beyond its horizon is told of all rows again before any other commit is
        told: that read shows whatever was told before.
        """
        horizon, plan = watched.view.horizon, watched.view.plan
        if horizon is not watched.horizon and isinstance(plan, Plan) and self._is_open(watched):
            watched.horizon = horizon
            ((table, asked),) = plan.footprint.rows
            self._dependents.move(table, up_to(horizon, asked), watched)

    def _tell(self, watched: Watched) -> None:
        """Tells how a view has changed, if it is known."""
        advance = watched.view.advanced()
        if watched.view.is_told:
            watched.seq = max(watched.seq, watched.view.seq)
        if advance is not None:
            self._on_advanced(watched, advance)

    def _read(self, watched: Watched) -> None:
        view = watched.view
        if view.plan.mode == "rerun":
            watched.read_after = anyio.current_time() + self._rerun_interval_s
        self.reads += 1
        reading = view.begin_reading()
        if isinstance(view.plan, SearchPlan):
            self._searches.running(watched)
        try:
            found = self._found(reading, watched)
        except Exception as error:
            self._failed(watched, error)
            return
        if isinstance(found, tuple):
            self._take(watched, found)
        else:
            assert self._tasks is not None, "views are served"
            self._tasks.start_soon(self._read_later, watched, found)

    def _found(self, reading: Reading, watched: Watched) -> Found | Coroutine[Any, Any, Found]:
        view = watched.view
        if isinstance(reading.asked, SearchPlan):
            return self._searched(reading.asked, watched)
        read = self._store.read_raw if reading.reads_stored else self._store.read
        found = read(reading.asked, lambda rows: (rows.seq, view.digest(rows.rows)))
        return _timed(watched, found) if isinstance(found, Coroutine) else found

    async def _searched(self, plan: SearchPlan, watched: Watched) -> Found:
        async with self._search_places:
            return await _timed(watched, self._searched_now(plan, watched.view))

    async def _searched_now(self, plan: SearchPlan, view: View) -> Found:
        # Its words and vectors may be of two states; nothing older than what was told is among them.
        told = self._dependents.seq
        found = plan.run(lambda hits: (min(hits.seq, told), view.digest(hits)))
        return await found if isinstance(found, Coroutine) else found

    async def _read_later(self, watched: Watched, found: Coroutine[Any, Any, Found]) -> None:
        try:
            self._take(watched, await found)
        except Exception as error:
            self._failed(watched, error)
        self._advance(watched)

    def _take(self, watched: Watched, found: Found) -> None:
        seq, digested = found
        if watched.is_of_the_log:
            self._dependents.seen(seq)
        watched.follow()
        try:
            watched.view.finish_reading(seq, digested, told=self._seq_told(watched))
        except NotKept:
            watched.view.demote("its groups are more than are kept")
        if (hits := watched.view.found) is not None:
            self._dependents.seen(hits.seq)
            if self._is_open(watched):
                self._searches.ran(watched, hits)

    def _failed(self, watched: Watched, error: Exception) -> None:
        view = watched.view
        view.fail_reading()
        if isinstance(error, InvalidQuery) and view.plan.mode == "incremental":
            view.demote("its sums are larger than are kept")
            return
        if isinstance(error, PjaiError) and error.retry and watched.subscriptions:
            watched.read_after = anyio.current_time() + READ_AGAIN_S
            return
        table = view.plan.table.table_name
        if not isinstance(error, PjaiError):
            log.error("live_query_ended", table=table, exc_info=error)
        elif watched.subscriptions:
            log.warning("live_query_ended", table=table, code=error.code)
        self._on_failed(watched, error)

    def _drop(self, watched: Watched) -> None:
        if self._is_open(watched):
            del self._watched[watched.view.identity]
            if isinstance(watched.view.plan, SearchPlan):
                self._searches.remove(watched)
            else:
                self._dependents.remove(watched)
            for some in (self._touched, self._unsettled, self._early, self._later):
                some.pop(watched, None)

    def _is_open(self, watched: Watched) -> bool:
        return self._watched.get(watched.view.identity) is watched


async def _timed(watched: Watched, found: Coroutine[Any, Any, Found]) -> Found:
    """What was found, its time counted as spent on the view."""
    began = perf_counter_ns()
    try:
        return await found
    finally:
        watched.spent_ns += perf_counter_ns() - began
