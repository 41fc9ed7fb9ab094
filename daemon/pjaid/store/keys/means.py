"""Owns what a slot can be opened or made with."""

from __future__ import annotations

import getpass
import os
from dataclasses import dataclass, field
from typing import Self

from pjaid.settings import Settings
from pjaid.store.keys.os_keyring import OsKeyring
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.keys.slots import RFC_9106_SECOND, Argon2Cost


@dataclass(frozen=True)
class Means:
    """The passphrases and the keyring at hand, and what a new passphrase slot shall cost to guess."""

    passphrases: Passphrases = field(default_factory=Passphrases)
    keyring: OsKeyring = field(default_factory=OsKeyring)
    cost: Argon2Cost = RFC_9106_SECOND

    @classmethod
    def at_hand(cls, settings: Settings, *, interactive: bool) -> Self:
        """The means of this process; takes `PJAI_PASSPHRASE` out of its environment."""
        return cls(
            passphrases=Passphrases.around(
                os.environ,
                file=settings.passphrase_file,
                prompt=getpass.getpass if interactive else None,
            )
        )
