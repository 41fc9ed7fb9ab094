"""Owns the methods that show how queries are answered, and which are kept alive: explain, live."""

from __future__ import annotations

from collections.abc import Awaitable

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import ExplainResult, LiveQueryInfo, LiveResult, Nothing
from pjai_wire.query import Query
from pjaid.live.plan import Plan, plan
from pjaid.live.queries import LiveQueries
from pjaid.live.subscription import Subscription
from pjaid.live.watched import Watched
from pjaid.methods.clients import Client, Clients
from pjaid.methods.router import Answer, Handler
from pjaid.store.explain import Explained
from pjaid.store.store import Store

_query = Decoder(Query, "params")
_nothing = Decoder(Nothing, "params")


class InsightMethods:
    """Methods that look into the daemon's work.

    Args:
        store: knows how statements are run.
        live: knows what is kept alive.
        clients: who said hello.
    """

    def __init__(self, store: Store, live: LiveQueries, clients: Clients) -> None:
        self._store = store
        self._live = live
        self._clients = clients
        self.handlers: dict[str, Handler] = {"explain": self.explain, "live": self.live}

    def explain(self, _client: Client, params: Raw) -> Answer:
        """How a query is answered, and how it would be kept alive."""
        planned = plan(_query.decode(params))
        found = self._store.explain(planned.statement)
        if isinstance(found, Explained):
            return _explained(planned, found)
        return _explained_later(planned, found)

    def live(self, _client: Client, params: Raw) -> bytes:
        """Every live query that is open."""
        _nothing.decode(params)
        queries = [self._told_of(subscription, watched) for subscription, watched in self._live.overview()]
        return encode(LiveResult(seq=self._store.seq, views=self._live.views, queries=queries))

    def _told_of(self, subscription: Subscription, watched: Watched) -> LiveQueryInfo:
        planned = watched.view.plan
        return LiveQueryInfo(
            label=subscription.label,
            client=self._clients.get(subscription.client).origin.client,
            table=planned.table.table_name,
            shape=planned.shape,
            mode=planned.mode,
            why=planned.why,
            rows=len(watched.view.shown().rows),
            bytes=watched.view.bytes_kept,
            updates=subscription.updates,
            spent_us=watched.spent_ns // 1000,
            subscribers=len(watched.subscriptions),
            behind=subscription.is_behind,
            opened_at=subscription.opened_at_ms,
            seq=subscription.seq,
        )


def _explained(planned: Plan, found: Explained) -> bytes:
    return encode(
        ExplainResult(
            sql=found.sql,
            plan=found.plan,
            indexes=found.indexes,
            mode=planned.mode,
            why=planned.why,
            found_by=planned.found_by,
        )
    )


async def _explained_later(planned: Plan, found: Awaitable[Explained]) -> bytes:
    return _explained(planned, await found)
