"""Owns how values read: as text for people, and as what JSON can hold."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

import msgspec

from pjai_wire.errors import InvalidValue

_INSTANT = re.compile(r"At$|_at$")
_INTEGER = re.compile(r"\d+")
_SECOND_MS = 1000
_SECOND_US = 1_000_000
_UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))

_VISIBLE = {
    **dict.fromkeys((*range(0x20), *range(0x7F, 0xA0)), "\N{REPLACEMENT CHARACTER}"),
    **dict.fromkeys(map(ord, "\t\n\r"), " "),
}
"""Control characters would let what somebody remembered steer the terminal of whoever reads it."""


def visible(text: str) -> str:
    """The text on one line and without control characters."""
    return text.translate(_VISIBLE)


def shown(name: str, value: Any) -> str:
    """The value of a column as one line of text."""
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case int() if is_instant(name):
            return local_time(value)
        case float():
            return f"{value:g}"
        case str():
            return visible(value)
        case list() if all(isinstance(item, str) for item in value):
            return visible(", ".join(value))
        case bytes():
            return f"{len(value)} bytes"
        case _:
            return visible(to_json(value).decode())


def to_json(value: Any) -> bytes:
    """The value as JSON: binary as base64, as everywhere in the contract's JSON."""
    return msgspec.json.encode(value, enc_hook=str)


def is_instant(name: str) -> bool:
    """Whether a column of that name holds instants."""
    return _INSTANT.search(name) is not None


def local_time(instant: int) -> str:
    """An instant in this machine's time zone, to the second."""
    try:
        return datetime.fromtimestamp(instant / _SECOND_MS, UTC).astimezone().strftime("%Y-%m-%d %H:%M:%S")
    except (ValueError, OverflowError, OSError):
        return str(instant)


def instant(text: str) -> int:
    """The instant that a text names: ISO 8601, local where it has no zone, or milliseconds since the epoch.

    Raises:
        InvalidValue: it names none.
    """
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        return round(datetime.fromisoformat(text).astimezone(UTC).timestamp() * _SECOND_MS)
    except (ValueError, OverflowError):
        raise InvalidValue(
            f"{text!r} is no instant", hint="such as 2025-06-01 or 2025-06-01T10:30Z"
        ) from None


def duration(milliseconds: int) -> str:
    """A span of time in its two largest units."""
    seconds = milliseconds // _SECOND_MS
    parts: list[str] = []
    for unit, length in _UNITS:
        if seconds >= length:
            parts.append(f"{seconds // length} {unit}")
            seconds %= length
    return " ".join([*parts, f"{seconds} s"][:2])


def span(microseconds: int) -> str:
    """A span of time, in milliseconds where it is shorter than a second."""
    if microseconds < _SECOND_US:
        return f"{microseconds / 1000:.1f} ms"
    return f"{microseconds / _SECOND_US:.1f} s"


def size(count: int) -> str:
    """A number of bytes, rounded."""
    for unit, length in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if count >= length:
            return f"{count / length:.1f} {unit}"
    return f"{count} bytes"
