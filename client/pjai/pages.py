"""Owns reading a long result page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any, Protocol, TypeVar

from pjai_wire.errors import InvalidQuery
from pjai_wire.select import Select

T = TypeVar("T")


class Ask(Protocol):
    """Answers one query."""

    async def __call__(self, asked: Select[T], /, *, timeout: float | None) -> list[T]:
        """The rows."""
        ...


async def following(ask: Ask, select: Select[T], timeout: float | None) -> AsyncIterator[list[T]]:
    """The pages of a query, each beginning after the last row of the one before.

    Args:
        ask: answers one query.
        select: the query; its limit is a page.
        timeout: seconds for each page.

    Raises:
        InvalidQuery: its rows do not tell where they stand.
    """
    if select.query.group_by or select.query.aggregates:
        raise InvalidQuery("groups have no pages", hint="raise the limit")
    order = [*(select.table.column(name).python_name for name, _ in select.query.order_by), "id"]
    while rows := await ask(select, timeout=timeout):
        yield rows
        if len(rows) < select.query.limit:
            return
        select = select.offset(0).after(*_position(rows[-1], order))


def _position(row: Any, order: Sequence[str]) -> list[Any]:
    try:
        return [row[name] if isinstance(row, dict) else getattr(row, name) for name in order]
    except KeyError as missing:
        raise InvalidQuery(f"pages need the column {missing}", hint="select it too") from None
