"""Owns the methods that find rows by what is in them: search, recall.

A search is over one table. Its answer is a table's, with more columns at the end of each row, so that a
search travels, and is watched, as a query is.
"""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from pjai_wire import limits
from pjai_wire.envelope import Row
from pjai_wire.fields import Count, Vector, Weight, Word
from pjai_wire.methods.method import Method, Params, Result, Scope
from pjai_wire.query import Comparison, Identifier, Junction

SearchMode = Literal["words", "meaning", "both", "substring"]
"""By what is searched: words and phrases, the text's meaning, both, or any part of a text as it stands."""

MeaningState = Literal["used", "not_asked", "unavailable"]
"""Whether vectors had a part in the answer."""

SearchText = Annotated[str, Meta(max_length=limits.SEARCH_CHARACTERS_MAX)]
RecallText = Annotated[str, Meta(max_length=limits.RECALL_CHARACTERS_MAX)]
SearchLimit = Annotated[int, Meta(ge=1, le=limits.SEARCH_HITS_MAX)]
TokenBudget = Annotated[int, Meta(ge=limits.RECALL_TOKENS_MIN, le=limits.RECALL_TOKENS_MAX)]

HIT_COLUMNS = ("score", "words", "meaning", "signals", "linkedFrom", "snippet", "before", "after")
"""What follows the table's columns in each row of a search.

score       a number, by which the rows are ordered, the greatest first
words       how well the words fit, as a share of the best that there is; null where they do not
meaning     the cosine of the vectors; null where none was compared
signals     a map: what each signal added to the score, without those that added nothing
linkedFrom  the id of the hit by whose link the row came; null where it was found itself
snippet     parts of a text: the first as it is, the second matches, and so on in turn; null where not asked
before      the turn before in its conversation, a row of the table's columns; null where not asked or none
after       the turn after
"""


class SearchWeights(
    Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True, forbid_unknown_fields=True
):
    """How much counts what; what is left out is as the daemon's settings say."""

    meaning: Weight | UnsetType = UNSET
    """Of the whole in a search by both; words have the rest, by default as much."""
    recency: Weight | UnsetType = UNSET
    importance: Weight | UnsetType = UNSET
    tier: Weight | UnsetType = UNSET
    connections: Weight | UnsetType = UNSET


class Sought(Params, frozen=True, kw_only=True):
    """What is searched for, and how."""

    text: SearchText = ""
    """In plain words, or in the query language; empty only where there is a vector."""
    vector: Vector | UnsetType = UNSET
    """What the text means, where the client embeds by itself; its model must stand beside it."""
    model: Word | UnsetType = UNSET
    """Of which model vectors are compared, by default that of the embedder."""
    where: tuple[Comparison | Junction, ...] = ()
    """Conditions that every hit meets, as in a query; they come before the ranking."""
    mode: SearchMode | UnsetType = UNSET
    """By default `both`; `meaning` where there is a vector and no text, and `words` where the text says which
    words must be there, or must not."""
    links: bool = False
    """Also memories that a hit is linked with, at a lower score."""
    diversity: Weight = 0.0
    """How much a hit loses by likeness to those before it; 0 is the plain order."""
    weights: SearchWeights = SearchWeights()


class SearchParams(Sought, frozen=True, kw_only=True):
    """What to search for in which table, and what to answer of it."""

    table: Identifier = "memories"
    """One of memories, messages, conversations (their summaries) and workflows."""
    limit: SearchLimit = limits.SEARCH_HITS_DEFAULT
    select: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()
    omit: Annotated[tuple[Identifier, ...], Meta(max_length=limits.QUERY_COLUMNS_MAX)] = ()
    snippets: bool = False
    context: bool = False
    """With the turn before and the turn after each hit."""


class SearchResult(Result, frozen=True, kw_only=True):
    """Hits as rows, the best first."""

    seq: int
    """The state that the rows show."""
    columns: tuple[str, ...]
    """Those of the table, then `HIT_COLUMNS`."""
    rows: list[Row]
    mode: SearchMode
    """How was searched: `words` where `both` was to be had and meaning was not."""
    meaning: MeaningState
    why: str = ""
    """Why meaning was not to be had."""
    model: str | None = None
    """Whose vectors were compared."""


class RecallParams(Sought, frozen=True, kw_only=True):
    """What to recall of memories, and how much may come of it."""

    text: RecallText = ""
    """In plain words, as a person says them: no character and no word of it is an operator."""
    mode: SearchMode | UnsetType = UNSET
    """By default `both`, and `meaning` where there is a vector and no text."""
    budget_tokens: TokenBudget = limits.RECALL_TOKENS_DEFAULT
    context: bool = True
    """With the turns around what was found in a conversation, as far as they fit."""


class Recalled(Struct, frozen=True, kw_only=True, rename="camel"):
    """A memory that was recalled."""

    id: str
    score: float | None
    """None for the turn before or after a hit."""
    text: str
    """As it stands in the whole text."""
    tokens: Count
    """Estimated."""
    created_at: int
    thread: str | None
    """The conversation or session that it is a turn of; turns of one stand together, in the order of time."""


class RecallResult(Result, frozen=True, kw_only=True):
    """The best of memory that fits into a budget, in an order fit for a prompt."""

    seq: int
    text: str
    """All of it as one text."""
    tokens: Count
    """Of that text, estimated, never more than the budget."""
    memories: list[Recalled]
    """In the order of the text."""
    left_out: Count
    """Memories that were found and did not fit."""
    mode: SearchMode
    meaning: MeaningState
    why: str = ""
    model: str | None = None


SEARCH = Method("search", SearchParams, SearchResult, needs=Scope.READ)
RECALL = Method("recall", RecallParams, RecallResult, needs=Scope.READ)
