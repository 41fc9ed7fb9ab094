"""Owns what of memory goes into a prompt: the best that fits into a budget, fit to be read (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from msgspec import Struct, structs

from pjaid.search.tokens import clipped, estimated_tokens

LARGEST_SHARE = 2
"""One memory takes a half of the budget at most, with its heading, until all that fit have theirs."""

SHORTEST_TOKENS = 16
"""Of a small budget it takes more than a half, while there is room, before it is cut to less than this."""

PIECES_MAX = 999
"""So that a number in the text has three digits, and takes one token, at most."""

DAY_MS = 24 * 3600 * 1000
_EPOCH = date(1970, 1, 1).toordinal()
_DAYS_MAX = date.max.toordinal() - _EPOCH
_KNOWN = "What is known:"
_NUMBER = "[999] "


class Piece(Struct, frozen=True):
    """A memory, as it could stand in a prompt."""

    id: str
    text: str
    """On one line."""
    at: int
    """When it was made, in ms."""
    thread: str | None
    """The conversation that it is a turn of; None for any other memory."""
    score: float | None
    """None for a turn that was not found itself."""
    passage: str = ""
    """What of the text is to be seen, where it must be cut."""


class Found(Struct, frozen=True):
    """A piece that was found, and the turns around it."""

    piece: Piece
    around: tuple[Piece, ...] = ()


class Line(Struct, frozen=True):
    """A piece in the place that it has in the prompt."""

    piece: Piece
    text: str
    tokens: int


class Prompt(Struct, frozen=True):
    """What goes into the prompt."""

    text: str
    tokens: int
    lines: list[Line]
    left_out: int
    """Pieces that were found, and did not fit."""
    cut: frozenset[str]
    """The ids of those that were taken in part."""


def fitted(found: Iterable[Found], budget_tokens: int) -> Prompt:
    """The best of what was found that fits into a budget.

    The best are taken first, each followed by the turns around it; what does not fit any more is passed over,
    and what is shorter may still come in. What is left in the end goes to those that were cut. No text stands
    there twice.

    Args:
        found: the best first.
        budget_tokens: which the estimate for the whole text does not exceed.
    """
    taken = _Taken(budget_tokens)
    left_out = 0
    for one in found:
        if taken.take(one.piece):
            for piece in one.around:
                taken.take(piece)
        else:
            left_out += not taken.has(one.piece)
    taken.lengthen()
    return _written(taken, left_out)


class _Taken:
    """What was taken so far, and what is left of the budget."""

    def __init__(self, budget_tokens: int) -> None:
        self.pieces: dict[str, Piece] = {}
        """By their ids, as they were cut."""
        self._longest = budget_tokens // LARGEST_SHARE
        self._left = budget_tokens
        self.cut: dict[str, Piece] = {}
        """Those of them as they were before, the best first."""
        self._texts: set[str] = set()
        self._headings: set[tuple[str | None, int]] = set()

    def has(self, piece: Piece) -> bool:
        """Whether the piece, or one of the same text, was taken."""
        return piece.id in self.pieces or piece.text in self._texts

    def take(self, piece: Piece) -> bool:
        """Takes a piece, where it is not there yet and fits."""
        if self.has(piece):
            self._note_found(piece)
            return False
        mark = estimated_tokens(_NUMBER + _stamp(piece)) + 1
        if _group(piece) not in self._headings:
            mark += estimated_tokens(_heading(piece)) + 1
        room = max(self._longest - mark, min(SHORTEST_TOKENS, self._left - mark), 2)
        short = structs.replace(piece, text=clipped(piece.text, room, piece.passage))
        cost = mark + estimated_tokens(short.text)
        if cost > self._left or len(self.pieces) >= PIECES_MAX:
            return False
        self._left -= cost
        self._texts.add(piece.text)
        self._headings.add(_group(piece))
        self.pieces[piece.id] = short
        if short.text != piece.text:
            self.cut[piece.id] = piece
        return True

    def lengthen(self) -> None:
        """Gives what is left of the budget to what was cut."""
        for piece in self.cut.values():
            short = self.pieces[piece.id]
            tokens = estimated_tokens(short.text)
            longer = clipped(piece.text, tokens + self._left, piece.passage)
            self._left -= estimated_tokens(longer) - tokens
            self.pieces[piece.id] = structs.replace(short, text=longer)

    def _note_found(self, piece: Piece) -> None:
        """Keeps the score of what came as a neighbour first and was found itself."""
        known = self.pieces.get(piece.id)
        if known is not None and known.score is None:
            self.pieces[piece.id] = structs.replace(known, score=piece.score)


def _written(taken: _Taken, left_out: int) -> Prompt:
    written: list[str] = []
    lines: list[Line] = []
    for group in _in_order(taken.pieces.values()):
        written.append(_heading(group[0]))
        for piece in group:
            text = f"[{len(lines) + 1}] {_stamp(piece)}{piece.text}"
            lines.append(Line(piece, text, estimated_tokens(text)))
            written.append(text)
    whole = "\n".join(written)
    return Prompt(whole, estimated_tokens(whole), lines, left_out, frozenset(taken.cut))


def _in_order(pieces: Iterable[Piece]) -> Iterator[Sequence[Piece]]:
    """What is of no conversation, the best first; then days of conversations by time, and so their turns."""
    groups: defaultdict[tuple[str | None, int], list[Piece]] = defaultdict(list)
    for piece in pieces:
        groups[_group(piece)].append(piece)
    for (thread, _), known in groups.items():
        if thread is None:
            yield known
    talks = [
        sorted(talk, key=lambda piece: (piece.at, piece.id))
        for (thread, _), talk in groups.items()
        if thread is not None
    ]
    yield from sorted(talks, key=lambda talk: (talk[0].at, talk[0].id))


def _group(piece: Piece) -> tuple[str | None, int]:
    """A conversation's day; all that is of no conversation is one group."""
    return (None, 0) if piece.thread is None else (piece.thread, piece.at // DAY_MS)


def _heading(piece: Piece) -> str:
    return _KNOWN if piece.thread is None else f"Conversation of {_day(piece.at)}:"


def _stamp(piece: Piece) -> str:
    return f"{_day(piece.at)} " if piece.thread is None else ""


def _day(at: int) -> str:
    """The day of an instant, UTC."""
    days = at // DAY_MS
    return date.fromordinal(_EPOCH + days).isoformat() if days <= _DAYS_MAX else f"day {days}"
