"""Owns live queries and feeds as their clients know them: opened, told of changes, resynced and ended."""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator

import structlog
from anyio.abc import TaskGroup
from msgspec import Struct

from pjai_wire.errors import UnknownTopic
from pjai_wire.ids import now_ms
from pjai_wire.measures import Measures
from pjai_wire.methods import FeedParams
from pjai_wire.query import Query
from pjaid.live.awaiting import Awaiting
from pjaid.live.delivery import Delivery
from pjaid.live.dependents import Dependents
from pjaid.live.feed import Feed
from pjaid.live.plan import Plan, plan
from pjaid.live.pulse import Pulse
from pjaid.live.registry import Registry
from pjaid.live.search_plan import SearchPlan
from pjaid.live.source import Source
from pjaid.live.subscription import Subscription
from pjaid.live.ticks import Opened, Ticks
from pjaid.live.view import Advance
from pjaid.live.views import Views
from pjaid.live.watched import Watched

log = structlog.get_logger()

TOPIC_BYTES = 16


class Snapshot(Struct, frozen=True):
    """A live query's result at one state."""

    topic: str
    pulse: str
    seq: int
    columns: tuple[str, ...]
    rows: list[bytes]
    """Each row, encoded as it travels."""


class LiveQueries:
    """Keeps queries alive, and feeds running.

    Args:
        store: where they read.
        dependents: tells them of commits.
        delivery: sends their updates.
        registry: what is open.
        rerun_interval_s: how long a query that is run anew waits after each run.
        lease_s: how long a topic waits for its subscriber.
    """

    def __init__(
        self,
        store: Source,
        dependents: Dependents,
        delivery: Delivery,
        registry: Registry[Opened],
        *,
        rerun_interval_s: float,
        lease_s: float,
    ) -> None:
        self._dependents = dependents
        self._delivery = delivery
        self._registry = registry
        self._views = Views(
            store,
            dependents,
            rerun_interval_s=rerun_interval_s,
            on_advanced=self._deliver,
            on_failed=self._end,
        )
        self._ticks = Ticks(
            store, dependents, self._views, delivery, registry, end=self._end_topic, lease_s=lease_s
        )
        self.feeds = 0
        """How many of those that are open are feeds."""
        self._updates = 0
        self._touched_feeds: dict[Feed, None] = {}
        dependents.settled.append(self._tell_feeds)

    def __len__(self) -> int:
        return len(self._registry)

    @property
    def metered(self) -> Measures:
        """Updates with changes that subscribers of live queries were told, and what views read for them."""
        return Measures(counts={"live_updates": self._updates, "live_reads": self._views.reads})

    @property
    def views(self) -> int:
        """How many different queries are kept alive."""
        return len(self._views)

    @property
    def awaiting(self) -> Awaiting:
        """The searches that await the embedder."""
        return self._views.awaiting

    async def watch(self, query: Query, client: bytes, label: str) -> Snapshot:
        """Opens a live query.

        Raises:
            LimitExceeded: too many are open, or its result is too large.
            RequestError: the query means nothing.
        """
        return await self._watch(plan(query), client, label)

    async def watch_search(self, planned: SearchPlan, client: bytes, label: str) -> Snapshot:
        """Opens a live search.

        Raises:
            LimitExceeded: as `watch`.
            PjaiError: it can't be run.
        """
        return await self._watch(planned, client, label)

    async def _watch(self, planned: Plan | SearchPlan, client: bytes, label: str) -> Snapshot:
        self._registry.require_room(client)
        with self._views.held(self._views.open(planned)) as watched:
            await self._views.until_current(watched)
            self._registry.require_room(client, watched.view.bytes_kept)
            seq = self._views.seq_reached(watched)
            subscription = Subscription(
                topic=_new_topic(),
                client=client,
                label=label,
                view=watched.view,
                pulse=self._pulse_of(client),
                opened_at=time.monotonic(),
                opened_at_ms=now_ms(),
                seq=seq,
                shown_seq=seq,
            )
            self._registry.add(subscription)
            watched.subscriptions[subscription.topic] = subscription
            return _snapshot(subscription)

    async def resync(self, topic: str) -> Snapshot:
        """The whole result, for a client that missed a message.

        Raises:
            UnknownTopic: it has ended, or is a feed.
        """
        subscription = self._subscription(topic)
        with self._views.held(self._views.get(subscription.view.identity)) as watched:
            await self._views.until_current(watched)
            subscription = self._subscription(topic)
            subscription.told(self._views.seq_reached(watched))
            return _snapshot(subscription)

    def feed(self, params: FeedParams, client: bytes) -> Feed:
        """Opens a feed.

        Raises:
            LimitExceeded: too many are open.
            RequestError: the conditions mean nothing, or only SQLite can match them.
        """
        self._registry.require_room(client)
        feed = Feed(
            params,
            _new_topic(),
            self._pulse_of(client),
            time.monotonic(),
            on_touched=self._note_touched,
            on_failed=self._end_feed,
        )
        feed.begin(self._dependents.seq_begun_of(feed.table))
        self._dependents.add(feed.table.table_name, feed.conjunctions, feed)
        self._registry.add(feed)
        self.feeds += 1
        return feed

    def unwatch(self, topic: str) -> None:
        """Ends a live query or a feed; one that has ended stays so."""
        opened = self._registry.remove(topic)
        if opened is None:
            return
        self._delivery.forget(topic)
        opened.pulse.heard -= opened.is_heard
        if self._registry.pulse(opened.pulse.topic) is None:
            self._delivery.forget(opened.pulse.topic)
        if isinstance(opened, Subscription):
            watched = self._views.get(opened.view.identity)
            del watched.subscriptions[topic]
            self._views.drop_unused(watched)
        else:
            self.feeds -= 1
            self._dependents.remove(opened)
            self._touched_feeds.pop(opened, None)

    def overview(self) -> Iterator[tuple[Subscription, Watched]]:
        """Every live query, and the view that it shares."""
        for opened in self._registry:
            if isinstance(opened, Subscription):
                yield opened, self._views.get(opened.view.identity)

    def end_all(self) -> None:
        """Ends everything, for the clients to begin anew: what they hold may be wrong."""
        for watched in self._views:
            self._end(watched, UnknownTopic("the state was rebuilt", hint="watch again"))
        for opened in self._registry:
            self._end_topic(opened.topic)

    def end_searches(self) -> None:
        """Ends searches that compared vectors, for their clients to begin anew: those vectors are gone."""
        for watched in self._views:
            if (found := watched.view.found) is not None and found.near is not None:
                self._end(watched, UnknownTopic("the state was rebuilt", hint="watch again"))

    def issued(self, topic: str) -> bool:
        """Whether something that is open has this topic, or a client's pulse."""
        return topic in self._registry or self._registry.pulse(topic) is not None

    def subscribed(self, topic: str) -> None:
        """Somebody hears the topic from now on: what changed since the snapshot is published at once."""
        if (pulse := self._registry.pulse(topic)) is not None:
            pulse.is_heard = True
            return
        opened = self._registry.get(topic)
        if not opened.is_heard:
            opened.is_heard = True
            opened.pulse.heard += 1
        self._delivery.flush(opened)

    def unsubscribed(self, topic: str) -> None:
        """Nobody hears the topic any more: what it tells of ends."""
        if (pulse := self._registry.pulse(topic)) is not None:
            pulse.is_heard = False
        else:
            self.unwatch(topic)

    async def tick(self, patience_s: float = 0) -> None:
        """As `Ticks.tick`."""
        await self._ticks.tick(patience_s)

    async def serve(self, tasks: TaskGroup) -> None:
        """Reads what had to wait, until cancelled; slow reads in `tasks`."""
        await self._views.serve(tasks)

    def _pulse_of(self, client: bytes) -> Pulse:
        """The pulse for what a client opens: that of what it has open already, or a new one."""
        return self._registry.pulse_of(client) or Pulse(_new_topic(), client)

    def _subscription(self, topic: str) -> Subscription:
        opened = self._registry.get(topic)
        if not isinstance(opened, Subscription):
            raise UnknownTopic("a feed has no result", hint="read the table, and open another feed")
        return opened

    def _deliver(self, watched: Watched, advance: Advance) -> None:
        """Tells every subscriber of a change: those who were told the same, in the same bytes."""
        updates: dict[int, bytes] = {}
        for subscription in watched.subscriptions.values():
            if subscription.is_behind or not subscription.is_heard:
                subscription.put_off(watched.seq, advance.changes)
                continue
            if subscription.seq not in updates:
                updates[subscription.seq] = subscription.update(watched.seq, advance.changes)
            if self._delivery.send(subscription, updates[subscription.seq]):
                subscription.told(watched.seq)
                subscription.updates += 1
                self._updates += 1
            else:
                subscription.put_off(watched.seq, advance.changes)

    def _end_topic(self, topic: str) -> None:
        """Ends a topic without its client's doing, which it is told of; one that has ended stays so."""
        if topic not in self._registry:
            return
        pulse = self._registry.get(topic).pulse
        if pulse.is_heard:
            pulse.ended(topic)
            if not pulse.is_behind:
                self._delivery.flush(pulse)
        self.unwatch(topic)

    def _note_touched(self, feed: Feed) -> None:
        if feed.topic in self._registry:  # It may have ended since it was found to be concerned.
            self._touched_feeds[feed] = None

    def _tell_feeds(self) -> None:
        """Publishes what the feeds have taken of the commits of which all were told."""
        for feed in self._touched_feeds:
            if feed.is_heard and not feed.is_behind:
                self._delivery.flush(feed)
        self._touched_feeds.clear()

    def _end_feed(self, feed: Feed, reason: Exception) -> None:
        log.error("feed_ended", table=feed.table.table_name, exc_info=reason)
        self._end_topic(feed.topic)

    def _end(self, watched: Watched, reason: Exception) -> None:
        """Ends a view; its clients ask again, and learn why."""
        for topic in list(watched.subscriptions):
            self._end_topic(topic)
        self._views.end(watched, reason)


def _new_topic() -> str:
    return secrets.token_urlsafe(TOPIC_BYTES)


def _snapshot(subscription: Subscription) -> Snapshot:
    view = subscription.view
    return Snapshot(
        topic=subscription.topic,
        pulse=subscription.pulse.topic,
        seq=subscription.seq,
        columns=view.plan.columns,
        rows=view.shown().rows,
    )
