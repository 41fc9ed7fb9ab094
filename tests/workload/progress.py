"""Owns what a run says on stderr while it lasts."""

from __future__ import annotations

import sys
from time import monotonic

STEP_S = 0.5


class Progress:
    """How far the run is: a line that moves on a terminal, elsewhere a line for each stage."""

    def __init__(self) -> None:
        self._stage = ""
        self._moves = sys.stderr.isatty()
        self._said_at = 0.0

    def begin(self, stage: str) -> None:
        """Another stage begins."""
        self.end()
        self._stage = stage
        sys.stderr.write(f"{stage} …" if self._moves else f"{stage}\n")
        sys.stderr.flush()
        self._said_at = monotonic()

    def at(self, share: float) -> None:
        """So much of the stage is done, of 1."""
        if self._moves and monotonic() - self._said_at > STEP_S:
            sys.stderr.write(f"\r{self._stage} {share:4.0%}")
            sys.stderr.flush()
            self._said_at = monotonic()

    def end(self) -> None:
        """The stage is over."""
        if self._moves and self._stage:
            sys.stderr.write("\r\x1b[K")
            sys.stderr.flush()
        self._stage = ""
