"""Owns recalling: a search of memories whose hits become a text for a prompt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec
from msgspec import Raw

from pjai_wire import limits
from pjai_wire.envelope import Row
from pjai_wire.methods import HIT_COLUMNS, Recalled, RecallParams, RecallResult, SearchParams
from pjaid.search.prompt import Found, Piece, Prompt, fitted
from pjaid.search.searches import Searches
from pjaid.store.words.texts import texts_in
from pjaid.store.words.threads import thread_of

COLUMNS: Final = ("id", "personaId", "type", "name", "summary", "content", "createdAt", "metadata")

CHARACTERS_PER_TOKEN_MAX = 16
"""What no budget holds is not looked at: rather more than the longest words have."""

_decoded = msgspec.msgpack.Decoder().decode
_HIT = {name: len(COLUMNS) + place for place, name in enumerate(HIT_COLUMNS)}


async def recall(searches: Searches, params: RecallParams) -> RecallResult:
    """What of memory fits best into a budget.

    Raises:
        PjaiError: `params` mean nothing, or it cannot be found now.
    """
    ready = await searches.ready(_search(params))
    found = await searches.run(ready)
    characters_max = CHARACTERS_PER_TOKEN_MAX * params.budget_tokens
    whole = fitted([_found(row, characters_max) for row in found.rows], params.budget_tokens)
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


def _search(params: RecallParams) -> SearchParams:
    return SearchParams(
        text=params.text,
        vector=params.vector,
        model=params.model,
        where=params.where,
        mode=params.mode,
        links=params.links,
        diversity=params.diversity,
        weights=params.weights,
        limit=limits.SEARCH_HITS_MAX,
        select=COLUMNS,
        context=params.context,
    )


def _found(row: Row, characters_max: int) -> Found:
    around = (row[_HIT["before"]], row[_HIT["after"]])
    return Found(
        _piece(row, row[_HIT["score"]], characters_max),
        tuple(_piece(turn, None, characters_max) for turn in around if turn is not None),
    )


def _piece(row: Row, score: float | None, characters_max: int) -> Piece:
    values: Mapping[str, Any] = dict(zip(COLUMNS, row, strict=False))
    thread = None
    if values["type"] == "conversation":
        # Personas have threads of their own, and one of them may have no name.
        thread = f"{values['personaId']} {thread_of(_decoded(values['metadata']))}"
    return Piece(
        id=values["id"],
        text=_text(values)[:characters_max],
        at=values["createdAt"],
        thread=thread,
        score=score,
    )


def _text(values: Mapping[str, Any]) -> str:
    """A memory in one line: what it is called, in short and at length, without what is said twice."""
    parts: list[str] = []
    content: Raw = values["content"]
    for text in (values["name"], values["summary"], *texts_in(_decoded(content))):
        line = " ".join(text.split())
        if line and not any(line in known for known in parts):
            # What is longer and begins so takes the place of what is shorter.
            parts = [known for known in parts if known not in line]
            parts.append(line)
    return " · ".join(parts)


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
