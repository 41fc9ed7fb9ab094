"""Owns the methods that read and write the data: query, count, get, commit, events."""

from __future__ import annotations

from functools import lru_cache

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import (
    CountParams,
    CountResult,
    EventsParams,
    EventsResult,
    GetParams,
    GetResult,
    RowsResult,
)
from pjai_wire.query import Query
from pjaid.methods.clients import Client
from pjaid.methods.router import Answer, Handler
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement, compile_count, compile_get, compile_query
from pjaid.store.store import Store
from pjaid.store.trail import Page

COMPILED_MAX = 1_000
COMPILED_BYTES_MAX = 2_000
"""Queries whose statements are kept: programs ask the same ones again and again."""

_query = Decoder(Query, "params")
_count = Decoder(CountParams, "params")
_get = Decoder(GetParams, "params")
_events = Decoder(EventsParams, "params")


def _compiled(params: bytes) -> Statement:
    return compile_query(_query.decode(params))


_kept = lru_cache(maxsize=COMPILED_MAX)(_compiled)


class DataMethods:
    """Methods on the store.

    Args:
        store: what they read and write.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.handlers: dict[str, Handler] = {
            "query": self.query,
            "count": self.count,
            "get": self.get,
            "commit": self.commit,
            "events": self.events,
        }

    def query(self, _client: Client, params: Raw) -> Answer:
        """Rows of a table, or groups of them."""
        encoded = bytes(params)
        statement = _kept(encoded) if len(encoded) <= COMPILED_BYTES_MAX else _compiled(encoded)

        def finish(answer: Rows) -> bytes:
            return encode(RowsResult(seq=answer.seq, columns=statement.columns, rows=answer.rows))

        return self._store.read(statement, finish)

    def count(self, _client: Client, params: Raw) -> Answer:
        """How many rows."""
        statement = compile_count(_count.decode(params))
        return self._store.read(
            statement, lambda answer: encode(CountResult(seq=answer.seq, count=answer.rows[0][0]))
        )

    def get(self, _client: Client, params: Raw) -> Answer:
        """One row by its id."""
        statement = compile_get(_get.decode(params))

        def finish(answer: Rows) -> bytes:
            row = answer.rows[0] if answer.rows else None
            return encode(GetResult(seq=answer.seq, columns=statement.columns, row=row))

        return self._store.read(statement, finish)

    def commit(self, client: Client, params: Raw) -> Answer:
        """Events, recorded all or none."""
        return self._store.commit(bytes(params), client.origin, encode)

    def events(self, _client: Client, params: Raw) -> Answer:
        """A page of the audit trail."""

        def finish(page: Page) -> bytes:
            return encode(EventsResult(seq=page.seq, events=page.events, next=page.next))

        return self._store.read_trail(_events.decode(params), finish)
