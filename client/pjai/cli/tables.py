"""Owns rows as a table at a terminal: one line each, as wide as the terminal is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from rich.table import Table
from rich.text import Text

from pjai.cli.values import shown

ID = "id"
"""The column that is never cut: other commands take what is in it."""

GAP = 2

Row = Mapping[str, Any]


def table(columns: Sequence[str], rows: Sequence[Row], width: int, caption: str | None = None) -> Table:
    """Rows as a table.

    Args:
        columns: which of the rows' values, in this order.
        rows: the rows.
        width: of the terminal, in characters.
        caption: what to say under it.
    """
    cells = [[shown(column, row[column]) for column in columns] for row in rows]
    natural = [max(map(len, [name, *values])) for name, *values in zip(columns, *cells, strict=True)]
    whole = columns.index(ID) if ID in columns else None
    made = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, caption=caption, caption_justify="left")
    for position, column_width in enumerate(fitting(natural, width - GAP * (len(columns) - 1), whole)):
        is_number = bool(rows) and all(type(row[columns[position]]) in (int, float) for row in rows)
        made.add_column(
            Text(columns[position]),
            width=column_width,
            no_wrap=True,
            overflow="ellipsis",
            justify="right" if is_number else "left",
        )
    for line in cells:
        made.add_row(*map(Text, line))
    return made


def fitting(natural: Sequence[int], width: int, whole: int | None = None) -> list[int]:
    """Widths that fit together: what is narrow keeps its own, what is wide shares the rest.

    Args:
        natural: the widths that would show everything.
        width: what they may be together; each is at least 1 all the same.
        whole: which of them keeps its own in any case.
    """
    fitted = list(natural)
    left = width
    narrowest_first = sorted(range(len(natural)), key=lambda position: (position != whole, natural[position]))
    for done, position in enumerate(narrowest_first):
        if position != whole:
            fitted[position] = max(1, min(natural[position], left // (len(natural) - done)))
        left -= fitted[position]
    return fitted
