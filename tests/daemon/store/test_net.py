"""Tests of net changes: one for each row that is not what it was."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pjaid.store.changed import Row, RowChange
from pjaid.store.net import net_changes

Key = tuple[str, str]
Tables = dict[Key, Row]
steps = st.lists(
    st.tuples(st.sampled_from(["one", "two"]), st.sampled_from("ab"), st.none() | st.integers(0, 2)),
    max_size=12,
)
"""Writes of a value to a row, or of none, which deletes it."""


def written(tables: Tables, table: str, key: str, value: int | None) -> RowChange | None:
    """Carries out a write, and tells of it as the database would."""
    before = tables.pop((table, key), None)
    after: Row | None = None if value is None else (key, value)
    if after is not None:
        tables[table, key] = after
    return None if before is after is None else RowChange(table, before, after)


def key_of(change: RowChange) -> Key:
    row = change.before or change.after
    assert row is not None
    return change.table, str(row[0])


@given(earlier=steps, later=steps)
def test_net_changes_lead_from_the_first_state_to_the_last_and_touch_no_other_row(
    earlier: list[tuple[str, str, int | None]], later: list[tuple[str, str, int | None]]
) -> None:
    tables: Tables = {}
    for step in earlier:
        written(tables, *step)
    first = dict(tables)
    changes = net_changes(change for step in later if (change := written(tables, *step)) is not None)
    differing = {key for key in first.keys() | tables.keys() if first.get(key) != tables.get(key)}
    assert sorted(map(key_of, changes)) == sorted(differing)
    for change in changes:
        assert (change.before, change.after) == (first.get(key_of(change)), tables.get(key_of(change)))


def test_rows_come_in_the_order_in_which_they_first_changed() -> None:
    changes = [
        RowChange("one", None, ("b", 1)),
        RowChange("one", None, ("a", 1)),
        RowChange("one", ("b", 1), ("b", 2)),
    ]
    assert net_changes(changes) == (RowChange("one", None, ("b", 2)), RowChange("one", None, ("a", 1)))
