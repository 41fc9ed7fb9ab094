"""Owns the log: structured records on stderr, with no user content in them.

The rule, which no processor can enforce: a record's event is a fixed snake_case name, and its values are
counts, durations, names from the contract, ids and paths; never a text, a name, a query's values or the
arguments of an event.

What can be enforced is: an exception is logged as its type and frames, without locals. Its message is left
out unless it is one of ours, which hold no content: that of a failed conversion, say, quotes the value.
Records of libraries keep where they came from and lose their text for the same reason.
"""

from __future__ import annotations

import logging
import os
import sys
import threading
from contextlib import suppress
from types import TracebackType
from typing import TextIO

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from pjai_wire.errors import PjaiError
from pjaid.errors import StartError
from pjaid.outlines import outline
from pjaid.settings import Settings

WORDED = (PjaiError, StartError)
"""Exceptions whose text is logged."""


def configure_logs(settings: Settings) -> None:
    """Sends every record of this process, whoever makes it, to stderr in one form."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            outline_exception,
            _renderer(settings),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(settings.log_level),
        logger_factory=structlog.WriteLoggerFactory(_Forgiving(sys.stderr)),  # type: ignore[arg-type] # it only writes
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(handlers=[LibraryRecords()], level=logging.WARNING, force=True)
    # Otherwise a handler that fails prints the record, arguments included.
    logging.raiseExceptions = False
    sys.excepthook = _uncaught
    threading.excepthook = _uncaught_in_thread
    sys.unraisablehook = _unraisable


class _Forgiving:
    """A stream whose failures stop nothing: neither a full disk nor a reader that left."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, text: str) -> None:
        """Writes what can be written."""
        with suppress(OSError, ValueError):
            self._stream.write(text)

    def flush(self) -> None:
        """Flushes what can be flushed."""
        with suppress(OSError, ValueError):
            self._stream.flush()


def outline_exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """A structlog processor that replaces `exc_info` by `exception`: types and frames, one to a line."""
    exc_info = event.pop("exc_info", None)
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    error = exc_info if isinstance(exc_info, BaseException) else sys.exc_info()[1] if exc_info else None
    if error is not None:
        event["exception"] = "\n".join(outline(error, WORDED))
    return event


class LibraryRecords(logging.Handler):
    """Takes the records of libraries that use `logging`, without their text."""

    def emit(self, record: logging.LogRecord) -> None:
        """Logs where the record came from, and the outline of its exception."""
        level = min(max(record.levelno // 10 * 10, logging.DEBUG), logging.CRITICAL)
        structlog.get_logger().log(
            level,
            "library_record",
            library=record.name,
            place=f"{record.filename}:{record.lineno}",
            exc_info=record.exc_info,
        )


def _renderer(settings: Settings) -> Processor:
    is_terminal = sys.stderr.isatty()
    if settings.log_format == "json" or (settings.log_format == "auto" and not is_terminal):
        return structlog.processors.JSONRenderer()
    return structlog.dev.ConsoleRenderer(
        colors=is_terminal and "NO_COLOR" not in os.environ,
        exception_formatter=structlog.dev.plain_traceback,
    )


def _uncaught(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    structlog.get_logger().critical("uncaught_exception", exc_info=error)


def _uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
    structlog.get_logger().critical("uncaught_exception_in_thread", exc_info=arguments.exc_value)


def _unraisable(unraisable: sys.UnraisableHookArgs) -> None:
    structlog.get_logger().error("unraisable_exception", exc_info=unraisable.exc_value)
