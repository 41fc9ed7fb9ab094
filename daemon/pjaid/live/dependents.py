"""Owns who is told of which commits: each dependent of those that changed a row which can concern it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from typing import Any, Protocol

import anyio
import anyio.lowlevel

from pjai_wire.tables import Table
from pjaid.live.conjunctions import Conjunction
from pjaid.live.routes import Routes
from pjaid.store.changed import RowChange
from pjaid.store.writer import Committed

CHANGES_AT_ONCE_MAX = 64
"""Changed rows that are looked up without letting others run; larger commits take turns with requests."""

DEPENDENTS_AT_ONCE_MAX = 256
"""Dependents that are told without letting others run."""

DEPENDENTS_A_TURN = 32

COMMITS_BEFORE_SETTLED_MAX = 8
"""Commits that are told before somebody shows what became of them, where more always come meanwhile."""

CHANGES_WAITING_MAX = 100_000
"""Changed rows of the commits that wait; those beyond the first are told as a whole where there are more."""


class Dependent(Hashable, Protocol):
    """What depends on rows."""

    def touched(self, committed: Committed, changes: Sequence[RowChange]) -> None:
        """Some rows that can concern it changed in a commit."""

    def failed(self, error: Exception) -> None:
        """It raised this when it was told of a commit: what it holds is not to be believed any more."""

    def lost(self, committed: Committed) -> None:
        """A commit changed more rows than were told: what was known before it is not to be believed."""


Found = dict[Dependent, list[RowChange]]
"""Dependents, and the changed rows that can concern them."""


class Dependents:
    """Tells dependents of commits, in the order of the commits.

    Args:
        seq: the log's last when this begins.
        local_seq: how many changes to local tables there were.
    """

    def __init__(self, seq: int, local_seq: int) -> None:
        self.seq = seq
        """The log's last of which all were told."""
        self.local_seq = local_seq
        self._durable = seq
        self.settled: list[Callable[[], None]] = []
        """Called when all were told of every commit that there was, and now and then before that."""
        self._routes: Routes[Dependent] = Routes()
        self._disbelieving: dict[Dependent, None] = {}
        self._waiting: deque[Committed] = deque()
        self._changes_waiting = 0
        self._woken = anyio.Event()

    def seq_of(self, table: Table[Any]) -> int:
        """The last state of a table of which all were told: local tables count for themselves."""
        return self.local_seq if table.is_local else self.seq

    def seq_begun_of(self, table: Table[Any]) -> int:
        """The last state of a table of which some may have been told: who comes now may miss some of it."""
        if not self._waiting:
            return self.seq_of(table)
        begun = self._waiting[0]
        return begun.local_seq if table.is_local else begun.seq

    @property
    def is_settled(self) -> bool:
        """Whether all were told of every commit that anybody may know of."""
        return not self._waiting and self._durable == self.seq

    def add(self, table_name: str, conjunctions: Sequence[Conjunction], dependent: Dependent) -> None:
        """Tells `dependent` from now on of changed rows that fulfil one of `conjunctions`."""
        self._routes.add(table_name, conjunctions, dependent)

    def move(self, table_name: str, conjunctions: Sequence[Conjunction], dependent: Dependent) -> None:
        """Tells `dependent` from now on of these changed rows instead of those that it was added for."""
        self._routes.remove(dependent)
        self._routes.add(table_name, conjunctions, dependent)

    def remove(self, dependent: Dependent) -> None:
        """Tells it no more."""
        self._routes.remove(dependent)

    def disbelieve(self, dependent: Dependent) -> None:
        """What `dependent` holds is not to be believed any more: the next commit is lost to it."""
        self._disbelieving[dependent] = None

    def durable(self, committed: Committed) -> None:
        """A commit is durable, and its receipts are handed out before `committed` tells of it."""
        self.seen(committed.seq)

    def seen(self, seq: int) -> None:
        """Somebody is about to know the log's state at `seq`, which may be one that nobody was told of."""
        self._durable = max(self._durable, seq)

    def committed(self, committed: Committed) -> None:
        """A commit became durable: its dependents are told at once, or by `serve` where that takes long."""
        if self._waiting or committed.changes is None or len(committed.changes) > CHANGES_AT_ONCE_MAX:
            self._put_off(committed)
            return
        found = self._found(committed.changes)
        if len(found) > DEPENDENTS_AT_ONCE_MAX:
            self._put_off(committed)
            return
        _tell(committed, found.items())
        self._reach(committed)
        self._settle()

    def _put_off(self, committed: Committed) -> None:
        self._waiting.append(committed)
        self._changes_waiting += len(committed.changes or ())
        if self._changes_waiting > CHANGES_WAITING_MAX and len(self._waiting) > 1:
            # Commits come faster than they are told. Of the first some were told already.
            first = self._waiting[0]
            self._waiting = deque((first, Committed(committed.seq, committed.local_seq, None)))
            self._changes_waiting = len(first.changes or ())
        self._woken.set()

    async def serve(self) -> None:
        """Tells of commits that take long, and those behind them, until cancelled."""
        while True:
            await self._woken.wait()
            self._woken = anyio.Event()
            told = 0
            while self._waiting:
                await self._tell_in_turns(self._waiting[0])
                committed = self._waiting.popleft()
                self._changes_waiting -= len(committed.changes or ())
                self._reach(committed)
                told += 1
                if told % COMMITS_BEFORE_SETTLED_MAX == 0:
                    self._settle()
            self._settle()

    async def _tell_in_turns(self, committed: Committed) -> None:
        if committed.changes is None:
            for dependent in self._routes:
                dependent.lost(committed)
            return
        found: Found = {}
        for start in range(0, len(committed.changes), CHANGES_AT_ONCE_MAX):
            self._look_up(committed.changes[start : start + CHANGES_AT_ONCE_MAX], found)
            await anyio.lowlevel.checkpoint()
        concerned = iter(found.items())
        while some := list(islice(concerned, DEPENDENTS_A_TURN)):
            _tell(committed, some)
            await anyio.lowlevel.checkpoint()

    def _found(self, changes: tuple[RowChange, ...]) -> Mapping[Dependent, Sequence[RowChange]]:
        if len(changes) == 1:
            return dict.fromkeys(self._routes.found(changes[0]), changes)
        found: Found = {}
        self._look_up(changes, found)
        return found

    def _look_up(self, changes: Sequence[RowChange], found: Found) -> None:
        for change in changes:
            for dependent in self._routes.found(change):
                found.setdefault(dependent, []).append(change)

    def _reach(self, committed: Committed) -> None:
        disbelieving, self._disbelieving = self._disbelieving, {}
        for dependent in disbelieving:
            dependent.lost(committed)
        self.seq = committed.seq
        self.local_seq = committed.local_seq

    def _settle(self) -> None:
        for callback in self.settled:
            callback()


def _tell(committed: Committed, concerned: Iterable[tuple[Dependent, Sequence[RowChange]]]) -> None:
    """Tells some; the defect of one must not keep the commit from the others."""
    for dependent, changes in concerned:
        try:
            dependent.touched(committed, changes)
        except Exception as error:
            dependent.failed(error)
