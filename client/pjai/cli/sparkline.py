"""Owns sparklines: numbers over time as a line of blocks (pure)."""

from __future__ import annotations

from collections.abc import Sequence

BLOCKS = "▁▂▃▄▅▆▇█"
NOTHING = " "


def sparkline(numbers: Sequence[float], width: int) -> str:
    """The last numbers, one a character, from nothing to the largest of them.

    Args:
        numbers: none below 0, the newest last; where there are fewer than fit, the line begins empty.
        width: in characters.
    """
    shown = list(numbers)[-width:] if width > 0 else []
    most = max(shown, default=0.0)
    line = "".join(_block(number, most) for number in shown)
    return line.rjust(max(width, 0), NOTHING)


def _block(number: float, most: float) -> str:
    if most <= 0:
        return BLOCKS[0]
    return BLOCKS[min(int(number / most * len(BLOCKS)), len(BLOCKS) - 1)]
