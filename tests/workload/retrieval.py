"""Owns the measure of what searches find: `python -m tests.workload.retrieval [--data FILE] [--onnx FOLDER]`.

Every turn of real conversations is a memory in a real daemon, and each question asks for the turns that
answer it. recall@k is the share of a question's evidence among the first k hits, MRR the reciprocal rank of
the first of it within 100, both averaged over all questions. Nothing is tuned on them.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import anyio

import pjai
from pjai import memories, v1
from pjai.database import Database
from pjai_wire.codec import decode_any
from pjai_wire.methods import SearchMode
from tests.workload.locomo import Conversation, conversations

DATA = Path(__file__).parents[3] / "shared" / "real" / "locomo_4.json"
KS = (5, 10, 20)
DEPTH = 100
EVENTS_PER_COMMIT = 100

TARGETS: Mapping[str, Mapping[str, float]] = {
    "words": {"recall@10": 0.70},
    "both, static": {"recall@10": 0.71, "MRR": 0.50},
    "both, onnx": {"recall@10": 0.74, "MRR": 0.52},
}


class Score(NamedTuple):
    """How well questions were answered."""

    recall: tuple[float, ...]
    """At each of `KS`."""
    mrr: float
    ms: float
    """Of one search, on average."""

    def named(self) -> dict[str, float]:
        """The figures that have targets."""
        return {**{f"recall@{k}": share for k, share in zip(KS, self.recall, strict=True)}, "MRR": self.mrr}


def scored(ranked: Sequence[str], evidence: frozenset[str]) -> tuple[float, ...]:
    """Recall at each of `KS`, and the reciprocal rank, of one question."""
    recall = [len(evidence.intersection(ranked[:k])) / len(evidence) for k in KS]
    ranks = (1 / rank for rank, turn in enumerate(ranked[:DEPTH], 1) if turn in evidence)
    return (*recall, next(ranks, 0.0))


async def remembered(db: Database, conversation: Conversation) -> dict[str, str]:
    """Lets a persona remember a conversation, turn by turn; the turns by the ids of their memories."""
    await db.commit(v1.PersonaCreated(id=conversation.id, name=conversation.id))
    turns = {pjai.new_id(): turn for turn in conversation.turns}
    events = [
        v1.MemoryEntityCreated(
            id=memory_id,
            persona_id=conversation.id,
            type="conversation",
            name=turn.text,
            metadata={"sessionId": turn.session},
            at=turn.at,
        )
        for memory_id, turn in turns.items()
    ]
    for begin in range(0, len(events), EVENTS_PER_COMMIT):
        await db.commit(*events[begin : begin + EVENTS_PER_COMMIT])
    return {memory_id: turn.id for memory_id, turn in turns.items()}


async def measured(
    db: Database, asked: Sequence[Conversation], turns: Mapping[str, str], mode: SearchMode
) -> Score:
    """How well all questions are answered by a mode."""
    scores: list[tuple[float, ...]] = []
    began = time.perf_counter()
    for conversation in asked:
        among = memories.where(persona_id=conversation.id).select("id")
        for question in conversation.questions:
            hits = await db.search(question.text, among, mode=mode, limit=DEPTH)
            assert hits.mode == mode, hits.why
            scores.append(scored([turns[hit.row["id"]] for hit in hits], question.evidence))
    ms = 1000 * (time.perf_counter() - began) / len(scores)
    *recall, mrr = (sum(column) / len(scores) for column in zip(*scores, strict=True))
    return Score(tuple(recall), mrr, ms)


async def embedded(db: Database, count: int) -> None:
    """Waits until so many vectors were stored since the daemon's first event."""
    async for event in db.follow_events(names=("v1.VectorsStored",), after=0):
        count -= decode_any(bytes(event.args))["count"]
        if count <= 0:
            return


async def run(data: Path, embedders: Mapping[str, Mapping[str, object]]) -> dict[str, Score]:
    """The score of each way to search."""
    asked = list(conversations(data))
    found: dict[str, Score] = {}
    for name, settings in embedders.items():
        with pjai.testing.daemon(actors="embedder", **settings) as daemon:
            async with pjai.connect(daemon.endpoint, timeout=60) as db:
                turns: dict[str, str] = {}
                for conversation in asked:
                    turns |= await remembered(db, conversation)
                if "words" not in found:
                    found["words"] = await measured(db, asked, turns, "words")
                await embedded(db, len(turns))
                for mode in ("meaning", "both"):
                    found[f"{mode}, {name}"] = await measured(db, asked, turns, mode)
    return found


def table(found: Mapping[str, Score]) -> str:
    """The scores for people."""
    lines = [f"{'':16}{''.join(f'recall@{k:<5}' for k in KS)}{'MRR':<12}{'ms/search':<12}"]
    for name, score in found.items():
        figures = "".join(f"{share:<12.3f}" for share in (*score.recall, score.mrr))
        lines.append(f"{name:16}{figures}{score.ms:<12.2f}{_verdict(name, score)}")
    return "\n".join(lines)


def _verdict(name: str, score: Score) -> str:
    targets = TARGETS.get(name, {})
    missed = [f"{figure} < {least:.2f}" for figure, least in targets.items() if score.named()[figure] < least]
    return f"missed: {', '.join(missed)}" if missed else "reached" if targets else ""


def main(arguments: Sequence[str] | None = None) -> int:
    """Measures; 1 where a target is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--onnx", type=Path, help="a folder with an ONNX model and its tokenizer")
    asked = parser.parse_args(arguments)
    if not asked.data.exists():
        sys.stdout.write(f"skipped: there is no {asked.data}\n")
        return 0
    embedders: dict[str, Mapping[str, object]] = {"static": {"embedder": "static"}}
    if asked.onnx is not None:
        embedders["onnx"] = {"embedder": "onnx", "embedder_model_dir": asked.onnx}
    found = anyio.run(run, asked.data, embedders)
    sys.stdout.write(table(found) + "\n")
    return int(any(_verdict(name, score).startswith("missed") for name, score in found.items()))


if __name__ == "__main__":
    sys.exit(main())
