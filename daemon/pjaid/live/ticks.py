"""Owns ticks and pulses: what tells clients, once an interval, that nothing was lost and how far all came."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set
from typing import Any, NamedTuple

import structlog

from pjai_wire.errors import LimitExceeded
from pjai_wire.tables import Table
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.feed import Feed
from pjaid.live.registry import Registry
from pjaid.live.source import Source
from pjaid.live.subscription import Subscription
from pjaid.live.turns import Turns
from pjaid.live.views import Views

log = structlog.get_logger()

PATIENCE_A_TOPIC_S = 5e-6
"""How long they wait for each topic that is looked at: a few hold nobody up, and so come at once."""

Opened = Subscription | Feed


class _States(NamedTuple):
    """The states that pulses are to speak of."""

    seq: int
    local_seq: int

    def of(self, table: Table[Any]) -> int:
        """That of a table: local ones count for themselves."""
        return self.local_seq if table.is_local else self.seq


class Ticks:
    """Looks after what is open.

    Args:
        store: whose commits go first.
        dependents: knows of which state all were told.
        views: know which of them show it.
        delivery: sends.
        registry: what is open.
        end: ends a topic without its client's doing.
        lease_s: how long a topic waits for its subscriber.
    """

    def __init__(
        self,
        store: Source,
        dependents: Dependents,
        views: Views,
        delivery: Delivery,
        registry: Registry[Opened],
        *,
        end: Callable[[str], None],
        lease_s: float,
    ) -> None:
        self._store = store
        self._dependents = dependents
        self._views = views
        self._delivery = delivery
        self._registry = registry
        self._end = end
        self._lease_s = lease_s

    async def tick(self, patience_s: float = 0) -> None:
        """Publishes a pulse for each client, and a tick to each topic that needs one.

        That is one which was told something since its last, or of which the pulse can't speak now: while many
        commit, some views are never at the present.

        Ends those whose subscriber never came, and the largest of a client that has more than it may.

        Args:
            patience_s: how long it waits at most for commits to pause, and then for gaps between them.
        """
        for unclaimed in self._registry.unclaimed(time.monotonic() - self._lease_s):
            self._end(unclaimed.topic)
        # First of all: what is open now, and found to be current later on, shows these states. What is opened
        # meanwhile may begin with an earlier one.
        states = _States(self._dependents.seq, self._dependents.local_seq)
        clients = self._registry.by_client()
        turns = Turns(self._store, min(patience_s, PATIENCE_A_TOPIC_S * len(self._registry)))
        elsewhere = await self._topics_elsewhere(states, turns)
        for opened in clients:
            pulse = opened[0].pulse
            shown, bytes_kept = await self._look_after(opened, states, elsewhere, turns)
            behind = [topic for topic in self._registry.topics_of(pulse.client) if topic not in shown]
            pulse.reached(states.seq, states.local_seq, behind)
            if pulse.is_heard and not pulse.is_behind and self._registry.pulse(pulse.topic) is pulse:
                self._delivery.flush(pulse)
            if bytes_kept > self._registry.bytes_per_client_max:
                self._end_crowding(pulse.client)

    async def _topics_elsewhere(self, states: _States, turns: Turns) -> set[str]:
        """The topics whose views show others than these states: earlier ones, or one that was read early."""
        elsewhere: set[str] = set()
        for watched in self._views:
            await turns.next()
            if not watched.is_current or watched.view.seq > states.of(watched.view.plan.table):
                elsewhere |= watched.subscriptions.keys()
        return elsewhere

    async def _look_after(
        self, opened: Sequence[Opened], states: _States, elsewhere: Set[str], turns: Turns
    ) -> tuple[set[str], int]:
        """Ticks where that is due; the topics of what shows those states, and the bytes that all keep."""
        shown, bytes_kept = set(), 0
        for one in opened:
            await turns.next()
            if one.topic not in self._registry:
                continue
            bytes_kept += one.bytes_kept
            is_elsewhere = one.topic in elsewhere
            if one.is_heard and not one.is_behind and (one.is_tick_due or is_elsewhere):
                self._tick(one, states)
            if isinstance(one, Feed):
                is_elsewhere = not one.shows(states.of(one.table))
            if one.is_heard and not one.is_behind and not is_elsewhere:
                shown.add(one.topic)
        return shown, bytes_kept

    def _tick(self, one: Opened, states: _States) -> None:
        if isinstance(one, Subscription):
            one.put_off(self._views.seq_reached(self._views.get(one.view.identity)), ())
        else:
            one.reach(states.of(one.table))
        self._delivery.flush(one)
        one.is_tick_due = False

    def _end_crowding(self, client: bytes) -> None:
        """Ends what takes too much; its client asks again, and learns why."""
        for crowding in self._registry.crowding(client):
            log.warning("live_query_ended", code=LimitExceeded.code, bytes=crowding.bytes_kept)
            self._end(crowding.topic)
