"""Owns the methods that look into the daemon's work: explain, live."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import ExplainResult, LiveResult, Mode, Nothing
from pjai_wire.query import Query
from pjaid.methods.clients import Client, Clients
from pjaid.methods.router import Handler
from pjaid.store.explain import Explained
from pjaid.store.statements import compile_query
from pjaid.store.store import Store

_query = Decoder(Query, "params")
_nothing = Decoder(Nothing, "params")


class Keeping(Protocol):
    """How a live query would be kept."""

    @property
    def mode(self) -> Mode:
        """By what changes, or by running it again."""

    @property
    def why(self) -> str:
        """Why so, for people."""

    @property
    def found_by(self) -> tuple[str, ...]:
        """What a changed row is looked up by."""


class Watched(Protocol):
    """What these methods need of the live queries."""

    def plan_of(self, query: Query) -> Keeping:
        """How a live query would be kept."""

    def overview(self, name_of: Callable[[bytes], str]) -> LiveResult:
        """The live queries that are open; `name_of` knows the name of a connection's client."""


class InsightMethods:
    """Methods that look into the daemon's work.

    Args:
        store: what answers queries.
        live: what keeps them alive.
        clients: who said hello.
    """

    def __init__(self, store: Store, live: Watched, clients: Clients) -> None:
        self._store = store
        self._live = live
        self._clients = clients
        self.handlers: dict[str, Handler] = {"explain": self.explain, "live": self.live}

    async def explain(self, _client: Client, params: Raw) -> bytes:
        """How a query is answered, and how a live query of it would be kept."""
        query = _query.decode(params)
        answer = self._store.explain(compile_query(query))
        found = answer if isinstance(answer, Explained) else await answer
        kept = self._live.plan_of(query)
        return encode(
            ExplainResult(
                sql=found.sql,
                plan=found.plan,
                indexes=found.indexes,
                mode=kept.mode,
                why=kept.why,
                found_by=kept.found_by,
            )
        )

    def live(self, _client: Client, params: Raw) -> bytes:
        """The open live queries of all clients."""
        _nothing.decode(params)
        return encode(self._live.overview(lambda connection: self._clients.get(connection).origin.client))
