"""Owns the plan of a watched search: what it reads, which searches are equal, and how it is run (pure)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Hashable, Sequence
from typing import Any, Final, Literal, Protocol, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from pjai_wire.codec import encode
from pjai_wire.envelope import Row
from pjai_wire.methods import SearchParams
from pjai_wire.tables import Table
from pjaid.live.plan import normal_conditions

T = TypeVar("T")

PASSED_BY_ALL: Final = float("-inf")
"""The bar of a search that has room for whatever comes."""


class Near(Struct, frozen=True):
    """What a search by meaning looked for, and how near to it a vector must be to matter."""

    model: Hashable
    """Whose vectors it compares, as their rows name it."""
    vector: Sequence[float]
    """Of unit length."""
    bar: float
    """A vector that comes or goes and whose cosine is less changes nothing of what was found, unless it is of
    one of `rows`."""
    rows: frozenset[int] = frozenset()
    """Numbers of rows whose vectors matter however far they are, as words brought them along."""


class Found(Struct, frozen=True):
    """What a search found, and the rows on which that depends."""

    seq: int
    """The state that it shows."""
    rows: Sequence[Row]
    weighed: frozenset[str]
    """The ids of the rows that were weighed against each other: whatever changes in one of them matters."""
    near: Near | None
    """None where no vectors had a part in it."""
    lacks_vectors: bool = False
    """Whether vectors would have had a part in it, had there been any: each that comes matters."""
    steady_for: int | None = None
    """It is to be run again once so many rows of its table have come, changed or left; None where their
    number does not matter."""
    awaits_embedder: bool = False
    """Whether a search for the same may find something else as soon as its text can be embedded again."""


class Run(Protocol):
    """Runs a search in the state of the present."""

    def __call__(self, finish: Callable[[Found], T]) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of what is found, at once where that is quick."""


class Reads(Struct, frozen=True):
    """What a search reads, beside the rows that it weighed and the vectors near its own."""

    texts: frozenset[int] = frozenset()
    """Where in a row of the table the columns stand whose change matters whichever row it is, and that it
    comes or goes: how well a word fits depends on how many rows have it."""
    values: frozenset[int] = frozenset()
    """Where the columns stand whose change matters whichever row it is."""
    any_row: bool = False
    """Whether any change of any row matters, as rows beside those that were weighed are answered."""
    links: bool = False
    """Whether the links between memories matter."""
    any_vector: bool = False
    """Whether any change of a vector matters, be it near or not."""


class SearchPlan(Struct, frozen=True):
    """How a watched search is kept: it is run anew once something has changed that it depends on."""

    params: SearchParams
    """In the form that all searches of the same meaning share."""
    table: Table[Any]
    columns: tuple[str, ...]
    key: tuple[int, ...] | None
    """Which of the columns tell a row from the others; None where none do."""
    persona_id: str | None
    """The only persona whose rows it finds; None where there may be several."""
    reads: Reads
    run: Run
    mode: Literal["rerun"] = "rerun"
    why: str = "how well a row fits depends on the others"

    @property
    def identity(self) -> Hashable:
        """Equal for searches that always have the same result."""
        return ("search", encode(self.params))

    @property
    def shape(self) -> str:
        """What it has in common with others of its kind, without what is searched for."""
        return f"search {self.table.table_name}"


def normal_search(params: SearchParams) -> SearchParams:
    """The search in the form that all of the same meaning share."""
    return replace(params, where=normal_conditions(params.where))
