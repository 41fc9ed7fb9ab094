"""Owns waiting, in any thread, for what an event loop does in its own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from concurrent.futures import CancelledError, Future
from contextlib import AbstractAsyncContextManager, ExitStack, asynccontextmanager, contextmanager
from functools import partial, wraps
from threading import get_ident
from typing import Any, Concatenate, Generic, ParamSpec, Self, TypeVar, cast

from anyio import CancelScope
from anyio.from_thread import BlockingPortal

P = ParamSpec("P")
T = TypeVar("T")
AsyncT = TypeVar("AsyncT", covariant=True)


class Loop:
    """An event loop that runs in a thread of its own.

    Args:
        portal: the way into that thread.
    """

    def __init__(self, portal: BlockingPortal) -> None:
        self._portal = portal
        self._thread = portal.call(get_ident)
        self.stops: set[Callable[[], None]] = set()
        """What ends each thread that waits for this loop again and again."""
        self._is_ending = False

    def call(self, function: Callable[[], T]) -> T:
        """What `function` returns, called in the loop's thread, which may be the present one."""
        return function() if get_ident() == self._thread else self._portal.call(function)

    def wait(self, function: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """What `function` returns once it is done."""
        future: Future[T] = self._portal.start_task_soon(function)
        try:
            return future.result()
        finally:
            # Does nothing to what is done; an interrupted wait must not leave its task behind.
            future.cancel()

    def release(self, function: Callable[[], object]) -> None:
        """Calls what ends something in the loop's thread; nothing happens where all ends with the loop."""
        if not self._is_ending:
            self.call(function)

    @contextmanager
    def inside(self, manager: AbstractAsyncContextManager[T]) -> Iterator[T]:
        """The block of `manager`, entered and left in the loop's thread; it is left when the loop ends."""
        scope = self.call(CancelScope)
        with ExitStack() as block:
            try:
                inner = block.enter_context(self._portal.wrap_async_context_manager(_within(scope, manager)))
            except BaseException:
                # An interrupted wait must not leave its block behind.
                self.release(scope.cancel)
                raise
            try:
                yield inner
            finally:
                # A thread that is in the block by then has nothing to leave, and nobody to ask for it.
                if self._is_ending:
                    block.pop_all()

    def finish(self) -> None:
        """Ends the threads that wait for this loop again and again; it is to end with all that it runs."""
        for stop in tuple(self.stops):
            stop()
        self._is_ending = True


@asynccontextmanager
async def _within(scope: CancelScope, manager: AbstractAsyncContextManager[T]) -> AsyncIterator[T]:
    """The block of `manager`, for `scope` to cancel."""
    with scope:
        async with manager as inner:
            yield inner


class Facade(Generic[AsyncT]):
    """Waits for what an asynchronous object does.

    Args:
        loop: where it does it.
        inner: the object.
    """

    def __init__(self, loop: Loop, inner: AsyncT) -> None:
        self._loop = loop
        self.inner = inner


def waiting(
    method: Callable[Concatenate[AsyncT, P], Coroutine[Any, Any, T]],
) -> Callable[Concatenate[Facade[AsyncT], P], T]:
    """The method that waits for an asynchronous one."""

    @wraps(method)
    def wait(self: Facade[AsyncT], /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._loop.wait(partial(method, self.inner, *args, **kwargs))

    return wait


def iterating(
    method: Callable[Concatenate[AsyncT, P], AsyncIterator[T]],
) -> Callable[Concatenate[Facade[AsyncT], P], Iterator[T]]:
    """The method that returns an iterator for one that returns an asynchronous one."""

    @wraps(method)
    def iterate(self: Facade[AsyncT], /, *args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        return Iteration(self._loop, method(self.inner, *args, **kwargs))

    return iterate


class Iteration(Facade[AsyncIterator[T]]):
    """An iterator that waits for an asynchronous one."""

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            return self._loop.wait(cast("Callable[[], Coroutine[Any, Any, T]]", self.inner.__anext__))
        except (StopAsyncIteration, CancelledError):
            # A signal, say, goes on until the loop ends.
            raise StopIteration from None
