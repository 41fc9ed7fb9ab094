"""Owns what live queries need of the store."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol, TypeVar

from pjaid.store.reads import Rows
from pjaid.store.statements import Statement

T = TypeVar("T")


class Source(Protocol):
    """Where views read."""

    def read(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """What `finish` makes of the rows that `statement` finds."""

    def read_raw(self, statement: Statement, finish: Callable[[Rows], T]) -> T | Coroutine[Any, Any, T]:
        """As `read`, with the values as they are stored."""

    @property
    def writes(self) -> int:
        """How many writes were begun so far."""

    async def until_written(self) -> None:
        """Waits until nothing is being written, nor waits to be."""
