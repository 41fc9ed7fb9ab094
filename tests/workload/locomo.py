"""Owns the reading of LoCoMo conversations: turns to remember, and questions whose evidence is known.

Definitions are those of `../shared/bench/retrieval_eval.py`, written anew: one turn is one memory; a question
searches its own conversation; those of category 5, and those whose evidence names no turn, are left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

ADVERSARIAL = 5
TURN_MS = 30_000
"""Between two turns of a session, whose times are not known."""

_SESSION = re.compile(r"session_(\d+)")
_EVIDENCE = re.compile(r"D:?(\d+):(\d+)")
_TIME = "%I:%M %p on %d %B, %Y"


class Turn(NamedTuple):
    """What somebody said."""

    id: str
    session: str
    speaker: str
    text: str
    """With who said it, and what the image shows that came with it."""
    at: int


class Question(NamedTuple):
    """What is asked about a conversation."""

    text: str
    evidence: frozenset[str]
    """Ids of the turns that answer it."""


class Conversation(NamedTuple):
    """One of the four."""

    id: str
    turns: tuple[Turn, ...]
    questions: tuple[Question, ...]


def conversations(path: Path) -> Iterator[Conversation]:
    """The conversations in a file of LoCoMo's."""
    for sample in json.loads(path.read_text(encoding="utf-8")):
        turns = tuple(_turns(sample["conversation"]))
        known = {turn.id for turn in turns}
        questions = (_question(asked, known) for asked in sample["qa"] if asked["category"] != ADVERSARIAL)
        yield Conversation(
            sample["sample_id"], turns, tuple(question for question in questions if question.evidence)
        )


def _turns(conversation: Mapping[str, Any]) -> Iterator[Turn]:
    numbers = sorted(int(found[1]) for key in conversation if (found := _SESSION.fullmatch(key)))
    for number in numbers:
        began = _instant(conversation[f"session_{number}_date_time"])
        for position, said in enumerate(conversation[f"session_{number}"]):
            image = f" [photo: {caption}]" if (caption := said.get("blip_caption")) else ""
            yield Turn(
                id=said["dia_id"],
                session=f"session {number}",
                speaker=said["speaker"],
                text=f"{said['speaker']}: {said['text']}{image}",
                at=began + position * TURN_MS,
            )


def _question(asked: Mapping[str, Any], known: set[str]) -> Question:
    named = (
        f"D{int(session)}:{int(turn)}"
        for raw in asked["evidence"]
        for session, turn in _EVIDENCE.findall(raw)
    )
    return Question(asked["question"], frozenset(known.intersection(named)))


def _instant(text: str) -> int:
    return round(datetime.strptime(text, _TIME).replace(tzinfo=UTC).timestamp() * 1000)
