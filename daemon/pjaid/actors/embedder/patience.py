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

    def rest_ms(self, now_ms: int) -> int:
        """How long it is too early to try again; a clock that is put back makes it no longer than a pause."""
        return 0 if self.tries_again_at is None else min(max(0, self.tries_again_at - now_ms), PAUSE_MS_MAX)

    def fail(self, error: str, now_ms: int) -> None:
        """It failed once more."""
        self.last_error, self.tries_again_at = error, now_ms + self._pause_ms
        self._pause_ms = min(2 * self._pause_ms, PAUSE_MS_MAX)

    def succeed(self) -> None:
        """All is well."""
        self.last_error, self.tries_again_at, self._pause_ms = "", None, PAUSE_MS
