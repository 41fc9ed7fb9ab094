"""Owns the synchronous face of the client, for scripts and notebooks.

    with pjai.blocking.connect() as db:
        for memory in db.query(memories.where(memory_tier="hot")):
            print(memory.name)

The event loop runs in a thread of its own. A method here is the asynchronous one of the same name, with the
same parameters, made to wait; Ctrl-C ends the wait and what was waited for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, AbstractContextManager, contextmanager
from typing import Any, TypeVar, Unpack, overload

from anyio.from_thread import start_blocking_portal

from pjai import database, derived, documents, live_value, opening, signals
from pjai.askable import Askable
from pjai.blocking.actor_calls import EmbedderCalls, MemoryCalls, OptimiserCalls, PersonaCalls
from pjai.blocking.facade import Facade, Loop, iterating, waiting
from pjai.blocking.live import Computed, Feed, LiveQuery, LiveValue, Signal
from pjai.hits import Hit
from pjai.searching import Shown
from pjai_wire.methods import HelloResult
from pjai_wire.records import MemoryEntity
from pjai_wire.tables import memories

T = TypeVar("T")

__all__ = [
    "Computed",
    "Database",
    "Document",
    "EmbedderCalls",
    "Feed",
    "LiveQuery",
    "LiveValue",
    "OptimiserCalls",
    "PersonaCalls",
    "Signal",
    "connect",
]


class Document(Facade[documents.Document]):
    """State of this program's own."""

    get = waiting(documents.Document.get)
    merge = waiting(documents.Document.merge)
    set = waiting(documents.Document.set)

    @contextmanager
    def watch(self, label: str = "", *, timeout: float | None = None) -> Iterator[LiveValue[dict[str, Any]]]:
        """The document, kept up to date inside the block."""
        watching = self.inner.watch(label, timeout=timeout)
        with self._loop.inside(watching) as document, LiveValue(self._loop, document) as live:
            yield live


class Database(Facade[database.Database]):
    """A connected daemon; `pjai.blocking.connect` makes it."""

    commit = waiting(database.Database.commit)
    query = waiting(database.Database.query)
    first = waiting(database.Database.first)
    search = waiting(database.Database.search)
    recall = waiting(database.Database.recall)
    count = waiting(database.Database.count)
    get = waiting(database.Database.get)
    pages = iterating(database.Database.pages)
    explain = waiting(database.Database.explain)
    live_queries = waiting(database.Database.live_queries)
    events = waiting(database.Database.events)
    audit = iterating(database.Database.audit)
    follow_events = iterating(database.Database.follow_events)
    verify = waiting(database.Database.verify)
    actors = waiting(database.Database.actors)
    restart_actor = waiting(database.Database.restart_actor)
    call = waiting(database.Database.call)
    health = waiting(database.Database.health)
    meters = waiting(database.Database.meters)
    rebuild = waiting(database.Database.rebuild)

    @property
    def memory(self) -> MemoryCalls:
        """The memory steward, which remembers what is new, sanitised."""
        return MemoryCalls(self._loop, self.inner.memory)

    @property
    def optimiser(self) -> OptimiserCalls:
        """The query optimiser, which makes the indexes that pay."""
        return OptimiserCalls(self._loop, self.inner.optimiser)

    @property
    def embedder(self) -> EmbedderCalls:
        """The embedder, which makes vectors of texts."""
        return EmbedderCalls(self._loop, self.inner.embedder)

    @property
    def hello(self) -> HelloResult:
        """What the daemon said about itself when the connection was last made."""
        return self.inner.hello

    @property
    def persona(self) -> PersonaCalls:
        """The persona actor: creates, activates and duplicates personas, and keeps their secrets."""
        return PersonaCalls(self._loop, self.inner.persona)

    def document(self, name: str, defaults: Mapping[str, Any] | None = None) -> Document:
        """State of this program's own, such as its window's; nothing is asked until it is used."""
        return Document(self._loop, self.inner.document(name, defaults))

    @contextmanager
    def watch(
        self,
        asked: Askable[T] | Callable[[], Askable[T]],
        label: str = "",
        *,
        timeout: float | None = None,
    ) -> Iterator[LiveQuery[T]]:
        """The result of a query, kept up to date inside the block; a function is run by the event loop."""
        watching = self.inner.watch(asked, label, timeout=timeout)
        with self._loop.inside(watching) as query, LiveQuery(self._loop, query) as live:
            yield live

    @overload
    def watch_search(
        self,
        text: str | Callable[[], str],
        *,
        label: str = "",
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> AbstractContextManager[LiveQuery[Hit[MemoryEntity]]]: ...

    @overload
    def watch_search(
        self,
        text: str | Callable[[], str],
        asked: Askable[T] | Callable[[], Askable[T]],
        label: str = "",
        *,
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> AbstractContextManager[LiveQuery[Hit[T]]]: ...

    @contextmanager
    def watch_search(
        self,
        text: str | Callable[[], str],
        asked: Askable[Any] | Callable[[], Askable[Any]] = memories,
        label: str = "",
        *,
        timeout: float | None = None,
        **which: Unpack[Shown],
    ) -> Iterator[LiveQuery[Hit[Any]]]:
        """The hits of a search, kept up to date inside the block; functions are run by the event loop."""
        watching = self.inner.watch_search(text, asked, label, timeout=timeout, **which)
        with self._loop.inside(watching) as search, LiveQuery(self._loop, search) as live:
            yield live

    @contextmanager
    def composed(
        self,
        compose: Callable[[database.Database], AbstractAsyncContextManager[live_value.LiveValue[T]]],
    ) -> Iterator[LiveValue[T]]:
        """What an asynchronous block makes of this database, kept up to date inside the block.

        Example:
            with db.composed(lambda db: queries.memory_insights(db, ada)) as insights:
                print(insights.current.total)
        """
        composing = self._loop.call(lambda: compose(self.inner))
        with self._loop.inside(composing) as value, LiveValue(self._loop, value) as live:
            yield live

    @contextmanager
    def changes(
        self, table: Askable[T], label: str = "", *, timeout: float | None = None
    ) -> Iterator[Feed[T]]:
        """Each change to a table's rows inside the block."""
        with self._loop.inside(self.inner.changes(table, label, timeout=timeout)) as feed:
            yield Feed(self._loop, feed)

    def signal(self, value: T) -> Signal[T]:
        """A value that any thread may set, for what is computed or watched to follow."""
        return Signal(self._loop, signals.signal(value))

    def computed(self, function: Callable[..., T], /, *live: LiveValue[Any]) -> Computed[T]:
        """A value derived from live ones, as by `pjai.computed`; the function is run by the event loop."""
        inputs = [one.inner for one in live]
        return Computed(self._loop, self._loop.call(lambda: derived.computed(function, *inputs)))


@contextmanager
def connect(
    endpoint: str | None = None,
    *,
    client: str | None = None,
    session: str | None = None,
    timeout: float = opening.ANSWER_TIMEOUT_S,
    wait: float = opening.FIRST_ANSWER_TIMEOUT_S,
) -> Iterator[Database]:
    """A connection to a daemon inside the block; parameters and errors as in `pjai.connect`."""
    connecting = opening.connect(endpoint, client=client, session=session, timeout=timeout, wait=wait)
    with start_blocking_portal() as portal:
        loop = Loop(portal)
        with portal.wrap_async_context_manager(connecting) as connected:
            try:
                yield Database(loop, connected)
            finally:
                loop.finish()
        # What other threads still wait for will not come.
        portal.call(portal.stop, True)
