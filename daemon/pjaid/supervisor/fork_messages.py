"""Owns what the daemon and its fork server say to each other: a line of JSON a message (pure)."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct


class Start(Struct, frozen=True):
    """Begin a process that serves as an actor. The server hands it on to that process as it came."""

    name: str
    actor: str
    """Its declaration: `module:attribute`."""
    endpoint: str
    token: str
    memory_bytes_max: int
    open_files_max: int
    secrets: Mapping[str, bytes] = {}
    """Variables of the environment that it alone is given."""


class Begun(Struct, frozen=True, tag="begun"):
    """There is one, as was asked for first of what is not answered yet."""

    pid: int


class Refused(Struct, frozen=True, tag="refused"):
    """The system has no room for one."""

    errno: int


class Ended(Struct, frozen=True, tag="ended"):
    """A process has ended."""

    pid: int
    code: int
    """Its exit code, negative for a signal."""


Told = Begun | Refused | Ended
"""What the server says."""

_encoder = msgspec.json.Encoder()
_start = msgspec.json.Decoder(Start)
_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def line_of(message: Start | Told) -> bytes:
    """A message as it travels."""
    return _encoder.encode(message) + b"\n"


def start_in(line: bytes) -> Start:
    """What the daemon said."""
    return _start.decode(line)


def told_in(line: bytes) -> Told:
    """What the server said."""
    return _told.decode(line)
