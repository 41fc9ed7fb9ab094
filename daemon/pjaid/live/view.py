"""Owns a view: one evaluation of a query, shared by all who watch it, from state to state (pure)."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from enum import Enum
from typing import Any, Final

from msgspec import Raw, Struct

from pjai_wire.changes import Change, Delete
from pjaid.live.conjunctions import Horizon
from pjaid.live.difference import Result, difference
from pjaid.live.kept import Kept, NotKept
from pjaid.live.kept_groups import KeptGroups
from pjaid.live.kept_rows import KeptRows
from pjaid.live.plan import Plan, rerun
from pjaid.live.run_anew import RunAnew
from pjaid.live.search_plan import Found, SearchPlan
from pjaid.live.searched import Searched
from pjaid.store.changed import RowChange, row_size
from pjaid.store.statements import Statement

FOLLOWED_AT_ONCE_MAX = 256
"""Changed rows of one commit that a window of rows follows; to read it anew is quicker than more of them."""

BACKLOG_ROWS_MAX = 10_000
BACKLOG_BYTES_MAX = 16 * 2**20
"""Changed rows that wait while a view is read; past it, it is read anew, and none waits any more."""

NEVER: Final = -1


class Need(Enum):
    """What a view must read before it can show the present."""

    NOTHING = "nothing"
    ROWS = "the rows beyond those that it knows"
    RESULT = "the whole result"


class Reading(Struct, frozen=True):
    """What a view asks to be read."""

    need: Need
    asked: Statement | SearchPlan
    reads_stored: bool
    """Whether rows are wanted as they are stored, or else as they travel."""


class Advance(Struct, frozen=True):
    """How a result went from one state to a later one."""

    seq: int
    changes: tuple[Change[Raw], ...] | None
    """None where the whole result is the shorter message."""


class View:
    """The result of a query at one state after the other.

    Whoever owns it hands it the rows that commits changed, reads what it `needs` when it does, and asks it
    how it has `advanced`.

    Args:
        plan: of the query or the search.
    """

    def __init__(self, plan: Plan | SearchPlan) -> None:
        self.plan = plan
        self.need = Need.RESULT
        self.seq = NEVER
        """The state that the result shows, where nothing is needed."""
        self._kept = _kept(plan)
        self._is_loaded = False
        self._reading: Reading | None = None
        self._read_at = NEVER
        self._early: tuple[int, Any] | None = None
        self._backlog: list[tuple[int, Sequence[RowChange] | None]] = []
        self._backlog_rows = self._backlog_bytes = 0
        self._changes: list[Change[Raw]] | None = []
        self._carried = 0
        """About how many bytes the message has that carries those changes."""
        self._compared_with: Result | None = None

    @property
    def identity(self) -> Hashable:
        """Equal for views of the same query."""
        return self.plan.identity

    @property
    def bytes_kept(self) -> int:
        """What the rows that it keeps take together."""
        return self._kept.bytes_kept

    @property
    def horizon(self) -> Horizon | None:
        """Beyond which no row concerns it, until it needs more; None where there is none."""
        if self.need is not Need.NOTHING or not isinstance(self._kept, KeptRows):
            return None
        return self._kept.horizon

    @property
    def found(self) -> Found | None:
        """What a search found last, and on what that depends; None where there is none, or of a query."""
        return self._kept.found if isinstance(self._kept, Searched) else None

    @property
    def is_reading(self) -> bool:
        """Whether something that it asked for is yet to come."""
        return self._reading is not None

    @property
    def has_read_early(self) -> bool:
        """Whether it has read something of a state that it is yet to be told of."""
        return self._early is not None

    @property
    def is_current(self) -> bool:
        """Whether it shows the state of the last commit that it was told of, and told how it came there."""
        return self.need is Need.NOTHING and self.is_told

    @property
    def is_told(self) -> bool:
        """Whether it shows the state at `seq`, be that the last one or not, and told how it came there."""
        return self._is_right and self._changes == [] and self._compared_with is None

    def shown(self) -> Result:
        """The result at `seq`, which is right where it `is_told`."""
        return self._kept.shown()

    def take(self, seq: int, changes: Sequence[RowChange]) -> None:
        """Follows the rows that a commit changed, among which may be some that do not concern it."""
        if seq <= self._read_at:
            return
        if self._reading is not None:
            self._put_by(seq, changes)
        elif self.need is not Need.RESULT:
            self._follow(seq, changes)

    def lose(self, seq: int) -> None:
        """A commit changed more rows than were told: the result must be read anew."""
        if seq <= self._read_at:
            return
        if self._reading is not None:
            self._backlog = [(seq, None)]
        else:
            self.need = Need.RESULT

    def begin_reading(self) -> Reading:
        """What to read now; `finish_reading` or `fail_reading` must follow."""
        assert self._reading is None
        if self.need is Need.ROWS:
            assert isinstance(self._kept, KeptRows)
            asked: Statement | SearchPlan = self._kept.refilling()
        else:
            asked = self._kept.loading()
        self._reading = Reading(self.need, asked, self._kept.reads_stored)
        self._backlog_rows = self._backlog_bytes = 0
        return self._reading

    def digest(self, rows: Any) -> Any:
        """What `finish_reading` takes of what was read, rows or hits; in whatever thread has read them."""
        return self._kept.digest(rows)

    def finish_reading(self, seq: int, digested: Any, told: int) -> None:
        """Takes what was read.

        Args:
            seq: the state in which it was read.
            digested: what `digest` made of it.
            told: the last commit of which the view was told.

        Raises:
            NotKept: the result is not one that can be kept; `demote` it.
        """
        assert self._reading is not None
        if self._reading.need is Need.RESULT:
            self._compare()
            self._kept.load(digested)
            self._is_loaded = True
            self.seq = self._read_at = seq
            self._end_reading()
        elif told < seq:
            # Rows beyond the known ones, of a state that is yet to be followed in the known ones.
            self._early = (seq, digested)
        else:
            self._extend(seq, digested)

    def catch_up(self, told: int) -> None:
        """Takes what was read too early, if the view has now been told of all commits up to it."""
        if self._early is not None and self._early[0] <= told:
            seq, digested = self._early
            self._early = None
            self._extend(seq, digested)

    def fail_reading(self) -> None:
        """Nothing was read; what was needed still is."""
        self._reading = self._early = None
        self._backlog.clear()
        self.need = Need.RESULT

    def demote(self, why: str) -> None:
        """Runs the query anew from now on whenever a row changes that it reads."""
        assert isinstance(self.plan, Plan), "a search is always run anew"
        self._compare()
        self.plan = rerun(self.plan, why)
        self._kept = RunAnew(self.plan)
        self._is_loaded = False
        self.fail_reading()

    def advanced(self) -> Advance | None:
        """How the result has changed since this was last asked; None where it has not, or can't be told."""
        if not self._is_right:
            return None
        changes, self._changes, self._carried = self._changes, [], 0
        before, self._compared_with = self._compared_with, None
        if before is not None:
            compared = difference(before, self._kept.shown())
            changes = None if changes is None or compared is None else changes + compared
        if changes is None:
            return Advance(self.seq, None)
        return Advance(self.seq, tuple(changes)) if changes else None

    @property
    def _is_right(self) -> bool:
        """Whether the result is that of `seq`.

        One that is run anew stays so until the next run, however many commits come meanwhile. Else it would
        never be told where they come faster than it runs.
        """
        return self.need is Need.NOTHING or (self._is_loaded and self._kept.is_shown_meanwhile)

    def _follow(self, seq: int, changes: Sequence[RowChange]) -> None:
        if isinstance(self._kept, KeptRows) and len(changes) > FOLLOWED_AT_ONCE_MAX:
            self.need = Need.RESULT
            return
        if not self._kept.is_exact:
            self._compare()
        try:
            for change in changes:
                self._note(self._kept.take(change))
        except NotKept:
            self.need = Need.RESULT
            return
        self.seq = max(self.seq, seq)
        self.need = Need.ROWS if self._kept.lacks_rows else Need.NOTHING

    def _put_by(self, seq: int, changes: Sequence[RowChange]) -> None:
        """Keeps what changed during a read, which may be long, or else only that it is to be read again."""
        if self._kept.is_shown_meanwhile:
            if self._is_to_be_run_again(changes):
                self._backlog = [(seq, None)]
            return
        self._backlog_rows += len(changes)
        self._backlog_bytes += sum(row_size(change.after or change.before) for change in changes)
        if self._backlog_rows > BACKLOG_ROWS_MAX or self._backlog_bytes > BACKLOG_BYTES_MAX:
            self._backlog = [(seq, None)]
        else:
            self._backlog.append((seq, changes))

    def _is_to_be_run_again(self, changes: Sequence[RowChange]) -> bool:
        try:
            for change in changes:
                self._kept.take(change)
        except NotKept:
            return True
        return False

    def _note(self, changes: list[Change[Raw]]) -> None:
        """Adds to the changes since `advanced`, until the whole result is the shorter message."""
        if self._compared_with is not None or self._changes is None or not changes:
            return
        self._changes += changes
        self._carried += carried(changes)
        if len(self._changes) > 1 and self._carried > self._kept.bytes_kept:
            self._changes = None

    def _compare(self) -> None:
        """From here on the changes come from a comparison with the result of now, if there is one."""
        if self._compared_with is None and self.seq != NEVER:
            self._compared_with = self._kept.shown()

    def _extend(self, seq: int, digested: Any) -> None:
        assert isinstance(self._kept, KeptRows)
        if any(changes is None for _, changes in self._backlog):
            # Not all is known that happened to the rows before those that were read.
            self.fail_reading()
            return
        later = [(at, changes) for at, changes in self._backlog if at > seq]
        self._reading, self._backlog = None, [one for one in self._backlog if one[0] <= seq]
        self._work_off()
        if self.need is Need.RESULT:
            self._backlog = []
            return
        self._note(self._kept.refill(digested))
        self.seq = max(self.seq, seq)
        self.need = Need.ROWS if self._kept.lacks_rows else Need.NOTHING
        self._backlog = later
        self._work_off()

    def _end_reading(self) -> None:
        self._reading = None
        self.need = Need.ROWS if self._kept.lacks_rows else Need.NOTHING
        self._work_off()

    def _work_off(self) -> None:
        backlog, self._backlog = self._backlog, []
        for seq, changes in backlog:
            if changes is None:
                self.lose(seq)
            else:
                self.take(seq, changes)


def carried(changes: Sequence[Change[Raw]]) -> int:
    """About how many bytes the message has that carries some changes."""
    size = 10 * len(changes)
    for change in changes:
        if not isinstance(change, Delete):
            size += len(memoryview(change.row))
    return size


def _kept(plan: Plan | SearchPlan) -> Kept:
    if isinstance(plan, SearchPlan):
        return Searched(plan)
    if plan.mode == "rerun":
        return RunAnew(plan)
    if plan.query.aggregates or plan.query.group_by:
        return KeptGroups(plan.query, plan.statement)
    return KeptRows(plan.query)
