"""Owns the hash by which equal memories are told (pure)."""

from __future__ import annotations

import unicodedata
from hashlib import blake2b
from typing import Any

import msgspec

HASH_BYTES = 16

_encode = msgspec.msgpack.Encoder(order="deterministic").encode


def content_hash(kind: str, name: str, summary: str, content: dict[str, Any]) -> str:
    """The hash of a memory as 32 hexadecimal digits.

    Memories are equal that differ in nothing but the order of keys, how letters are composed (Unicode's NFC),
    and the blanks between words.
    """
    told = _encode(_normalised([kind, name, summary, content]))
    return blake2b(told, digest_size=HASH_BYTES).hexdigest()


def _normalised(value: Any) -> Any:
    match value:
        case str():
            return " ".join(unicodedata.normalize("NFC", value).split())
        case dict():
            # Keys stay as they are, for two of them must not become one.
            return {key: _normalised(item) for key, item in value.items()}
        case list():
            return [_normalised(item) for item in value]
        case _:
            return value
