"""Owns the pace of an engine: which reads, commits and updates are held while others overtake them."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from random import Random
from typing import Any, TypeVar

import anyio
from msgspec import Struct

from pjaid.store.reads import Rows
from pjaid.store.statements import Statement
from pjaid.store.store import Store

T = TypeVar("T")


class Pace(Struct, frozen=True):
    """How the engine's parts come to stand to one another in time."""

    reads_in_threads: bool
    reads_held: float
    """The share of reads that others overtake."""
    commits_held: float
    """The share of commits that are told of later than they can be read."""
    refused: float
    """The share of updates that find their subscriber's queue full."""

    @classmethod
    def of(cls, chance: Random) -> Pace:
        """One in three engines does everything at once."""
        if chance.random() < 1 / 3:
            return AT_ONCE
        return cls(
            reads_in_threads=chance.random() < 0.15,
            reads_held=chance.choice((0, 0.3, 0.6, 0.9)),
            commits_held=chance.choice((0, 0, 0.3, 0.9)),
            refused=chance.choice((0, 0, 0.3, 0.9)),
        )


AT_ONCE = Pace(reads_in_threads=False, reads_held=0, commits_held=0, refused=0)


class Gate:
    """Holds whoever comes, until it is opened."""

    def __init__(self) -> None:
        self.is_open = False
        self._held: list[anyio.Event] = []

    async def passed(self) -> None:
        """Waits until those who came by now are let pass."""
        if not self.is_open:
            self._held.append(event := anyio.Event())
            await event.wait()

    def release(self) -> None:
        """Lets those pass who wait."""
        held, self._held = self._held, []
        for event in held:
            event.set()


class HeldReads:
    """A store some of whose reads wait at a gate, before they read and again before they answer.

    Args:
        store: where they read.
        chance: decides which.
        share: how many.
    """

    def __init__(self, store: Store, chance: Random, share: float) -> None:
        self.gate = Gate()
        self._store = store
        self._chance = chance
        self._share = share

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """As the store does."""
        return self.paced(lambda: self._store.read(statement, finish))

    def read_raw(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """As the store does."""
        return self.paced(lambda: self._store.read_raw(statement, finish))

    @property
    def writes(self) -> int:
        """As the store says."""
        return self._store.writes

    async def until_written(self) -> None:
        """As the store does."""
        await self._store.until_written()

    def paced(self, read: Callable[[], T | Coroutine[Any, Any, T]]) -> T | Coroutine[Any, Any, T]:
        """What a read finds, now or when it is let go on."""
        return self._held(read) if self._chance.random() < self._share else read()

    async def _held(self, read: Callable[[], T | Coroutine[Any, Any, T]]) -> T:
        await self.gate.passed()
        found = await now(read())
        await self.gate.passed()
        return found


async def now(found: T | Coroutine[Any, Any, T]) -> T:
    """What was found, or will be."""
    return await found if isinstance(found, Coroutine) else found
