"""Owns the answers that are kept: each serves the same question until a row changes that it depends on."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Sequence

from msgspec import Struct

from pjaid.live.dependents import Dependents
from pjaid.live.footprint import Footprint
from pjaid.store.changed import RowChange
from pjaid.store.writer import Committed

ENTRY_BYTES = 2_000
CONJUNCTION_BYTES = 1_000
"""About what it takes to keep an answer, and to find it by what it depends on, beside the answer itself."""

SHARE_MAX = 4
"""An answer larger than this part of the room is not kept, as it would push out many."""


class Answer(Struct, frozen=True):
    """What a question was answered, without the state that it was answered at."""

    question: bytes
    body: bytes
    footprint: Footprint
    kept_at: float
    forget: Answers

    @property
    def bytes_kept(self) -> int:
        """What it takes to keep it."""
        found_by = sum(len(conjunctions) for _, conjunctions in self.footprint.rows)
        return ENTRY_BYTES + CONJUNCTION_BYTES * found_by + len(self.question) + len(self.body)

    def __hash__(self) -> int:
        return id(self)

    def __eq__(self, other: object) -> bool:
        return self is other

    def touched(self, _committed: Committed, changes: Sequence[RowChange]) -> None:
        """Rows changed that can concern it: it is forgotten where they do."""
        if any(self.footprint.concerns(change) for change in changes):
            self.forget.drop(self)

    def failed(self, _error: Exception) -> None:
        """Nobody knows whether rows concern it: it is forgotten."""
        self.forget.drop(self)

    def lost(self, _committed: Committed) -> None:
        """Any row may have changed: it is forgotten."""
        self.forget.drop(self)


class Answers:
    """Answers to the questions that were asked last.

    Args:
        dependents: tells of commits.
        bytes_max: what the answers may take together; 0 keeps none.
        age_max_s: how long one is kept.
        clock: in seconds.
    """

    def __init__(
        self,
        dependents: Dependents,
        *,
        bytes_max: int,
        age_max_s: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._dependents = dependents
        self._bytes_max = bytes_max
        self._age_max_s = age_max_s
        self._clock = clock
        self._by_question: OrderedDict[bytes, Answer] = OrderedDict()
        self._ambiguous_seq: int | None = None
        self.bytes_kept = 0
        """What the answers take together."""
        self.hits = 0
        self.misses = 0

    def __len__(self) -> int:
        return len(self._by_question)

    @property
    def seq(self) -> int:
        """The state that the answers show."""
        return self._dependents.seq

    def get(self, question: bytes) -> bytes | None:
        """The answer to a question, if it is known to be that of the present.

        While a durable commit is yet to be told of, nothing is known.
        """
        answer = self._by_question.get(question)
        if answer is None or not self._dependents.is_settled:
            self.misses += 1
            return None
        if answer.kept_at + self._age_max_s < self._clock():
            self.drop(answer)
            self.misses += 1
            return None
        self._by_question.move_to_end(question)
        self.hits += 1
        return answer.body

    def seen(self, seq: int) -> None:
        """Something is about to be answered from the state at `seq`: nothing older is, from now on."""
        self._dependents.seen(seq)

    def keep(self, question: bytes, body: bytes, footprint: Footprint, seq: int) -> None:
        """Keeps an answer that was read in the state at `seq`, if that is the present, and others less."""
        if seq != self._dependents.seq or seq == self._ambiguous_seq or not self._dependents.is_settled:
            return
        answer = Answer(question, body, footprint, self._clock(), self)
        if answer.bytes_kept * SHARE_MAX > self._bytes_max or question in self._by_question:
            return
        self._by_question[question] = answer
        self.bytes_kept += answer.bytes_kept
        for table, conjunctions in footprint.rows:
            self._dependents.add(table, conjunctions, answer)
        while self.bytes_kept > self._bytes_max:
            self.drop(next(iter(self._by_question.values())))

    def drop(self, answer: Answer) -> None:
        """Forgets an answer, if it is kept."""
        if self._by_question.get(answer.question) is answer:
            del self._by_question[answer.question]
            self.bytes_kept -= answer.bytes_kept
            self._dependents.remove(answer)

    def clear(self) -> None:
        """Forgets every answer: the state was changed without a commit.

        Until the next one two states have this seq, and an answer that is yet to come may be of either.
        """
        self._ambiguous_seq = self._dependents.seq
        for answer in list(self._by_question.values()):
            self.drop(answer)
