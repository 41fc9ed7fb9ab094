"""Owns the watched searches that go without the embedder for now, and are run again when it is back."""

from __future__ import annotations

import anyio

from pjai_wire.methods import SearchParams
from pjaid.live.dependents import Dependents
from pjaid.live.search_plan import SearchPlan
from pjaid.live.watched import Watched


class Awaiting:
    """Watched searches that await the embedder.

    Args:
        dependents: tells them of the next commit.
    """

    def __init__(self, dependents: Dependents) -> None:
        self._dependents = dependents
        self._searches: dict[Watched, None] = {}
        self._begun = anyio.Event()

    def __len__(self) -> int:
        return len(self._searches)

    def add(self, watched: Watched) -> None:
        """A search goes without the vector that its text would have."""
        self._searches[watched] = None
        self._begun.set()

    def discard(self, watched: Watched) -> None:
        """A search has its vector, or will never have one, or is watched no more."""
        self._searches.pop(watched, None)

    async def next(self) -> SearchParams:
        """One of them, each in its turn, once there are some."""
        while not self._searches:
            self._begun = anyio.Event()
            await self._begun.wait()
        watched = next(iter(self._searches))
        self._searches[watched] = self._searches.pop(watched)
        assert isinstance(watched.view.plan, SearchPlan)
        return watched.view.plan.params

    def end(self) -> None:
        """Texts can be embedded again: the next commit, whatever it changes, concerns all of them."""
        searches, self._searches = self._searches, {}
        for watched in searches:
            self._dependents.disbelieve(watched)
