"""The OS keyring: only one that encrypts is used, and its failures are told."""

from __future__ import annotations

from collections.abc import Iterator

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.backends.chainer import ChainerBackend
from keyring.core import load_keyring

from pjaid.errors import EX_UNAVAILABLE, KeyringUnavailable
from pjaid.store.keys.os_keyring import ENCRYPTED_BACKENDS, SERVICE, OsKeyring
from tests.daemon.fakes import FAKE_BACKEND, FakeKeyring


class BrokenKeyring(FakeKeyring):
    """Fails as the bus below a keyring does, quoting what it was given."""

    def set_password(self, service: str, username: str, password: str) -> None:
        raise RuntimeError(password)


class ForgetfulKeyring(FakeKeyring):
    """Takes everything and keeps nothing."""

    def set_password(self, service: str, username: str, password: str) -> None:
        return


def accepting(backend: KeyringBackend) -> OsKeyring:
    keyring.set_keyring(backend)
    return OsKeyring(accepted=frozenset({f"{type(backend).__module__}.{type(backend).__qualname__}"}))


@pytest.fixture(autouse=True)
def _own_keyring() -> Iterator[None]:
    before = keyring.get_keyring()
    yield
    keyring.set_keyring(before)


def test_a_key_is_kept_under_its_account() -> None:
    os_keyring = accepting(FakeKeyring())

    first, second = os_keyring.new_key("first"), os_keyring.new_key("second")

    assert (os_keyring.key("first"), os_keyring.key("second")) == (first, second)
    assert first != second
    assert os_keyring.key("third") is None


@pytest.mark.parametrize(
    "backend",
    [
        load_keyring("keyring.backends.null.Keyring"),
        load_keyring("keyring.backends.fail.Keyring"),
        FakeKeyring(),
    ],
    ids=lambda backend: type(backend).__module__,
)
def test_a_keyring_that_is_not_known_to_encrypt_is_refused(backend: KeyringBackend) -> None:
    keyring.set_keyring(backend)

    with pytest.raises(KeyringUnavailable, match="no encrypted OS keyring") as refused:
        OsKeyring().new_key("account")
    with pytest.raises(KeyringUnavailable, match="no encrypted OS keyring"):
        OsKeyring().key("account")
    assert refused.value.exit_code == EX_UNAVAILABLE


def test_no_plaintext_backend_is_accepted() -> None:
    accepted = {name.removeprefix("keyring.backends.").partition(".")[0] for name in ENCRYPTED_BACKENDS}

    assert accepted == {"SecretService", "libsecret", "kwallet", "macOS"}


def test_of_a_chain_only_the_encrypted_members_are_used(monkeypatch: pytest.MonkeyPatch) -> None:
    plaintext, encrypted = load_keyring("keyring.backends.null.Keyring"), FakeKeyring()
    monkeypatch.setattr(ChainerBackend, "backends", [plaintext, encrypted])
    keyring.set_keyring(load_keyring("keyring.backends.chainer.ChainerBackend"))

    key = OsKeyring(accepted=frozenset({FAKE_BACKEND})).new_key("account")

    assert OsKeyring(accepted=frozenset({FAKE_BACKEND})).key("account") == key
    assert (SERVICE, "account") in encrypted.kept


def test_a_keyring_that_fails_is_told_without_what_it_was_given() -> None:
    os_keyring = accepting(BrokenKeyring())

    with pytest.raises(KeyringUnavailable) as refused:
        os_keyring.new_key("account")

    assert refused.value.message.endswith("BrokenKeyring failed with RuntimeError")


def test_a_keyring_that_keeps_nothing_is_noticed_at_once() -> None:
    with pytest.raises(KeyringUnavailable, match="did not keep the key"):
        accepting(ForgetfulKeyring()).new_key("account")


@pytest.mark.parametrize("text", ["", "not base64!", "c2hvcnQ="])
def test_an_entry_that_is_no_key_counts_as_none(text: str) -> None:
    backend = FakeKeyring()
    backend.set_password(SERVICE, "account", text)

    assert accepting(backend).key("account") is None
