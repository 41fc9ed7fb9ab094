"""Owns what the daemon, its fork server and the processes of actors say to each other at a beginning (pure).

The daemon asks with one byte, and a pipe from which the new process alone reads who it is: what the server
held would be in the memory of all. The server answers with lines of JSON.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from msgspec import Struct

BEGIN = b"b"
"""Begin a process, and give it what comes along."""


class Start(Struct, frozen=True):
    """What a process is told that is to serve as an actor."""

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

encode_start = msgspec.json.Encoder().encode
decode_start = msgspec.json.Decoder(Start).decode
_told: msgspec.json.Decoder[Told] = msgspec.json.Decoder(Told)


def line_of(message: Told) -> bytes:
    """What the server says, as it travels."""
    return msgspec.json.encode(message) + b"\n"


def told_in(line: bytes) -> Told:
    """What the server said."""
    return _told.decode(line)
