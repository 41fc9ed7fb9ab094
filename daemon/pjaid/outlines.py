"""Owns how an exception is told without what it was about: as its type and frames (pure)."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

FRAMES_MAX = 20
"""Innermost frames of an exception that are told."""
NESTING_MAX = 5
"""Causes and members of groups, one within the other, that are told."""


def outline(
    error: BaseException, worded: tuple[type[BaseException], ...] = (), depth: int = 0
) -> Iterator[str]:
    """The lines that tell of an exception, of its causes and of the members of a group.

    Args:
        error: the exception.
        worded: exceptions whose text holds no content, and is told too.
        depth: of how many others it is a cause or a member.
    """
    margin = "  " * depth
    known = f": {error}" if isinstance(error, worded) else ""
    yield f"{margin}{type(error).__module__}.{type(error).__qualname__}{known}"
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), lookup_lines=False)
    for frame in frames[-FRAMES_MAX:]:
        yield f"{margin}  {frame.filename}:{frame.lineno} {frame.name}"
    inner = list(error.exceptions) if isinstance(error, BaseExceptionGroup) else []
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    for nested in (*inner, *([cause] if cause else [])):
        if depth < NESTING_MAX:
            yield from outline(nested, worded, depth + 1)
