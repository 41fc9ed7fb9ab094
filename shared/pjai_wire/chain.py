"""Owns the hash chain that makes the event log tamper-evident.

    hash(n) = SHA-256( hash(n-1) ‖ seq(n) ‖ id(n) ‖ 00 ‖ name(n) ‖ 00 ‖ SHA-256(args(n)) )

`hash(0)` is 32 zero bytes; `seq` is 8 bytes, big-endian; `args` is the MessagePack of the arguments as the
log holds it. The chain binds the hash of the arguments and not the arguments, so these can be erased
without breaking it.
"""

from __future__ import annotations

from hashlib import sha256

ORIGIN = bytes(32)
"""The hash before the first event."""


def arguments_hash(args: bytes) -> bytes:
    """The hash that the chain binds for arguments encoded as `args`; 32 bytes."""
    return sha256(args).digest()


def link(previous: bytes, seq: int, event_id: str, name: str, args_hash: bytes) -> bytes:
    """The hash of the event `seq` that follows one whose hash is `previous`; 32 bytes."""
    return sha256(
        b"".join((previous, seq.to_bytes(8), event_id.encode(), b"\0", name.encode(), b"\0", args_hash))
    ).digest()
