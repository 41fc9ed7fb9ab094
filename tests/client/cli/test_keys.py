"""Single keys, as a terminal sends them."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

import anyio
import pytest

from pjai.cli.keys import pressed

pytestmark = pytest.mark.anyio

WITHIN_S = 30.0
END = b"\x04"
"""What a terminal takes for the end of its input, unless single keys are asked of it."""


@pytest.fixture
def keyboard(monkeypatch: pytest.MonkeyPatch) -> Iterator[int]:
    """The other side of the terminal that is standard input."""
    ours, theirs = os.openpty()
    with os.fdopen(theirs) as terminal:
        monkeypatch.setattr(sys, "stdin", terminal)
        yield ours
    os.close(ours)


@pytest.mark.parametrize("sent", [b"xq\n", END])
async def test_a_key_is_waited_for_and_the_end_of_the_terminal_is_one(keyboard: int, sent: bytes) -> None:
    os.write(keyboard, sent)
    with anyio.fail_after(WITHIN_S):
        await pressed("q")
