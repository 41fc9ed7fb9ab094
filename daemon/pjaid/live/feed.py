"""Owns a feed: the rows of a table as they come, change and leave, for a program that keeps a copy (pure)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import accumulate, islice

from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.errors import InvalidQuery
from pjai_wire.feed import FeedChange, FeedUpdate, RowDeleted, RowInserted, RowUpdated
from pjai_wire.methods import CountParams, FeedParams
from pjai_wire.tables import table_named
from pjaid.live.conjunctions import conjunctions
from pjaid.live.predicate import NOT_EVALUATED, comparisons, predicate
from pjaid.live.projection import projection
from pjaid.live.pulse import Pulse
from pjaid.store.changed import Row, RowChange, positions
from pjaid.store.statements import compile_count
from pjaid.store.writer import Committed

WAITING_ROWS_MAX = 10_000
WAITING_BYTES_MAX = 8 * 2**20
"""What waits for a subscriber at most; past it the changes are dropped, and it finds the gap."""

PART_BYTES_MAX = 64 * 2**10
"""More is told in several messages, so that a full queue of a subscriber who does not read is not much."""


class Feed:
    """The changes of the rows that meet some conditions.

    Args:
        params: which table and conditions.
        topic: where it is published.
        pulse: its client's.
        opened_at: when, on the clock of leases, in seconds.
        on_touched: told that it has something to tell.
        on_failed: told why it can't follow its table.

    Raises:
        RequestError: the conditions mean nothing, or only SQLite can match them.
    """

    def __init__(
        self,
        params: FeedParams,
        topic: str,
        pulse: Pulse,
        opened_at: float,
        *,
        on_touched: Callable[[Feed], None],
        on_failed: Callable[[Feed, Exception], None],
    ) -> None:
        self.table = table_named(params.table)
        compile_count(CountParams(table=params.table, where=params.where))
        for _, operator in comparisons(params.where):
            if operator in NOT_EVALUATED:
                raise InvalidQuery(f"a feed knows no {operator}", hint="watch a query instead")
        columns = [column for column in self.table.default_columns if column.kind != "gathered"]
        places = positions(self.table)
        self.columns = tuple(column.name for column in columns)
        self.conjunctions = conjunctions(self.table, params.where)
        self.label = params.label
        self.topic = topic
        self.pulse = pulse
        self.client = pulse.client
        self.opened_at = opened_at
        self.seq = 0
        """The state of which its subscriber was told last."""
        self.is_heard = False
        self.is_behind = False
        self.is_tick_due = False
        """As of a live query."""
        self.bytes_kept = 0
        """What the changes that wait take."""
        self._shown_seq = 0
        self._on_touched = on_touched
        self._on_failed = on_failed
        self._meets = predicate(self.table, params.where)
        self._encoded = projection(tuple((places[column.name], column.kind) for column in columns))
        self._waiting: dict[str, FeedChange] = {}
        self._told_at_once = 0
        """How many of those the last message carries."""
        self._fillers = 0
        """Ticks that follow a row which is larger than a part, so that it fills a queue as parts would."""

    def shows(self, seq: int) -> bool:
        """Whether a copy shows the state at `seq` that was kept from what it has told."""
        return not self._waiting and self._shown_seq <= seq

    def begin(self, seq: int) -> None:
        """Tells each change after the state at `seq`."""
        self.seq = self._shown_seq = seq

    def touched(self, committed: Committed, changes: Sequence[RowChange]) -> None:
        """Follows the rows that a commit changed, unless the feed began after it."""
        if self._seq_of(committed) <= self.seq:
            return
        for change in changes:
            self._note(change)
        self.reach(self._seq_of(committed))
        self._on_touched(self)
        if len(self._waiting) > WAITING_ROWS_MAX or self.bytes_kept > WAITING_BYTES_MAX:
            self.lost(committed)

    def lost(self, committed: Committed) -> None:
        """There is more to tell than can wait.

        The next update leads from here, and whoever hears it finds that it holds another state.
        """
        self.reach(self._seq_of(committed))
        self._waiting = {}
        self.bytes_kept = 0
        self.seq = self._shown_seq
        self.is_tick_due = True

    def failed(self, error: Exception) -> None:
        """It did not follow a commit."""
        self._on_failed(self, error)

    def reach(self, seq: int) -> None:
        """What waits leads to the state at `seq`."""
        self._shown_seq = max(self._shown_seq, seq)

    def message(self) -> bytes:
        """An update with the changes that wait, the oldest first, as many as fit into a part, or one.

        While others wait still, it leads from a state to the same: the copy shows none until it has all.
        """
        if self._fillers:
            return encode(FeedUpdate(seq=self.seq, prev=self.seq))
        changes = tuple(self._waiting.values())
        if self.bytes_kept > PART_BYTES_MAX:
            sizes = accumulate(map(_size, changes))
            changes = changes[: max(1, sum(size <= PART_BYTES_MAX for size in sizes))]
        self._told_at_once = len(changes)
        seq = self._shown_seq if len(changes) == len(self._waiting) else self.seq
        return encode(FeedUpdate(seq=seq, prev=self.seq, changes=changes))

    def delivered(self) -> bytes | None:
        """That update was sent; the next one, where there is more to send."""
        self.is_tick_due = True
        if self._fillers:
            self._fillers -= 1
        else:
            told = [self._waiting.pop(row_id) for row_id in list(islice(self._waiting, self._told_at_once))]
            size = sum(map(_size, told))
            self.bytes_kept -= size
            self._fillers = max(0, size - 1) // PART_BYTES_MAX
            if not self._waiting:
                self.seq = self._shown_seq
        return self.message() if self._waiting or self._fillers else None

    def _seq_of(self, committed: Committed) -> int:
        return committed.local_seq if self.table.is_local else committed.seq

    def _note(self, change: RowChange) -> None:
        """Puts a change in the place of the one that waits for the same row, if there is one."""
        was = change.before is not None and self._meets(change.before)
        after = change.after if change.after is not None and self._meets(change.after) else None
        row_id = _id_of(change.before if change.after is None else change.after)
        waiting = self._waiting.pop(row_id, None)
        if waiting is not None:
            self.bytes_kept -= _size(waiting)
            was = not isinstance(waiting, RowInserted)
        now: FeedChange | None = RowDeleted(row_id) if was else None
        if after is not None:
            row = Raw(change.once(self._encoded, after))
            now = RowUpdated(row) if was else RowInserted(row)
        if now is not None:
            self._waiting[row_id] = now
            self.bytes_kept += _size(now)


def _id_of(row: Row | None) -> str:
    assert row is not None
    row_id = row[0]
    assert isinstance(row_id, str), "each table's first column is its id"
    return row_id


def _size(change: FeedChange) -> int:
    """About how many bytes a message grows by it."""
    return 10 + len(change.id if isinstance(change, RowDeleted) else memoryview(change.row))
