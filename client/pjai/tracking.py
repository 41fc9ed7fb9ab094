"""Owns which live values a function read, so that nobody has to list them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import Any, Final, TypeVar
from weakref import WeakSet

T = TypeVar("T")

_UNREAD: Final = object()
"""Stands for the state of a source whose value did not come: no state is the same as it."""


class Source(ABC):
    """Something with a value that functions read."""

    def __init__(self) -> None:
        self._dependents: WeakSet[Dependent] | None = None
        """Made when it is needed first: to look through an empty one takes longer than most changes."""

    @abstractmethod
    def _newest(self) -> Any:
        """The newest value: another object exactly when it is another value."""

    @abstractmethod
    def _ended(self) -> bool:
        """Whether there will be no more values.

        Raises:
            Exception: there will be none, and this is why.
        """

    def _read(self) -> Any:
        """The newest value, noted where a dependent's function reads it."""
        reads = _reads.get()
        if reads is None:
            return self._newest()
        # Noted before it is read, as reading may fail; and a second read in one run takes nothing back.
        reads.setdefault(self, _UNREAD)
        newest = self._newest()
        if reads[self] is _UNREAD:
            reads[self] = newest
        return newest

    def _tell_dependents(self) -> None:
        if self._dependents is not None:
            for dependent in tuple(self._dependents):
                dependent._source_moved()

    def _add_dependent(self, dependent: Dependent) -> None:
        self._dependents = self._dependents or WeakSet()
        self._dependents.add(dependent)

    def _remove_dependent(self, dependent: Dependent) -> None:
        if self._dependents is not None:
            self._dependents.discard(dependent)


class Dependent(ABC):
    """Something that follows from a function of sources; these hold it weakly.

    Args:
        sources: what the function is known to read before it was run for the first time.
    """

    def __init__(self, sources: Iterable[Source] = ()) -> None:
        self._sources: dict[Source, object] = {}
        self._depend_on(dict.fromkeys(sources, _UNREAD))

    @abstractmethod
    def _source_moved(self) -> None:
        """A source that the last run read may have another value, or has ended."""

    def _run(self, function: Callable[[], T]) -> T:
        """The function's result; from now on this depends on what the function read in this run.

        Raises:
            Exception: whatever the function raises; what it read until then is noted all the same.
        """
        reads: dict[Source, object] = {}
        token = _reads.set(reads)
        try:
            return function()
        finally:
            _reads.reset(token)
            self._depend_on(reads)

    def _is_outdated(self) -> bool:
        """Whether a source's value is not the one that the last run read."""
        try:
            return any(source._newest() is not read for source, read in self._sources.items())
        except Exception:
            # The function meets it too, and may know what to do.
            return True

    def _sources_ended(self) -> bool:
        """Whether a source has ended.

        Raises:
            Exception: it has, and this is why.
        """
        return any(source._ended() for source in self._sources)

    def _depend_on(self, reads: dict[Source, object]) -> None:
        for source in self._sources.keys() - reads.keys():
            source._remove_dependent(self)
        for source in reads:
            source._add_dependent(self)
        self._sources = reads


_reads: ContextVar[dict[Source, object] | None] = ContextVar("reads", default=None)
"""What the function that runs now has read, if it is one of a dependent."""
