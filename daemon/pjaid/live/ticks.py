"""Owns ticks and pulses: what tells clients, once an interval, that nothing was lost and how far all came."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence, Set

import structlog

from pjai_wire.errors import LimitExceeded
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
        """Publishes a pulse for each client, and a tick to each topic that was told something since the last.

        Ends those whose subscriber never came, and the largest of a client that has more than it may.

        Args:
            patience_s: how long it waits at most for commits to pause, and then for gaps between them.
        """
        for unclaimed in self._registry.unclaimed(time.monotonic() - self._lease_s):
            self._end(unclaimed.topic)
        # First of all: what is open now, and found to be current later on, shows these states. What is opened
        # meanwhile may begin with an earlier one.
        seq, local_seq = self._dependents.seq, self._dependents.local_seq
        clients = self._registry.by_client()
        turns = Turns(self._store, min(patience_s, PATIENCE_A_TOPIC_S * len(self._registry)))
        late = await self._topics_of_late_views(turns)
        for opened in clients:
            pulse = opened[0].pulse
            shown, bytes_kept = await self._look_after(opened, late, turns)
            behind = [topic for topic in self._registry.topics_of(pulse.client) if topic not in shown]
            pulse.reached(seq, local_seq, behind)
            if pulse.is_heard and not pulse.is_behind and self._registry.pulse(pulse.topic) is pulse:
                self._delivery.flush(pulse)
            if bytes_kept > self._registry.bytes_per_client_max:
                self._end_crowding(pulse.client)

    async def _topics_of_late_views(self, turns: Turns) -> set[str]:
        late: set[str] = set()
        for watched in self._views:
            await turns.next()
            if not watched.is_current:
                late |= watched.subscriptions.keys()
        return late

    async def _look_after(
        self, opened: Sequence[Opened], late: Set[str], turns: Turns
    ) -> tuple[set[str], int]:
        """Ticks where that is due; the topics of what shows the present, and the bytes that all keep."""
        shown, bytes_kept = set(), 0
        for one in opened:
            await turns.next()
            if one.topic not in self._registry:
                continue
            bytes_kept += one.bytes_kept
            if one.is_heard and not one.is_behind and one.is_tick_due:
                self._tick(one)
            is_late = one.topic in late if isinstance(one, Subscription) else not one.is_current
            if one.is_heard and not one.is_behind and not is_late:
                shown.add(one.topic)
        return shown, bytes_kept

    def _tick(self, one: Opened) -> None:
        if isinstance(one, Subscription):
            one.put_off(self._views.seq_reached(self._views.get(one.view.identity)), ())
        else:
            one.reach(self._dependents.seq_of(one.table))
        self._delivery.flush(one)
        one.is_tick_due = False

    def _end_crowding(self, client: bytes) -> None:
        """Ends what takes too much; its client asks again, and learns why."""
        for crowding in self._registry.crowding(client):
            log.warning("live_query_ended", code=LimitExceeded.code, bytes=crowding.bytes_kept)
            self._end(crowding.topic)
