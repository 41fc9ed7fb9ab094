"""Owns recalling: a search of memories whose hits become a text for a prompt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

import msgspec
from msgspec import Raw

from pjai_wire import limits
from pjai_wire.envelope import Row
from pjai_wire.errors import LimitExceeded
from pjai_wire.methods import HIT_COLUMNS, Recalled, RecallParams, RecallResult, SearchParams
from pjaid.search.prompt import Found, Piece, Prompt, fitted
from pjaid.search.searches import Found as SearchFound
from pjaid.search.searches import Ready, Searches
from pjaid.store.words.passages import CUT
from pjaid.store.words.snippets import Parts
from pjaid.store.words.texts import texts_in
from pjaid.store.words.threads import thread_of

COLUMNS: Final = ("id", "personaId", "type", "name", "summary", "content", "createdAt", "metadata")

CHARACTERS_PER_TOKEN_MAX = 16
"""What no budget holds is not looked at: rather more than the longest words have."""

TEXTS_COMPARED_MAX = 16
"""Of a memory, which may be said one within another; of further ones only equal ones are left out."""

_decoded = msgspec.msgpack.Decoder().decode
_HIT = {name: len(COLUMNS) + place for place, name in enumerate(HIT_COLUMNS)}


async def recall(
    searches: Searches, params: RecallParams, seen: Callable[[int], None] = lambda _: None
) -> RecallResult:
    """What of memory fits best into a budget.

    Args:
        searches: what finds.
        params: what to recall.
        seen: told the latest state that something of it shows.

    Raises:
        PjaiError: `params` mean nothing, or it cannot be found now.
    """
    ready, found = await _searched(searches, params)
    passages: dict[str, Parts] = {}
    while True:
        # Memories may be long, and budgets large: that would hold others up for seconds.
        whole = await asyncio.to_thread(_fitted, found.rows, params.budget_tokens, passages)
        if not (unknown := whole.cut - passages.keys()):
            break
        # Those alone that have a place: to find where a long text matches takes its time.
        passages |= dict.fromkeys(unknown, ())
        passages |= await searches.passages(ready, unknown)
    seen(found.latest)
    return RecallResult(
        seq=found.seq,
        text=whole.text,
        tokens=whole.tokens,
        memories=_memories(whole),
        left_out=whole.left_out,
        mode=ready.mode,
        meaning=ready.meaning,
        why=ready.why,
        model=ready.model,
    )


async def _searched(searches: Searches, params: RecallParams) -> tuple[Ready, SearchFound]:
    """As many hits as an answer holds: of long memories fewer fit into a budget, too.

    Raises:
        LimitExceeded: it does not even hold the best.
    """
    limit = limits.SEARCH_HITS_MAX
    while True:
        ready = await searches.ready(_search(params, limit), is_running_text=True)
        try:
            return ready, await searches.run(ready)
        except LimitExceeded:
            if limit == 1:
                raise
            limit //= 2


def _search(params: RecallParams, limit: int) -> SearchParams:
    return SearchParams(
        text=params.text[: limits.SEARCH_CHARACTERS_MAX],
        vector=params.vector,
        model=params.model,
        where=params.where,
        mode=params.mode,
        links=params.links,
        diversity=params.diversity,
        weights=params.weights,
        limit=limit,
        select=COLUMNS,
        context=params.context,
    )


def _fitted(rows: Sequence[Row], budget_tokens: int, passages: Mapping[str, Parts]) -> Prompt:
    """What fits; what must be cut shows its passage, where that is known."""
    characters_max = CHARACTERS_PER_TOKEN_MAX * budget_tokens
    lines = {memory_id: _line(parts) for memory_id, parts in passages.items()}
    return fitted([_found(row, lines, characters_max) for row in rows], budget_tokens)


def _found(row: Row, passages: Mapping[str, str], characters_max: int) -> Found:
    around = (row[_HIT["before"]], row[_HIT["after"]])
    return Found(
        _piece(row, row[_HIT["score"]], passages, characters_max),
        tuple(_piece(turn, None, passages, characters_max) for turn in around if turn is not None),
    )


def _line(passage: Parts) -> str:
    """The line of a passage that has its first match, as far as it is there; empty where nothing matches."""
    if len(passage) < 2:
        return ""
    before, *rest = passage
    lead = before.rpartition("\n")[2].removeprefix(CUT)
    return lead + "".join(rest).partition("\n")[0].removesuffix(CUT)


def _piece(row: Row, score: float | None, passages: Mapping[str, str], characters_max: int) -> Piece:
    values: Mapping[str, Any] = dict(zip(COLUMNS, row, strict=False))
    passage = passages.get(values["id"], "")
    thread = None
    if values["type"] == "conversation":
        # Personas have threads of their own, and one of them may have no name.
        thread = f"{values['personaId']} {thread_of(_decoded(values['metadata']))}"
    return Piece(
        id=values["id"],
        text=_text(values, passage, characters_max),
        at=values["createdAt"],
        thread=thread,
        score=score,
        passage=_in_one_line(passage),
    )


def _text(values: Mapping[str, Any], passage: str, characters_max: int) -> str:
    """A memory in one line: what it is called, in short and at length, without what is said twice."""
    parts: dict[str, None] = {}
    content: Raw = values["content"]
    size = 0
    is_sought = bool(passage)
    for text in (values["name"], values["summary"], *texts_in(_decoded(content))):
        is_here = is_sought and passage in text
        if size >= characters_max:
            if is_here:
                parts, size = {CUT: None}, 0
            elif is_sought:
                continue
            else:
                break
        is_sought = is_sought and not is_here
        if not (line := _in_one_line(_part(text, passage, characters_max))) or line in parts:
            continue
        if len(parts) < TEXTS_COMPARED_MAX:
            if any(line in known for known in parts):
                continue
            # What is longer and begins so takes the place of what is shorter.
            parts = {known: None for known in parts if known not in line}
            size = sum(map(len, parts))
        parts[line] = None
        size += len(line)
    return " · ".join(parts)


def _part(text: str, passage: str, characters_max: int) -> str:
    """As much of a text as is looked at: its beginning, or what is around the passage."""
    at = max(0, text.find(passage))
    begin = max(0, min(at - characters_max // 2, len(text) - characters_max))
    return CUT * (begin > 0) + text[begin : begin + characters_max]


def _in_one_line(text: str) -> str:
    return " ".join(text.split())


def _memories(whole: Prompt) -> list[Recalled]:
    return [
        Recalled(
            id=line.piece.id,
            score=line.piece.score,
            text=line.text,
            tokens=line.tokens,
            created_at=line.piece.at,
            thread=line.piece.thread,
        )
        for line in whole.lines
    ]
