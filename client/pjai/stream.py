"""Owns one subscription to the daemon: its result, decoded once and kept up to date for all who follow it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Final, Generic, Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from pjai.live_state import Gap, Held, Step, follow, replaced
from pjai.rows import RowReader, WatchAnswer
from pjai.wanted import Wanted
from pjai_wire.envelope import LiveUpdate
from pjai_wire.methods import MeaningState
from pjai_wire.tables import table_named

T = TypeVar("T")

UPDATES_KEPT_MAX = 1_000
"""Updates that are kept while a whole result is asked for; past it the oldest go, and it is asked again."""


_decode_update = msgspec.msgpack.Decoder(LiveUpdate).decode


class Follower(Protocol):
    """Whoever wants the result of a stream."""

    def take(self, stream: Stream[Any], step: Step[Any]) -> None:
        """The stream has a result."""

    def end(self, stream: Stream[Any], failure: Exception | None) -> None:
        """The stream has ended, for a reason where there is one."""


class Stream(Generic[T]):
    """The result of a query, from one subscription, for all live queries of a connection that ask the same.

    Args:
        wanted: the query.
        label: what the first who asked calls it.
        lost: called when the result cannot be followed any further: `show` must be called.
        deserted: called when the last follower has left.
    """

    topic: str = ""
    """Where the daemon publishes the changes: none before the first result, another after a restart."""

    meaning: MeaningState | None = None
    """Whether vectors had a part in a search when it was first watched; None of a query."""

    why: str = ""
    """Why meaning was not to be had then."""

    def __init__(
        self,
        wanted: Wanted[T],
        label: str,
        *,
        lost: Callable[[Stream[Any]], None],
        deserted: Callable[[Stream[Any]], None],
    ) -> None:
        self.wanted: Final = wanted
        self.label: Final = label
        self.followers: dict[Follower, Callable[[Step[T]], None]] = {}
        """And what takes each step for them."""
        self._lost = lost
        self._deserted = deserted
        self._held: Held[T] = Held(-1, [], -1)
        self._is_local: Final = table_named(wanted.select.query.table).is_local
        self._reader: RowReader[T]
        self._kept: deque[LiveUpdate] | None = None

    def join(self, follower: Follower) -> None:
        """Lets `follower` know of the result, now unless it has yet to come, and of each step."""
        self.followers[follower] = partial(follower.take, self)
        # A result that was lost is an old one; who comes new waits for the next.
        if self.topic and self._kept is None:
            follower.take(self, Step(self._held))

    def show_in(self, follower: Follower, take: Callable[[Step[T]], None]) -> None:
        """Gives each step to `take` from now on: a thousand that move at once feel each call between."""
        self.followers[follower] = take

    def leave(self, follower: Follower) -> None:
        """Tells `follower` nothing more."""
        del self.followers[follower]
        if not self.followers:
            self._deserted(self)

    def show(self, answer: WatchAnswer) -> None:
        """Shows a whole result, and what has come after it.

        Raises:
            InvalidQuery: a record cannot be without a column that the answer lacks.
            InternalError: the answer does not fit the contract.
        """
        kept = self._kept if self._kept and answer.topic == self.topic else ()
        self.topic = answer.topic
        if answer.meaning is not None:
            self.meaning, self.why = answer.meaning, answer.why
        self._reader = self.wanted.reader(answer.columns)
        rows = self._reader.many(answer.rows)
        self._kept = None
        self._hold(replaced(self._held, answer.seq, rows))
        for update in kept:
            self._follow(update)

    def arrived(self, message: bytes) -> None:
        """Follows what the topic published."""
        try:
            update = _decode_update(message)
        except msgspec.MsgspecError:
            self.lose()
        else:
            self._follow(update)

    def reached(self, seq: int, local_seq: int) -> None:
        """The result is right at these states too; while a whole one is asked for, that will tell."""
        state = local_seq if self._is_local else seq
        if self._kept is None and state > self._held.seq:
            self._hold(Step(replace(self._held, seq=state)))

    def lose(self) -> None:
        """Asks for a whole result, unless that is under way; until then the last one stands."""
        if self.topic and self._kept is None:
            self._kept = deque(maxlen=UPDATES_KEPT_MAX)
            self._lost(self)

    def end(self, failure: Exception | None = None) -> None:
        """There is no more to follow."""
        followers, self.followers = self.followers, {}
        for follower in followers:
            follower.end(self, failure)

    def _follow(self, update: LiveUpdate) -> None:
        if self._kept is not None:
            self._kept.append(update)
            return
        step = follow(self._held, update, self._reader.one)
        if isinstance(step, Gap):
            self.lose()
            self._follow(update)
        elif step.held is not self._held:
            self._hold(step)

    def _hold(self, step: Step[T]) -> None:
        self._held = step.held
        for take in tuple(self.followers.values()):
            take(step)
