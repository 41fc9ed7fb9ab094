"""Owns the errors that stop a start: one tree, each with the exit code that a service manager acts on.

    StartError                 78 EX_CONFIG       what the user set up cannot work
    ├── InvalidSetting         78 EX_CONFIG       a setting is unknown, or outside what is allowed
    ├── NoKey                  78 EX_CONFIG       nothing at hand opens the store, or makes its first key
    ├── WrongPassphrase        77 EX_NOPERM       no slot opens with the passphrase
    ├── NotPrivate             77 EX_NOPERM       others can reach what only its owner may
    ├── DamagedKeys            65 EX_DATAERR      the key file is missing, damaged or was changed
    ├── KeyringUnavailable     69 EX_UNAVAILABLE  no encrypted OS keyring answers
    └── AlreadyRunning         75 EX_TEMPFAIL     another daemon owns the directory

The codes are those of sysexits(3). A service manager should not retry 65, 77 and 78: only a person helps.
"""

from __future__ import annotations

from os import (
    EX_CANTCREAT,
    EX_CONFIG,
    EX_DATAERR,
    EX_IOERR,
    EX_NOINPUT,
    EX_NOPERM,
    EX_OK,
    EX_TEMPFAIL,
    EX_UNAVAILABLE,
)

__all__ = [
    "AlreadyRunning",
    "DamagedKeys",
    "InvalidSetting",
    "KeyringUnavailable",
    "NoKey",
    "NotPrivate",
    "StartError",
    "WrongPassphrase",
    "EX_CANTCREAT",
    "EX_CONFIG",
    "EX_DATAERR",
    "EX_IOERR",
    "EX_NOINPUT",
    "EX_NOPERM",
    "EX_OK",
    "EX_TEMPFAIL",
    "EX_UNAVAILABLE",
]


class StartError(Exception):
    """What stops a start, told to whoever started the daemon.

    Args:
        message: what is wrong, in a sentence; never holds a key, a passphrase or a user's content.
        hint: the next step.
        exit_code: of the process, from sysexits(3); by default that of the class.
    """

    exit_code: int = EX_CONFIG

    def __init__(self, message: str, *, hint: str = "", exit_code: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        if exit_code is not None:
            self.exit_code = exit_code

    def __str__(self) -> str:
        return f"{self.message} ({self.hint})" if self.hint else self.message


class InvalidSetting(StartError):
    """A setting is unknown, or outside what is allowed."""


class NoKey(StartError):
    """Nothing at hand opens the store, or makes its first key."""


class WrongPassphrase(StartError):
    """No slot opens with the passphrase."""

    exit_code = EX_NOPERM


class NotPrivate(StartError):
    """Others can reach what only its owner may."""

    exit_code = EX_NOPERM


class DamagedKeys(StartError):
    """The key file is missing, damaged or was changed."""

    exit_code = EX_DATAERR


class KeyringUnavailable(StartError):
    """No encrypted OS keyring answers."""

    exit_code = EX_UNAVAILABLE


class AlreadyRunning(StartError):
    """Another daemon owns the directory."""

    exit_code = EX_TEMPFAIL
