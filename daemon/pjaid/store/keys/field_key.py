"""Owns the sealing of single fields, beneath the encryption of the file that holds them.

A sealed field is a version byte, a nonce of 96 random bits, and the secret under AES-256-GCM. The seal binds
the place, so that what was sealed for one row or column opens in no other. The key comes from the data key of
the store by HKDF-SHA256 (RFC 5869), so a new passphrase changes no sealed field.
"""

from __future__ import annotations

import os
from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct

from pjai_wire.codec import encode
from pjai_wire.errors import Damaged
from pjai_wire.fields import SEAL_BYTES

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

VERSION = b"\1"
NONCE_BYTES = 12
PROOF_BYTES = 16
KEY_BYTES = 32
PURPOSE = b"pjai field key, version 1"

assert len(VERSION) + NONCE_BYTES + PROOF_BYTES == SEAL_BYTES


class Place(Struct, frozen=True):
    """Where a sealed field stands."""

    table: str
    id: str
    column: str


class FieldKey:
    """Seals and opens.

    Args:
        data_key: the store's, 32 bytes.
    """

    def __init__(self, data_key: bytes) -> None:
        self._data_key = data_key

    def seal(self, place: Place, secret: bytes) -> bytes:
        """The secret, to be opened by this key and in this place alone."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, secret, _bound(place))

    def opened(self, place: Place, sealed: bytes) -> bytes:
        """The secret.

        Raises:
            Damaged: it was sealed by another key, or for another place; or it was changed.
        """
        # Imported when needed: most of its memory is given back once the store is unlocked.
        from cryptography.exceptions import InvalidTag

        version, nonce, box = sealed[:1], sealed[1 : 1 + NONCE_BYTES], sealed[1 + NONCE_BYTES :]
        try:
            if version == VERSION and len(box) >= PROOF_BYTES:
                return self._cipher.decrypt(nonce, box, _bound(place))
        except InvalidTag:
            pass
        raise Damaged("the secret is not what was sealed there", hint="set it again, or restore a backup")

    @cached_property
    def _cipher(self) -> AESGCM:
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM
        from cryptography.hazmat.primitives.hashes import SHA256
        from cryptography.hazmat.primitives.kdf.hkdf import HKDF

        derived = HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=PURPOSE)
        return AESGCM(derived.derive(self._data_key))


def _bound(place: Place) -> bytes:
    """The version and the place; MessagePack says where each text ends."""
    return encode((VERSION, place.table, place.id, place.column))
