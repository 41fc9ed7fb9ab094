"""Owns how long to wait before trying again what failed (pure).

The pauses double, so that who is away for long is asked seldom, and one who is back soon is found soon.
"""

from __future__ import annotations

PAUSE_MS = 1_000
PAUSE_MS_MAX = 60_000


class Patience:
    """What failed last, and when to try again."""

    def __init__(self) -> None:
        self.last_error = ""
        """Empty where nothing is wrong."""
        self.tries_again_at: int | None = None
        """Milliseconds since the epoch."""
        self._pause_ms = PAUSE_MS

    def is_waiting(self, now_ms: int) -> bool:
        """Whether it is too early to try again."""
        return self.tries_again_at is not None and now_ms < self.tries_again_at

    def fail(self, error: str, now_ms: int) -> int:
        """It failed once more; for how many milliseconds to wait."""
        pause_ms, self._pause_ms = self._pause_ms, min(2 * self._pause_ms, PAUSE_MS_MAX)
        self.last_error, self.tries_again_at = error, now_ms + pause_ms
        return pause_ms

    def succeed(self) -> None:
        """All is well."""
        self.last_error, self.tries_again_at, self._pause_ms = "", None, PAUSE_MS
