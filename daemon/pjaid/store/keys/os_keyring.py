"""Owns the wrapping keys that the OS keyring keeps, and the refusal of a keyring that does not encrypt."""

from __future__ import annotations

import base64
import binascii
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pjaid.errors import KeyringUnavailable
from pjaid.store.keys.slots import WRAPPING_KEY_BYTES

if TYPE_CHECKING:
    from keyring.backend import KeyringBackend

SERVICE = "pjai"

ENCRYPTED_BACKENDS = frozenset(
    {
        "keyring.backends.SecretService.Keyring",
        "keyring.backends.kwallet.DBusKeyring",
        "keyring.backends.kwallet.DBusKeyringKWallet4",
        "keyring.backends.libsecret.Keyring",
        "keyring.backends.macOS.Keyring",
    }
)
"""The backends that encrypt at rest: Secret Service (two ways to it), KWallet and the macOS Keychain."""

KEYRING_HINT = "unlock or start the OS keyring, or use a passphrase (pjaid init, PJAI_PASSPHRASE_FILE)"


@dataclass(frozen=True)
class OsKeyring:
    """The OS keyring that the `keyring` package finds.

    Args:
        accepted: the classes of backends that are used; any other is as good as none.
    """

    accepted: frozenset[str] = ENCRYPTED_BACKENDS

    def new_key(self, account: str) -> bytes:
        """Puts a new random key into the keyring.

        Raises:
            KeyringUnavailable: no keyring keeps it.
        """
        key = os.urandom(WRAPPING_KEY_BYTES)
        backend = next(self._backends())
        try:
            backend.set_password(SERVICE, account, base64.b64encode(key).decode())
        # A backend raises whatever the bus or library below it does.
        except Exception as error:
            raise _unavailable(backend, error) from error
        if _kept(backend, account) != key:
            raise KeyringUnavailable(f"the keyring {_name(backend)} did not keep the key", hint=KEYRING_HINT)
        return key

    def key(self, account: str) -> bytes | None:
        """The key that `new_key` put there, or None where the keyring does not hold it.

        Raises:
            KeyringUnavailable: no keyring answers.
        """
        return next(filter(None, (_kept(backend, account) for backend in self._backends())), None)

    def _backends(self) -> Iterator[KeyringBackend]:
        import keyring
        from keyring.backends.chainer import ChainerBackend

        try:
            found = keyring.get_keyring()
            # The chainer would write into the first of its members that takes it, encrypted or not.
            members = found.backends if isinstance(found, ChainerBackend) else [found]
        except Exception as error:
            raise KeyringUnavailable(
                f"the OS keyring failed with {type(error).__name__}", hint=KEYRING_HINT
            ) from error
        accepted = [member for member in members if _name(member) in self.accepted]
        if not accepted:
            raise KeyringUnavailable(
                f"there is no encrypted OS keyring, only {_name(found)}", hint=KEYRING_HINT
            )
        yield from accepted


def _kept(backend: KeyringBackend, account: str) -> bytes | None:
    try:
        text = backend.get_password(SERVICE, account)
    except Exception as error:
        raise _unavailable(backend, error) from error
    try:
        key = base64.b64decode(text or "", validate=True)
    except binascii.Error:
        return None
    return key if len(key) == WRAPPING_KEY_BYTES else None


def _unavailable(backend: KeyringBackend, error: Exception) -> KeyringUnavailable:
    return KeyringUnavailable(
        f"the keyring {_name(backend)} failed with {type(error).__name__}", hint=KEYRING_HINT
    )


def _name(backend: KeyringBackend) -> str:
    return f"{type(backend).__module__}.{type(backend).__qualname__}"
