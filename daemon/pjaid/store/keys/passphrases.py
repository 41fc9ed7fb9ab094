"""Owns where a passphrase comes from: a file, the environment, systemd's credentials, or a prompt."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from pjaid.directories import require_private
from pjaid.errors import NoKey

PASSPHRASE_VARIABLE = "PJAI_PASSPHRASE"  # noqa: S105 - the variable's name
CREDENTIAL = "pjai.passphrase"
PASSPHRASE_BYTES_MAX = 4096

Prompt = Callable[[str], str]


@dataclass(frozen=True)
class Passphrases:
    """The sources of a passphrase, the first that holds one wins."""

    file: Path | None = None
    variable: bytes | None = field(default=None, repr=False)
    credential: Path | None = None
    """Guarded by systemd, whose access list looks like a group's permission."""
    prompt: Prompt | None = None
    """None where nobody is there to be asked."""

    @classmethod
    def around(cls, environ: MutableMapping[str, str], *, file: Path | None, prompt: Prompt | None) -> Self:
        """The sources around this process; takes those in `environ` out of it: no child inherits them."""
        variable = environ.pop(PASSPHRASE_VARIABLE, None)
        directory = environ.pop("CREDENTIALS_DIRECTORY", None)
        return cls(
            file=file,
            variable=None if variable is None else os.fsencode(variable),
            credential=Path(directory) / CREDENTIAL if directory else None,
            prompt=prompt,
        )

    def given(self) -> bytes | None:
        """The passphrase that is there without asking, if any.

        Raises:
            NotPrivate: others can reach its file.
            NoKey: it is empty, too long or cannot be read.
        """
        if self.file:
            return _accepted(_read(self.file, guarded=False), str(self.file))
        if self.variable is not None:
            return _accepted(self.variable, PASSPHRASE_VARIABLE)
        if self.credential and self.credential.exists():
            return _accepted(_read(self.credential, guarded=True), str(self.credential))
        return None

    def asked(self) -> bytes | None:
        """The passphrase of an existing slot from the prompt, if someone is there."""
        return None if self.prompt is None else _typed(self.prompt, "Passphrase: ")

    def chosen(self) -> bytes | None:
        """A new passphrase from the prompt, typed twice, if someone is there.

        Raises:
            NoKey: the two differ, or are empty.
        """
        if self.prompt is None:
            return None
        first = _typed(self.prompt, "New passphrase: ")
        if _typed(self.prompt, "Once more: ") != first:
            raise NoKey("the two passphrases differ", hint="try again")
        return first


def _typed(prompt: Prompt, question: str) -> bytes:
    try:
        return _accepted(os.fsencode(prompt(question)), "the prompt")
    except EOFError as error:
        raise NoKey("no passphrase was typed") from error


def _read(path: Path, *, guarded: bool) -> bytes:
    try:
        with path.open("rb") as file:
            if not guarded:
                require_private(path, os.fstat(file.fileno()))
            data = file.read(PASSPHRASE_BYTES_MAX + 2)
    except OSError as error:
        raise NoKey(f"cannot read the passphrase from {path}: {error.strerror}") from error
    return data.removesuffix(b"\n")


def _accepted(passphrase: bytes, source: str) -> bytes:
    if not passphrase:
        raise NoKey(f"the passphrase from {source} is empty")
    if len(passphrase) > PASSPHRASE_BYTES_MAX:
        raise NoKey(f"the passphrase from {source} is longer than {PASSPHRASE_BYTES_MAX} bytes")
    try:
        # Keyboards of different systems type the same letter as different code points.
        return unicodedata.normalize("NFC", passphrase.decode()).encode()
    except UnicodeDecodeError:
        return passphrase
