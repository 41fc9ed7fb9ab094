"""Owns which searches over a table a commit concerns: those whose hits it can change (pure).

The conditions of a search do not tell, as those of a query do: how well a word fits a row depends on the
others, and whether a vector matters on how near those are that were found.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from msgspec import Struct

from pjai_wire.query import Junction
from pjai_wire.tables import Table, memory_links
from pjaid.live.countdown import Countdown
from pjaid.live.predicate import NOT_EVALUATED, Predicate, comparisons, predicate
from pjaid.live.search_plan import Found, Near, SearchPlan
from pjaid.store import vectors
from pjaid.store.changed import RowChange, positions

if TYPE_CHECKING:
    from pjaid.live.nearness import Nearness

ItemT = TypeVar("ItemT", bound=Hashable)

Shelf = tuple[Hashable, str | None]
"""A model, and the only persona whose vectors matter, or None where all do."""


class _Search(Struct, eq=False):
    """What is known of one search."""

    plan: SearchPlan
    filtered: frozenset[int]
    """The columns of its conditions."""
    meets: Predicate | None
    """Whether a row meets them; None where only SQLite can tell."""
    weighed: frozenset[str] = frozenset()
    near: Near | None = None


class Concerns(Generic[ItemT]):
    """Searches over one table, by what they depend on.

    Args:
        table: it.
    """

    def __init__(self, table: Table[Any]) -> None:
        self._table = table
        self._searches: dict[ItemT, _Search] = {}
        self._by_text: defaultdict[int, dict[ItemT, None]] = defaultdict(dict)
        self._by_value: defaultdict[int, dict[ItemT, None]] = defaultdict(dict)
        self._by_condition: defaultdict[int, dict[ItemT, None]] = defaultdict(dict)
        self._by_any_row: dict[ItemT, None] = {}
        self._by_links: dict[ItemT, None] = {}
        self._by_any_vector: dict[ItemT, None] = {}
        self._by_vectors: dict[Shelf, Nearness[ItemT]] = {}
        self._owner = positions(table).get("personaId")
        self._countdowns: defaultdict[str | None, Countdown[ItemT]] = defaultdict(Countdown)
        """Of changed rows, of a persona or of all, to where words of a search may have become common."""
        self._unsure: dict[ItemT, None] = {}
        """Those that are being run: nobody knows yet what concerns them."""

    def __iter__(self) -> Iterator[ItemT]:
        """Over the searches of this moment."""
        return iter(list(self._searches))

    def __len__(self) -> int:
        return len(self._searches)

    def add(self, item: ItemT, plan: SearchPlan) -> None:
        """Knows a search from now on."""
        places = positions(self._table)
        # A message has no persona of its own: that of its conversation is the plan's, and never another.
        where = [one for one in plan.params.where if isinstance(one, Junction) or one[0] in places]
        named = [(places[name], operator) for name, operator in comparisons(where)]
        if self._table.has("deletedAt"):
            named.append((places["deletedAt"], "="))
        is_evaluated = not any(operator in NOT_EVALUATED for _, operator in named)
        search = self._searches[item] = _Search(
            plan=plan,
            filtered=frozenset(place for place, _ in named),
            meets=predicate(self._table, where) if is_evaluated else None,
        )
        for filed in self._files(search):
            filed[item] = None
        self._unsure[item] = None

    def running(self, item: ItemT) -> None:
        """A search is about to be run: whatever happens until it `ran` concerns it."""
        self._unsure[item] = None

    def ran(self, item: ItemT, found: Found) -> None:
        """A search was run: what it found decides what concerns it from now on."""
        self._unsure.pop(item, None)
        search = self._searches[item]
        if search.near is not None and (found.near is None or found.near.model != search.near.model):
            self._unshelve(item, search)
        search.weighed, search.near = found.weighed, found.near
        if found.near is not None:
            shelf = self._shelf((found.near.model, search.plan.persona_id), len(found.near.vector))
            shelf.put(item, found.near.vector, found.near.bar)
        countdown = self._countdowns[search.plan.persona_id]
        if found.steady_for is None:
            countdown.discard(item)
        else:
            countdown.put(item, found.steady_for)
        if found.lacks_vectors or search.plan.reads.any_vector:
            self._by_any_vector[item] = None
        else:
            self._by_any_vector.pop(item, None)

    def remove(self, item: ItemT) -> None:
        """Forgets a search.

        Raises:
            KeyError: it is not known.
        """
        search = self._searches.pop(item)
        for filed in self._files(search):
            del filed[item]
        self._unsure.pop(item, None)
        self._by_any_vector.pop(item, None)
        self._countdowns[search.plan.persona_id].discard(item)
        self._unshelve(item, search)

    def of(self, changes: Sequence[RowChange]) -> Iterator[ItemT]:
        """The searches whose hits some changes can change; one may come more than once.

        They are to be run again, also if the next changes concern them no more.
        """
        yield from self._unsure
        rows = [change for change in changes if change.table == self._table.table_name]
        if rows:
            yield from self._concerned_by_rows(rows)
        if self._by_links and any(change.table == memory_links.table_name for change in changes):
            yield from self._by_links
        near = [change for change in changes if change.table == vectors.VECTORS and self._is_ours(change)]
        if near:
            yield from self._by_any_vector
            yield from self._concerned_by_vectors(near)

    def _concerned_by_rows(self, rows: Sequence[RowChange]) -> Iterator[ItemT]:
        yield from self._by_any_row
        for persona_id, number in self._counted(rows).items():
            yield from self._countdowns[persona_id].count(number)
        updated = [change for change in rows if change.before is not None and change.after is not None]
        columns = {place for change in updated for place in _differing(change)}
        for place, filed in self._by_text.items():
            if place in columns or len(updated) < len(rows):
                yield from filed
        for place in columns & self._by_value.keys():
            yield from self._by_value[place]
        filtered: dict[ItemT, None] = {}
        for place in columns & self._by_condition.keys():
            filtered |= self._by_condition[place]
        for item in filtered:
            meets = self._searches[item].meets
            if meets is None or any(_crosses(change, meets) for change in updated):
                yield item
        known = {change.before[0] for change in rows if change.before is not None}
        if known:
            yield from [item for item, one in self._searches.items() if not one.weighed.isdisjoint(known)]

    def _counted(self, rows: Sequence[RowChange]) -> Mapping[str | None, int]:
        """How many rows changed of all, and of each persona whose words are counted, at most."""
        if self._owner is None:
            return dict.fromkeys(self._countdowns, len(rows))
        counted: Counter[Any] = Counter()
        for change in rows:
            counted.update({row[self._owner] for row in (change.before, change.after) if row is not None})
        counted[None] = len(rows)
        return {persona_id: counted[persona_id] for persona_id in self._countdowns}

    def _concerned_by_vectors(self, changes: Sequence[RowChange]) -> Iterator[ItemT]:
        by_shelf: defaultdict[Shelf, list[Any]] = defaultdict(list)
        rows = set[Any]()
        for change in changes:
            for row in (change.before, change.after):
                if row is not None:
                    rows.add(row[vectors.ROW])
                    for persona_id in (str(row[vectors.PERSONA]), None):
                        by_shelf[row[vectors.MODEL], persona_id].append(row[vectors.VECTOR])
        for shelf in by_shelf.keys() & self._by_vectors.keys():
            yield from self._by_vectors[shelf].near(by_shelf[shelf])
        yield from [
            item
            for item, one in self._searches.items()
            if one.near is not None and not one.near.rows.isdisjoint(rows)
        ]

    def _is_ours(self, change: RowChange) -> bool:
        """Whether a vector is of a row of the table."""
        row = change.after if change.before is None else change.before
        return row is not None and row[vectors.TABLE] == self._table.table_name

    def _files(self, search: _Search) -> Iterator[dict[ItemT, None]]:
        """Under what a search is filed."""
        reads = search.plan.reads
        yield from (self._by_text[place] for place in reads.texts)
        yield from (self._by_value[place] for place in reads.values)
        yield from (self._by_condition[place] for place in search.filtered)
        if reads.any_row:
            yield self._by_any_row
        if reads.links:
            yield self._by_links

    def _shelf(self, shelf: Shelf, dimension: int) -> Nearness[ItemT]:
        if shelf not in self._by_vectors:
            # Only now, as it takes numpy along.
            from pjaid.live.nearness import Nearness

            self._by_vectors[shelf] = Nearness(dimension)
        return self._by_vectors[shelf]

    def _unshelve(self, item: ItemT, search: _Search) -> None:
        if search.near is not None:
            shelf = search.near.model, search.plan.persona_id
            self._by_vectors[shelf].remove(item)
            if not self._by_vectors[shelf]:
                del self._by_vectors[shelf]


def _differing(change: RowChange) -> Iterator[int]:
    """Where the columns stand in which a row is not what it was."""
    assert change.before is not None
    assert change.after is not None
    for place, (was, now) in enumerate(zip(change.before, change.after, strict=True)):
        if was is not now and was != now:
            yield place


def _crosses(change: RowChange, meets: Predicate) -> bool:
    """Whether a row that was changed has come to meet conditions, or no longer does."""
    assert change.before is not None
    assert change.after is not None
    return meets(change.before) != meets(change.after)
