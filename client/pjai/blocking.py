"""Owns the synchronous face of the client, for scripts and notebooks.

    with pjai.blocking.connect() as db:
        for memory in db.query(memories.where(memory_tier="hot")):
            print(memory.name)

The event loop runs in a thread of its own. A method here is the asynchronous one of the same name, with the
same parameters, made to wait; Ctrl-C ends the wait and what was waited for.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial, wraps
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast

from anyio.from_thread import BlockingPortal, start_blocking_portal

from pjai import database, documents, live_query, live_value, opening
from pjai.askable import Askable
from pjai_wire.methods import HelloResult

P = ParamSpec("P")
T = TypeVar("T")
AsyncT = TypeVar("AsyncT")


class Facade(Generic[AsyncT]):
    """Waits for what an asynchronous object does in the event loop's thread.

    Args:
        portal: the way into that thread.
        inner: the object.
    """

    def __init__(self, portal: BlockingPortal, inner: AsyncT) -> None:
        self._portal = portal
        self._inner = inner

    def _wait(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        future: Future[T] = self._portal.start_task_soon(function)
        try:
            return future.result()
        finally:
            # Does nothing to what is done; an interrupted wait must not leave its task behind.
            future.cancel()


def _waiting(
    method: Callable[Concatenate[AsyncT, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Facade[AsyncT], P], T]:
    @wraps(method)
    def waiting(self: Facade[AsyncT], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._wait(partial(method, self._inner, *args, **kwargs))

    return waiting


def _iterating(
    method: Callable[Concatenate[AsyncT, P], AsyncIterator[T]],
) -> Callable[Concatenate[Facade[AsyncT], P], Iterator[T]]:
    @wraps(method)
    def iterating(self: Facade[AsyncT], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return Iteration(self._portal, method(self._inner, *args, **kwargs))

    return iterating


class Iteration(Facade[AsyncIterator[T]]):
    """An iterator that waits for an asynchronous one."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            return self._wait(cast("Callable[[], Coroutine[Any, Any, T]]", self._inner.__anext__))
        except StopAsyncIteration:
            raise StopIteration from None


class LiveValue(Iteration[T]):
    """A value that changes: iterate over what it becomes, beginning with what it is."""

    def __init__(self, portal: BlockingPortal, live: live_value.LiveValue[T]) -> None:
        super().__init__(portal, live)
        self._live = live

    @property
    def current(self) -> T:
        """The newest value."""
        return self._portal.call(lambda: self._live.current)


class LiveQuery(LiveValue[list[T]]):
    """The result of a query, kept up to date."""

    def __init__(self, portal: BlockingPortal, live: live_query.LiveQuery[T]) -> None:
        super().__init__(portal, live)
        self._query = live
        self.label = live.label

    @property
    def seq(self) -> int:
        """The state that the result shows."""
        return self._query.seq

    @property
    def topic(self) -> str:
        """Where the daemon publishes the changes."""
        return self._query.topic

    def reached(self, seq: int, *, timeout: float | None = None) -> int:
        """Waits until the result shows the state at `seq`, such as a receipt's; the seq that it shows."""
        return self._wait(partial(self._query.reached, seq, timeout=timeout))


class Document(Facade[documents.Document]):
    """State of this program's own."""

    get = _waiting(documents.Document.get)
    merge = _waiting(documents.Document.merge)
    set = _waiting(documents.Document.set)

    @contextmanager
    def watch(self, label: str = "", *, timeout: float | None = None) -> Iterator[LiveValue[dict[str, Any]]]:
        """The document, kept up to date inside the block."""
        watching = self._inner.watch(label, timeout=timeout)
        with self._portal.wrap_async_context_manager(watching) as live:
            yield LiveValue(self._portal, live)


class Database(Facade[database.Database]):
    """A connected daemon; `pjai.blocking.connect` makes it."""

    commit = _waiting(database.Database.commit)
    query = _waiting(database.Database.query)
    first = _waiting(database.Database.first)
    count = _waiting(database.Database.count)
    get = _waiting(database.Database.get)
    pages = _iterating(database.Database.pages)
    explain = _waiting(database.Database.explain)
    live_queries = _waiting(database.Database.live_queries)
    events = _waiting(database.Database.events)
    audit = _iterating(database.Database.audit)
    follow_events = _iterating(database.Database.follow_events)
    verify = _waiting(database.Database.verify)
    health = _waiting(database.Database.health)
    rebuild = _waiting(database.Database.rebuild)

    @property
    def hello(self) -> HelloResult:
        """What the daemon said about itself when the connection was last made."""
        return self._inner.hello

    def document(self, name: str, defaults: Mapping[str, Any] | None = None) -> Document:
        """State of this program's own, such as its window's; nothing is asked until it is used."""
        return Document(self._portal, self._inner.document(name, defaults))

    @contextmanager
    def watch(
        self, select: Askable[T], label: str = "", *, timeout: float | None = None
    ) -> Iterator[LiveQuery[T]]:
        """The result of a query, kept up to date inside the block."""
        watching = self._inner.watch(select, label, timeout=timeout)
        with self._portal.wrap_async_context_manager(watching) as live:
            yield LiveQuery(self._portal, live)


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
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(connecting) as connected,
    ):
        yield Database(portal, connected)
