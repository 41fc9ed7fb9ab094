"""Owns the log of an actor's process: a line of JSON a record, on the daemon's stderr, without user content.

The rule is that of `pjaid.logs`, without what that loads: a record tells what it is, where it came from and
the outline of its exception. Our own records keep their text, as they hold no content; no exception does, as
whoever wrote the actor worded it.
"""

from __future__ import annotations

import logging
import sys
import threading
import time
from contextlib import suppress
from types import TracebackType

import msgspec

from pjaid.outlines import outline

OUR_LOGGERS = "pjai"
"""Where loggers begin whose texts are ours."""


class ActorLog(logging.Handler):
    """Takes all records of an actor's process.

    Args:
        actor: its name, if it is known yet.
    """

    def __init__(self, actor: str = "") -> None:
        super().__init__(logging.WARNING)
        self.actor = actor
        """Its name; it may become known later."""

    def install(self) -> None:
        """Every record of this process, whoever makes it, comes here from now on."""
        logging.basicConfig(handlers=[self], level=logging.WARNING, force=True)
        # Otherwise a record that cannot be told is printed, arguments included.
        logging.raiseExceptions = False
        logging.captureWarnings(capture=True)
        sys.excepthook = self._uncaught
        threading.excepthook = self._uncaught_in_thread
        sys.unraisablehook = self._unraisable

    def emit(self, record: logging.LogRecord) -> None:
        """Tells of a record, and what it says where it is ours."""
        error = record.exc_info[1] if record.exc_info else None
        place = f"{record.filename}:{record.lineno}"
        level = record.levelname.lower()
        if record.name.partition(".")[0] == OUR_LOGGERS:
            with suppress(TypeError, ValueError):
                self.tell("actor_record", level=level, error=error, place=place, text=record.getMessage())
        else:
            self.tell("library_record", level=level, error=error, library=record.name, place=place)

    def tell(
        self, event: str, *, level: str = "error", error: BaseException | None = None, **told: str
    ) -> None:
        """Writes a record.

        Args:
            event: what it is, a fixed snake_case name.
            level: how bad it is.
            error: what is outlined with it.
            told: more of it, without content.
        """
        record = {"actor": self.actor, **told, "event": event, "level": level, "timestamp": _now()}
        if error is not None:
            record["exception"] = "\n".join(outline(error))
        with suppress(OSError, ValueError):
            sys.stderr.write(msgspec.json.encode(record).decode() + "\n")
            sys.stderr.flush()

    def _uncaught(self, kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
        self.tell("uncaught_exception", level="critical", error=error)

    def _uncaught_in_thread(self, arguments: threading.ExceptHookArgs) -> None:
        self.tell("uncaught_exception_in_thread", level="critical", error=arguments.exc_value)

    def _unraisable(self, unraisable: sys.UnraisableHookArgs) -> None:
        self.tell("unraisable_exception", error=unraisable.exc_value)


def _now() -> str:
    seconds, microseconds = divmod(time.time_ns() // 1000, 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))}.{microseconds:06}Z"
