"""Tests of a feed: a copy that is kept from what it tells holds the rows that meet its conditions."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pjai_wire.codec import Decoder
from pjai_wire.errors import InvalidQuery, RequestError
from pjai_wire.feed import FeedUpdate, RowDeleted, RowInserted, RowUpdated
from pjai_wire.methods import FeedParams
from pjai_wire.tables import workflows
from pjaid.live import feed as feeds
from pjaid.live.feed import PART_BYTES_MAX, Feed
from pjaid.live.pulse import Pulse
from pjaid.store.changed import Row, RowChange
from tests.daemon.live.making import became, came, committed, left, stored, workflow

_update = Decoder(FeedUpdate)
_row = Decoder(list[Any])


class Hearing:
    """A feed of workflows that run often, and a copy of them that is kept from what it tells."""

    def __init__(self, table: str = "workflows", **params: Any) -> None:
        self.touched: list[Feed] = []
        self.failures: list[Exception] = []
        self.feed = Feed(
            FeedParams(table=table, **params),
            "topic",
            Pulse("pulse", b"client"),
            0.0,
            on_touched=self.touched.append,
            on_failed=lambda _, error: self.failures.append(error),
        )
        self.feed.begin(1)
        self.seq = 1
        self.copy: dict[str, list[Any]] = {}

    def commit(self, seq: int, *changes: RowChange) -> None:
        """Tells the feed of changed rows."""
        self.feed.touched(committed(seq, *changes), changes)

    def hear(self) -> FeedUpdate:
        """Takes what the feed has to tell; each change fits the copy."""
        update = _update.decode(self.feed.message())
        self.feed.delivered()
        assert update.prev == self.seq
        self.seq = update.seq
        for change in update.changes:
            if isinstance(change, RowDeleted):
                del self.copy[change.id]
                continue
            row = _row.decode(change.row)
            assert (row[0] in self.copy) == isinstance(change, RowUpdated)
            self.copy[row[0]] = row
        return update


often = (workflows.execution_count >= 2,)
states = st.dictionaries(st.sampled_from("abc"), st.integers(0, 4), max_size=3)


@settings(max_examples=300, deadline=None)
@given(history=st.lists(st.tuples(states, st.booleans()), max_size=10))
def test_a_copy_holds_the_rows_that_meet_the_conditions(history: list[tuple[dict[str, int], bool]]) -> None:
    hearing = Hearing(where=often)
    now: dict[str, Row] = {}
    for seq, (counts, is_heard) in enumerate([*history, ({"a": 3, "b": 1}, True)], start=2):
        after = {row_id: workflow(row_id, execution_count=count) for row_id, count in counts.items()}
        changes = [
            RowChange("workflows", now.get(row_id), after.get(row_id))
            for row_id in sorted({*now, *after})
            if now.get(row_id) != after.get(row_id)
        ]
        hearing.commit(seq, *changes)
        now = after
        if is_heard:
            update = hearing.hear()
            assert update.seq == seq
            assert set(hearing.copy) == {row_id for row_id, count in counts.items() if count >= 2}
            told = [row_id_of(change) for change in update.changes]
            assert len(set(told)) == len(told)
    places = {name: place for place, name in enumerate(hearing.feed.columns)}
    assert {row[places["executionCount"]] for row in hearing.copy.values()} == {3}


def row_id_of(change: Any) -> str:
    return str(change.id if isinstance(change, RowDeleted) else _row.decode(change.row)[0])


@pytest.mark.parametrize(
    ("changes", "kinds"),
    [
        ([came(workflow("a")), left(workflow("a"))], []),
        ([came(workflow("a")), became(workflow("a"), workflow("a", name="b"))], [RowInserted]),
        ([left(workflow("a")), came(workflow("a", name="b"))], [RowUpdated]),
        ([became(workflow("a"), workflow("a", name="b")), left(workflow("a", name="b"))], [RowDeleted]),
    ],
)
def test_what_happened_to_a_row_is_told_as_one_change(changes: list[RowChange], kinds: list[type]) -> None:
    hearing = Hearing()
    for seq, change in enumerate(changes, start=2):
        hearing.commit(seq, change)
    update = _update.decode(hearing.feed.message())
    assert [type(change) for change in update.changes] == kinds
    assert (update.prev, update.seq) == (1, 3)


def test_a_feed_answers_the_columns_that_a_query_answers_by_default() -> None:
    hearing = Hearing("memories")
    assert "embedding" not in hearing.feed.columns
    assert hearing.feed.columns[0] == "id"


def test_a_commit_that_the_feed_began_after_is_not_told() -> None:
    hearing = Hearing()
    hearing.commit(1, came(workflow("a")))
    assert hearing.touched == []
    assert hearing.hear().changes == ()


def test_a_feed_of_documents_counts_their_changes() -> None:
    hearing = Hearing("client_documents")
    document = RowChange("client_documents", None, stored(hearing.feed.table, id="a"))
    hearing.feed.touched(committed(90, document, local_seq=2), [document])
    assert hearing.hear().seq == 2


@pytest.mark.parametrize("limit", ["WAITING_ROWS_MAX", "WAITING_BYTES_MAX"])
def test_more_than_can_wait_leaves_a_gap_that_shows(monkeypatch: pytest.MonkeyPatch, limit: str) -> None:
    monkeypatch.setattr(feeds, limit, 1)
    hearing = Hearing()
    hearing.commit(2, came(workflow("a")), came(workflow("b")))
    update = _update.decode(hearing.feed.message())
    assert (update.prev, update.seq, update.changes) == (2, 2, ())
    assert hearing.feed.bytes_kept == 0


def test_rows_that_were_not_told_leave_a_gap_that_shows() -> None:
    hearing = Hearing()
    hearing.commit(2, came(workflow("a")))
    hearing.feed.lost(committed(3))
    update = _update.decode(hearing.feed.message())
    assert (update.prev, update.seq, update.changes) == (3, 3, ())


def test_what_waits_is_counted_until_it_is_heard() -> None:
    hearing = Hearing()
    hearing.commit(2, came(workflow("a")), came(workflow("b")))
    of_both = hearing.feed.bytes_kept
    assert 0 < of_both < len(hearing.feed.message())
    hearing.commit(3, left(workflow("b")))
    assert 0 < hearing.feed.bytes_kept == of_both / 2
    hearing.hear()
    assert hearing.feed.bytes_kept == 0


def test_much_is_told_in_parts_of_which_only_the_last_leads_on() -> None:
    hearing = Hearing()
    names = {row_id: row_id * 30_000 for row_id in "abcde"}
    hearing.commit(2, *(came(workflow(row_id, name=name)) for row_id, name in names.items()))
    hearing.feed.message()  # A queue was full.
    told = [hearing.hear()]
    hearing.commit(
        3, became(workflow("a", name=names["a"]), workflow("a")), left(workflow("b", name=names["b"]))
    )
    told += [hearing.hear() for _ in range(2)]
    assert [(update.prev, update.seq, len(update.changes)) for update in told] == [
        (1, 1, 2),
        (1, 1, 2),
        (1, 3, 3),
    ]
    place = hearing.feed.columns.index("name")
    copy = {row_id: row[place] for row_id, row in hearing.copy.items()}
    assert copy == {"a": "", **{row_id: names[row_id] for row_id in "cde"}}
    assert hearing.feed.bytes_kept == 0


def test_the_next_part_is_told_when_one_was_sent_and_none_after_the_last() -> None:
    hearing = Hearing()
    hearing.commit(2, *(came(workflow(row_id, name=row_id * 40_000)) for row_id in "ab"))
    sent = [hearing.feed.message()]
    while (message := hearing.feed.delivered()) is not None:
        sent.append(message)
    assert [len(_update.decode(message).changes) for message in sent] == [1, 1]
    assert all(len(message) < PART_BYTES_MAX for message in sent)
    assert hearing.feed.seq == 2


def test_a_large_row_takes_as_many_places_in_a_queue_as_its_parts_would() -> None:
    hearing = Hearing()
    hearing.commit(2, came(workflow("a", name="a" * 3 * PART_BYTES_MAX)))
    updates = [hearing.hear() for _ in range(4)]
    assert [(update.prev, update.seq, len(update.changes)) for update in updates] == [
        (1, 2, 1),
        (2, 2, 0),
        (2, 2, 0),
        (2, 2, 0),
    ]
    assert hearing.feed.delivered() is None


def test_what_was_dropped_after_a_part_leaves_a_gap_that_shows() -> None:
    hearing = Hearing()
    hearing.commit(2, *(came(workflow(row_id, name=row_id * 40_000)) for row_id in "ab"))
    hearing.hear()
    hearing.feed.lost(committed(3))
    update = _update.decode(hearing.feed.message())
    assert (update.prev, update.seq, update.changes) == (3, 3, ())


def test_a_tick_never_leads_back() -> None:
    hearing = Hearing()
    hearing.commit(5, came(workflow("a")))
    hearing.feed.reach(4)
    assert hearing.hear().seq == 5


def test_only_what_can_be_followed_is_fed() -> None:
    with pytest.raises(InvalidQuery, match="like"):
        Hearing(where=(workflows.name.like("a%"),))
    with pytest.raises(RequestError):
        Hearing(where=(("nothing", "=", 1),))


def test_a_feed_that_cannot_follow_says_so() -> None:
    hearing = Hearing()
    defect = ValueError("a defect")
    hearing.feed.failed(defect)
    assert hearing.failures == [defect]
