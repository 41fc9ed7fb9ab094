"""Owns the methods that read and write the data: query, count, get, commit, events."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import lru_cache

from msgspec import Raw, Struct

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import (
    CommitParams,
    CountParams,
    CountResult,
    EventsParams,
    EventsResult,
    GetParams,
    GetResult,
    RowsResult,
)
from pjai_wire.query import Query
from pjaid.live.answers import Answers
from pjaid.live.footprint import Footprint, footprint, footprint_of_count
from pjaid.methods.clients import Client
from pjaid.methods.guard import Guard
from pjaid.methods.router import Answer, Handler
from pjaid.store.reads import Rows
from pjaid.store.statements import Statement, compile_count, compile_get, compile_query
from pjaid.store.store import Store
from pjaid.store.trail import Page

COMPILED_MAX = 1_000
COMPILED_BYTES_MAX = 2_000
"""Queries whose statements are kept: programs ask the same ones again and again."""

_query = Decoder(Query, "params")
_commit = Decoder(CommitParams, "params")
_count = Decoder(CountParams, "params")
_get = Decoder(GetParams, "params")
_events = Decoder(EventsParams, "params")


class Asked(Struct, frozen=True):
    """A question about rows: how to answer it, and what its answer depends on."""

    statement: Statement
    footprint: Footprint | None
    """None where its answer is not kept, because it shows no state of the shared log."""


def _compiled_query(params: bytes) -> Asked:
    query = _query.decode(params)
    statement = compile_query(query)
    return Asked(statement, footprint(query, statement) if statement.shared else None)


def _compiled_count(params: bytes) -> Asked:
    asked = _count.decode(params)
    statement = compile_count(asked)
    return Asked(statement, footprint_of_count(asked.table, asked.where) if statement.shared else None)


def _remembering(compiled: Callable[[bytes], Asked]) -> Callable[[bytes], Asked]:
    kept = lru_cache(maxsize=COMPILED_MAX)(compiled)
    return lambda params: kept(params) if len(params) <= COMPILED_BYTES_MAX else compiled(params)


_asked_query = _remembering(_compiled_query)
_asked_count = _remembering(_compiled_count)


class DataMethods:
    """Methods on the store.

    Args:
        store: what they read and write.
        answers: those that are kept.
        guard: knows what a client may not commit.
    """

    def __init__(self, store: Store, answers: Answers, guard: Guard) -> None:
        self._store = store
        self._answers = answers
        self._guard = guard
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
        asked = _asked_query(encoded)

        def result(seq: int, rows: bytes) -> bytes:
            return encode(RowsResult(seq=seq, columns=asked.statement.columns, rows=Raw(rows)))  # type: ignore[arg-type] # rows are encoded already

        return self._answer(b"query" + encoded, asked, lambda answer: encode(answer.rows), result)

    def count(self, _client: Client, params: Raw) -> Answer:
        """How many rows."""
        encoded = bytes(params)

        def result(seq: int, count: bytes) -> bytes:
            return encode(CountResult(seq=seq, count=Raw(count)))  # type: ignore[arg-type] # it is encoded already

        return self._answer(
            b"count" + encoded, _asked_count(encoded), lambda answer: encode(answer.rows[0][0]), result
        )

    def get(self, _client: Client, params: Raw) -> Answer:
        """One row by its id."""
        asked = Asked(compile_get(_get.decode(params)), None)

        def result(seq: int, row: bytes) -> bytes:
            return encode(GetResult(seq=seq, columns=asked.statement.columns, row=Raw(row)))  # type: ignore[arg-type] # it is encoded already

        return self._answer(
            b"", asked, lambda answer: encode(answer.rows[0] if answer.rows else None), result
        )

    def commit(self, client: Client, params: Raw) -> Answer:
        """Events, recorded all or none."""
        if client.may is not None:
            self._guard.check_events(client, (event.name for event in _commit.decode(params).events))
        return self._store.commit(bytes(params), client.origin, encode)

    async def events(self, _client: Client, params: Raw) -> bytes:
        """A page of the audit trail."""

        def finish(page: Page) -> tuple[int, bytes]:
            return page.seq, encode(EventsResult(seq=page.seq, events=page.events, next=page.next))

        seq, result = await self._store.read_trail(_events.decode(params), finish)
        self._answers.seen(seq)
        return result

    def _answer(
        self,
        question: bytes,
        asked: Asked,
        digest: Callable[[Rows], bytes],
        result: Callable[[int, bytes], bytes],
    ) -> Answer:
        """The result of a question, from the answers that are kept or from the store.

        Args:
            question: tells it from others.
            asked: how to answer it.
            digest: encodes what was found.
            result: makes the result of a state and of what was encoded.
        """
        if asked.footprint is not None and (kept := self._answers.get(question)) is not None:
            return result(self._answers.seq, kept)
        found = self._store.read(asked.statement, lambda answer: (answer.seq, digest(answer)))
        if isinstance(found, tuple):
            return self._kept(question, asked, found, result)
        return self._kept_later(question, asked, found, result)

    async def _kept_later(
        self,
        question: bytes,
        asked: Asked,
        found: Awaitable[tuple[int, bytes]],
        result: Callable[[int, bytes], bytes],
    ) -> bytes:
        return self._kept(question, asked, await found, result)

    def _kept(
        self,
        question: bytes,
        asked: Asked,
        found: tuple[int, bytes],
        result: Callable[[int, bytes], bytes],
    ) -> bytes:
        seq, body = found
        if asked.statement.shared:
            self._answers.seen(seq)
        if asked.footprint is not None:
            self._answers.keep(question, body, asked.footprint, seq)
        return result(seq, body)
