"""Owns the form of the key file, and the proof that a file on disk is not damaged."""

from __future__ import annotations

import hashlib
import hmac
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from pjaid.errors import EX_CONFIG, DamagedKeys, StartError
from pjaid.store.keys.slots import Slot, StoreMark

FORMAT: Literal[1] = 1
SLOTS_MAX = 16
CHECKSUM_BYTES = 32

RESTORE_HINT = "restore it from a backup; without its key file the store cannot be read"


class KeyFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A store's slots.

    The checksum tells damage, which says nothing about a passphrase, from a wrong passphrase. It stops nobody
    who means to change the file: each slot's own seal does.
    """

    store: StoreMark
    slots: Annotated[tuple[Slot, ...], Meta(min_length=1, max_length=SLOTS_MAX)]
    checksum: Annotated[bytes, Meta(min_length=CHECKSUM_BYTES, max_length=CHECKSUM_BYTES)] = b""
    """SHA-256 of the file without it."""


class _AnyFormat(Struct):
    """What a key file of any format has."""

    class Mark(Struct):
        format: int

    store: Mark


def encode(keys: KeyFile) -> bytes:
    """The key file as it stands on disk."""
    whole = msgspec.structs.replace(keys, checksum=_checksum(keys))
    return msgspec.json.format(msgspec.json.encode(whole, order="sorted"), indent=2) + b"\n"


def decode(data: bytes) -> KeyFile:
    """The key file in the bytes.

    Raises:
        DamagedKeys: they are not what `encode` wrote.
        StartError: a newer pjaid wrote them.
    """
    try:
        mark = msgspec.json.decode(data, type=_AnyFormat)
        if mark.store.format > FORMAT:
            raise StartError(
                f"the key file has format {mark.store.format}; this pjaid knows no newer than {FORMAT}",
                hint="upgrade pjai",
                exit_code=EX_CONFIG,
            )
        keys = msgspec.json.decode(data, type=KeyFile)
    except (msgspec.DecodeError, RecursionError) as error:
        raise DamagedKeys(f"the key file is damaged: {error}", hint=RESTORE_HINT) from error
    if not hmac.compare_digest(keys.checksum, _checksum(keys)):
        raise DamagedKeys("the key file is damaged: its checksum does not match", hint=RESTORE_HINT)
    return keys


def _checksum(keys: KeyFile) -> bytes:
    bare = msgspec.structs.replace(keys, checksum=b"")
    return hashlib.sha256(msgspec.json.encode(bare, order="sorted")).digest()
