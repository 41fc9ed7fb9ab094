"""Tables at a terminal: one line a row, never wider than the terminal."""

from __future__ import annotations

from io import StringIO

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from pjai.cli.tables import fitting, table


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), min_size=1, max_size=20), st.integers(20, 200))
def test_columns_fit_and_none_is_wider_than_it_needs(natural: list[int], width: int) -> None:
    fitted = fitting(natural, width)

    assert sum(fitted) <= width
    assert all(1 <= have <= max(1, want) for have, want in zip(fitted, natural, strict=True))


def test_narrow_columns_keep_their_width_and_wide_ones_share_the_rest() -> None:
    assert fitting([5, 100, 10, 100], 60) == [5, 22, 10, 23]
    assert fitting([36, 100], 50, whole=0) == [36, 14]
    assert fitting([100, 36], 40, whole=0) == [100, 1]


def test_a_row_takes_one_line_and_markup_is_text() -> None:
    shown = StringIO()
    rows = [{"id": "1" * 36, "name": "[bold]x[/bold] " * 20, "importance": 7}]

    console = Console(file=shown, width=80, color_system=None)
    console.print(table(("id", "name", "importance"), rows, 80))

    header, line = shown.getvalue().splitlines()
    assert header.split() == ["id", "name", "importance"]
    assert line.split()[0] == "1" * 36
    assert "[bold]x[/bold]" in line
    assert "…" in line
    assert max(len(header), len(line)) <= 80
