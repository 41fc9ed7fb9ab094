"""Owns what a program finds by what is in it: search and recall."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar, Unpack, overload

from pjai.actor_calls import ActorCalls
from pjai.askable import Askable
from pjai.connection import Connection
from pjai.exchange import decoded
from pjai.hits import Hit, Hits, SearchAnswer, hits_in
from pjai.live import LiveQueries
from pjai.live_query import LiveQuery
from pjai.searching import Shown, Sought, recall_params, search_params
from pjai.wanted import WantedSearch
from pjai_wire import limits
from pjai_wire.methods import RECALL, SEARCH, RecallResult
from pjai_wire.records import MemoryEntity
from pjai_wire.tables import memories

T = TypeVar("T")


class SearchCalls(ActorCalls):
    """What a connected daemon is asked to find.

    Args:
        connection: what asks.
        live: keeps what is watched up to date.
    """

    def __init__(self, connection: Connection, live: LiveQueries) -> None:
        super().__init__(connection)
        self._live = live

    @overload
    async def search(
        self, text: str = "", *, timeout: float | None = None, **which: Unpack[Shown]
    ) -> Hits[MemoryEntity]: ...

    @overload
    async def search(
        self, text: str, asked: Askable[T], *, timeout: float | None = None, **which: Unpack[Shown]
    ) -> Hits[T]: ...

    async def search(
        self,
        text: str = "",
        asked: Askable[Any] = memories,
        *,
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> Hits[Any]:
        """What is in the rows of a table, by words, by meaning or by both, the best first.

        Plain words find rows that have any of them. `"a phrase"`, `begin*`, `AND`, `OR`, `NOT` and
        parentheses mean what they say. A memory is found by words at once, and by meaning when its vector
        has come.

        Example:
            for hit in await db.search("sourdough starter", memories.where(persona_id=ada), snippets=True):
                print(f"{hit.score:.2f}", hit.row.name, hit.snippet)

        Args:
            text: what is searched for; empty only where a vector is given.
            asked: memories, messages, conversations or workflows, or a query of one: its conditions come
                before the ranking, so that a filtered search finds as many.
            timeout: seconds.
            which: how to search, and what to answer.

        Raises:
            InvalidSearch: the text is empty, or not in the query language.
            UnknownModel: there are no vectors of the model.
            Unavailable: by meaning alone, and nothing embeds texts now.
        """
        select, params = search_params(text, asked, which)
        answer = await self._connection.ask(SEARCH, params, timeout)
        return hits_in(select, decoded(SearchAnswer, answer))

    @overload
    def watch_search(
        self,
        text: str | Callable[[], str],
        *,
        label: str = "",
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> AbstractAsyncContextManager[LiveQuery[Hit[MemoryEntity]]]: ...

    @overload
    def watch_search(
        self,
        text: str | Callable[[], str],
        asked: Askable[T] | Callable[[], Askable[T]],
        label: str = "",
        *,
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> AbstractAsyncContextManager[LiveQuery[Hit[T]]]: ...

    def watch_search(
        self,
        text: str | Callable[[], str],
        asked: Askable[Any] | Callable[[], Askable[Any]] = memories,
        label: str = "",
        *,
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> AbstractAsyncContextManager[LiveQuery[Hit[Any]]]:
        """The hits of a search, kept up to date inside the block, as `watch` keeps a query's result.

        A function is run again when a live value whose `current` it read changes: where it then returns
        something else, the hits go over to that search's as soon as these have come.

        Example:
            typed = pjai.signal("sourdough")
            async with db.watch_search(lambda: typed.current, memories.where(persona_id=ada)) as live:
                async for hits in live:
                    print([hit.row.name for hit in hits])

        Args:
            text: what is searched for, or a function that returns it; empty only where a vector is given.
            asked: what is searched among, as in `search`, or a function that returns it.
            label: what the program calls it, for people.
            timeout: seconds until the first hits.
            which: how to search, and what to answer.

        Raises:
            InvalidSearch: the text is empty, or not in the query language.
            UnknownModel: there are no vectors of the model.
            TimedOut: the first hits did not come in time.
            ConnectionLost: the connection was closed.
        """
        said = text if callable(text) else lambda: text
        among = asked if callable(asked) else lambda: asked
        return self._live.wanted(lambda: WantedSearch(*search_params(said(), among(), which)), label, timeout)

    async def recall(
        self,
        text: str = "",
        asked: Askable[Any] = memories,
        *,
        budget_tokens: int = limits.RECALL_TOKENS_DEFAULT,
        context: bool = True,
        timeout: float | None = None,
        **which: Unpack[Sought],
    ) -> RecallResult:
        """The best of memory that fits into a budget, ready to stand in a prompt.

        Its `text` has turns of conversations in the order of time, each text once; its `memories` are the
        sources of the lines, in their order.

        Args:
            text: what it is to be about, such as a user's message: plain words, never the query language.
                The first 4,000 characters count.
            asked: memories, or a query of them by conditions.
            budget_tokens: what the text takes at most, by an estimate that is rather too high.
            context: with the turns around what was found in a conversation.
            timeout: seconds.
            which: how to search.

        Raises:
            InvalidSearch: the text is empty, and there is no vector.
            UnknownModel: there are no vectors of the model.
            Unavailable: by meaning alone, and nothing embeds texts now.
        """
        params = recall_params(text, asked, budget_tokens, context, which)
        return await self._connection.call(RECALL, params, timeout)
