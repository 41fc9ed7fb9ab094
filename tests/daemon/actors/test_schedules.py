"""What each actor does by itself, and how often: work that nobody begins is missed by no other test."""

from __future__ import annotations

import pytest

from pjai.actor import Actor
from pjaid.actors.embedder import embedder
from pjaid.actors.memory_steward import memory
from pjaid.actors.metrics.actor import metrics
from pjaid.actors.persona import persona
from pjaid.actors.query_optimiser import optimiser


@pytest.mark.parametrize(
    ("actor", "periodic", "lasting"),
    [
        (persona, {"end_unfinished": 3600, "undo_unfinished": 3600}, []),
        (memory, {"check": 60, "round": 300, "run": 300, "when_due": 600}, []),
        (metrics, {"look": 1}, ["tell_prometheus"]),
        (optimiser, {"look": 20}, []),
        (embedder, {}, ["make_vectors"]),
    ],
    ids=lambda value: value.name if isinstance(value, Actor) else "",
)
def test_an_actor_does_its_own_work_at_its_pace(
    actor: Actor, periodic: dict[str, float], lasting: list[str]
) -> None:
    assert {one.do.__name__: one.seconds for one in actor.periodic} == periodic
    assert [work.__name__ for work in actor.lasting] == lasting
