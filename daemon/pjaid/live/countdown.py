"""Owns what is due after a number of changes (pure)."""

from __future__ import annotations

import math
from collections.abc import Hashable
from typing import Generic, TypeVar

ItemT = TypeVar("ItemT", bound=Hashable)


class Countdown(Generic[ItemT]):
    """Items, each due once so many changes were counted since it was put."""

    def __init__(self) -> None:
        self._counted = 0
        self._due_at: dict[ItemT, int] = {}
        self._next = math.inf
        """Nothing is due before."""

    def put(self, item: ItemT, changes: int) -> None:
        """`item` is due after `changes` from now on, and not when it was to be before."""
        due_at = self._due_at[item] = self._counted + changes
        self._next = min(self._next, due_at)

    def discard(self, item: ItemT) -> None:
        """Forgets `item`, if it is known."""
        self._due_at.pop(item, None)

    def count(self, changes: int) -> list[ItemT]:
        """The items that are due after some more changes; they are forgotten."""
        self._counted += changes
        if self._counted < self._next:
            return []
        due = [item for item, due_at in self._due_at.items() if due_at <= self._counted]
        for item in due:
            del self._due_at[item]
        self._next = min(self._due_at.values(), default=math.inf)
        return due
