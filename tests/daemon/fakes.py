"""Fakes: a keyring in memory, which the daemon accepts only where a test says so, and a prompt."""

from __future__ import annotations

from keyring.backend import KeyringBackend

from pjaid.store.keys.passphrases import Prompt


class FakeKeyring(KeyringBackend):
    """Keeps what it is given until it is gone."""

    priority = 1.0

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        """What is kept for the account, if anything."""
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        """Keeps it."""
        self.kept[service, username] = password


FAKE_BACKEND = f"{FakeKeyring.__module__}.{FakeKeyring.__qualname__}"


def typing(*answers: str) -> Prompt:
    """A prompt at which the answers are typed, one after the other."""
    remaining = iter(answers)
    return lambda question: next(remaining)
