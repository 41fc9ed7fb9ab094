"""Owns the making of ids: UUIDv7 text (RFC 9562, section 5.7), so that inserts are ordered by time."""

from __future__ import annotations

import os
import time
import uuid

_last = 0


def new_id() -> str:
    """A new UUIDv7, greater than every one that this process made before.

    The 12 bits after the milliseconds hold the fraction of the millisecond (RFC 9562, section 6.2,
    method 3), so ids made within one millisecond keep their order too.
    """
    global _last
    now = time.time_ns()
    milliseconds, nanoseconds = divmod(now, 1_000_000)
    stamp = (milliseconds << 12) | (nanoseconds << 12) // 1_000_000
    _last = stamp = max(stamp, _last + 1)
    tail = int.from_bytes(os.urandom(8)) & (2**62 - 1)
    return str(uuid.UUID(int=(stamp >> 12) << 80 | 0x7 << 76 | (stamp & 0xFFF) << 64 | 0b10 << 62 | tail))


def now_ms() -> int:
    """The present instant in milliseconds since the epoch, UTC."""
    return time.time_ns() // 1_000_000
