"""The key room: a store's key is made once, opened by what belongs to it, and never lost to a mistake."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

import keyring
import msgspec
import pytest

from pjaid.errors import (
    EX_DATAERR,
    EX_NOPERM,
    DamagedKeys,
    KeyringUnavailable,
    NoKey,
    NotPrivate,
    StartError,
    WrongPassphrase,
)
from pjaid.settings import Settings
from pjaid.store.keys import Means, make_slot, open_or_create_keys, unlock
from pjaid.store.keys.disk import DATABASE_FILES, KEY_FILE, read_keys, write_keys
from pjaid.store.keys.key_file import SLOTS_MAX
from pjaid.store.keys.os_keyring import OsKeyring
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.keys.slots import Argon2Cost
from tests.daemon.fakes import FAKE_BACKEND, FakeKeyring, typing

CHEAP = Argon2Cost(iterations=1, lanes=1, memory_kib=8)


def means(*typed: str, given: str = "") -> Means:
    """What a process has: a passphrase given without asking, and what is typed at its prompt."""
    return Means(
        passphrases=Passphrases(variable=given.encode() or None, prompt=typing(*typed) if typed else None),
        keyring=OsKeyring(accepted=frozenset({FAKE_BACKEND})),
        cost=CHEAP,
    )


HORSE = means(given="correct horse")
HOUSE = means(given="correct house")
NOTHING = means()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(data_dir=tmp_path / "store")


@pytest.fixture
def key_file(settings: Settings) -> Path:
    return settings.data_dir / KEY_FILE


@pytest.fixture(autouse=True)
def fake_keyring() -> Iterator[FakeKeyring]:
    before, fake = keyring.get_keyring(), FakeKeyring()
    keyring.set_keyring(fake)
    yield fake
    keyring.set_keyring(before)


def open_with(settings: Settings, at_hand: Means) -> bytes:
    return open_or_create_keys(settings, interactive=False, means=at_hand).data_key


def test_a_store_opens_with_the_key_that_it_was_made_with(settings: Settings) -> None:
    made = open_or_create_keys(settings, interactive=False, means=HORSE)
    again = open_or_create_keys(settings, interactive=False, means=HORSE)

    assert made.created
    assert not again.created
    assert (again.data_key, again.store_id) == (made.data_key, made.store_id)
    assert len(made.data_key) == 32


def test_each_store_has_a_key_and_an_id_of_its_own(tmp_path: Path) -> None:
    first, second = (
        open_or_create_keys(Settings(data_dir=tmp_path / name), interactive=False, means=HORSE)
        for name in ("first", "second")
    )

    assert first.data_key != second.data_key
    assert first.store_id != second.store_id


def test_the_key_is_shown_nowhere(settings: Settings, key_file: Path) -> None:
    key = open_or_create_keys(settings, interactive=False, means=HORSE)

    assert repr(key.data_key) not in repr(key)
    assert key.data_key not in key_file.read_bytes()


def test_a_store_keeps_the_cipher_that_it_was_made_with(settings: Settings) -> None:
    open_with(settings, HORSE)
    changed = msgspec.structs.replace(settings, cipher="sqlcipher")

    assert open_or_create_keys(changed, interactive=False, means=HORSE).cipher == "aegis"


def test_the_key_file_is_private_and_alone(settings: Settings, key_file: Path) -> None:
    open_with(settings, HORSE)

    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert stat.S_IMODE(settings.data_dir.stat().st_mode) == 0o700
    assert [path.name for path in settings.data_dir.iterdir()] == [KEY_FILE]


def test_a_wrong_passphrase_changes_nothing(settings: Settings, key_file: Path) -> None:
    open_with(settings, HORSE)
    before = key_file.read_bytes(), key_file.stat()

    with pytest.raises(WrongPassphrase, match="nothing was changed") as refused:
        open_with(settings, HOUSE)
    with pytest.raises(WrongPassphrase):
        make_slot(settings, "keyring", interactive=False, means=HOUSE)

    assert (key_file.read_bytes(), key_file.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)
    assert refused.value.exit_code == EX_NOPERM


def test_a_wrong_passphrase_does_not_fall_back_to_the_keyring(settings: Settings) -> None:
    open_with(settings, HORSE)
    make_slot(settings, "keyring", interactive=False, means=HORSE)

    with pytest.raises(WrongPassphrase):
        open_with(settings, HOUSE)


def test_nothing_at_hand_makes_no_store_but_says_how(settings: Settings, key_file: Path) -> None:
    with pytest.raises(NoKey) as refused:
        open_with(settings, NOTHING)

    for way in ("pjaid init", "pjaid init --keyring", "PJAI_PASSPHRASE_FILE"):
        assert way in refused.value.hint
    assert not key_file.exists()


def test_nothing_at_hand_opens_no_store(settings: Settings) -> None:
    open_with(settings, HORSE)

    with pytest.raises(NoKey, match="locked"):
        open_with(settings, NOTHING)


@pytest.mark.parametrize("database", DATABASE_FILES)
def test_no_key_is_made_beside_a_database(settings: Settings, key_file: Path, database: str) -> None:
    settings.data_dir.mkdir(mode=0o700)
    (settings.data_dir / database).touch()

    with pytest.raises(DamagedKeys, match=f"has {database}, but no {KEY_FILE}") as refused:
        open_with(settings, HORSE)
    with pytest.raises(DamagedKeys):
        make_slot(settings, "passphrase", interactive=False, means=HORSE)

    assert refused.value.exit_code == EX_DATAERR
    assert not key_file.exists()


def test_someone_at_the_terminal_is_asked(settings: Settings) -> None:
    made = open_with(settings, means("correct horse", "correct horse"))

    assert open_with(settings, means("correct horse")) == made


def test_the_process_gives_up_its_passphrase(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PJAI_PASSPHRASE", "correct horse")

    at_hand = Means.at_hand(settings, interactive=False)

    assert at_hand.passphrases.given() == b"correct horse"
    assert at_hand.passphrases.prompt is None
    assert "PJAI_PASSPHRASE" not in os.environ


def test_a_store_of_the_keyring_opens_without_a_passphrase(
    settings: Settings, fake_keyring: FakeKeyring
) -> None:
    made = make_slot(settings, "keyring", interactive=False, means=NOTHING)

    assert made.created
    assert open_with(settings, NOTHING) == made.data_key
    assert [len(account) for _, account in fake_keyring.kept] == [36 + 1 + 36]


def test_a_passphrase_at_hand_does_not_keep_a_store_of_the_keyring_shut(settings: Settings) -> None:
    made = make_slot(settings, "keyring", interactive=False, means=NOTHING)

    assert open_with(settings, HORSE) == made.data_key


def test_an_empty_keyring_is_told(settings: Settings, fake_keyring: FakeKeyring) -> None:
    make_slot(settings, "keyring", interactive=False, means=NOTHING)
    fake_keyring.kept.clear()

    with pytest.raises(KeyringUnavailable, match="holds no key for this store"):
        open_with(settings, NOTHING)


def test_an_empty_keyring_leaves_the_prompt(settings: Settings, fake_keyring: FakeKeyring) -> None:
    made = open_with(settings, HORSE)
    make_slot(settings, "keyring", interactive=False, means=HORSE)
    fake_keyring.kept.clear()

    assert open_with(settings, means("correct horse")) == made


def test_another_slot_opens_the_same_store(settings: Settings, key_file: Path) -> None:
    made = open_with(settings, HORSE)

    added = make_slot(settings, "keyring", interactive=False, means=HORSE)

    assert not added.created
    assert open_with(settings, HORSE) == open_with(settings, NOTHING) == made
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600


def test_a_passphrase_at_hand_becomes_the_slot_of_a_store_of_the_keyring(
    settings: Settings, fake_keyring: FakeKeyring
) -> None:
    made = make_slot(settings, "keyring", interactive=False, means=NOTHING)
    make_slot(settings, "passphrase", interactive=False, means=HORSE)
    fake_keyring.kept.clear()

    assert open_with(settings, HORSE) == made.data_key


def test_a_second_passphrase_is_typed(settings: Settings) -> None:
    made = open_with(settings, HORSE)
    make_slot(
        settings,
        "passphrase",
        interactive=True,
        means=means("correct house", "correct house", given="correct horse"),
    )

    assert open_with(settings, HOUSE) == open_with(settings, HORSE) == made
    with pytest.raises(NoKey, match="no passphrase for a new slot"):
        make_slot(settings, "passphrase", interactive=False, means=HORSE)


def test_slots_have_an_end(settings: Settings) -> None:
    open_with(settings, HORSE)
    keys = read_keys(settings.data_dir)
    write_keys(settings.data_dir, msgspec.structs.replace(keys, slots=keys.slots * SLOTS_MAX))

    with pytest.raises(StartError, match="which is the most"):
        make_slot(settings, "keyring", interactive=False, means=HORSE)


def tampered(settings: Settings, **changed: object) -> None:
    """Changes the first slot as one who knows the form would: with a checksum that matches."""
    keys = read_keys(settings.data_dir)
    slot = msgspec.structs.replace(keys.slots[0], **changed)
    write_keys(settings.data_dir, msgspec.structs.replace(keys, slots=(slot,)))


@pytest.mark.parametrize(
    "changed",
    [
        {"id": "00000000-0000-0000-0000-000000000000"},
        {"cost": Argon2Cost(iterations=2, lanes=1, memory_kib=8)},
        {"cost": Argon2Cost(iterations=1, lanes=1, memory_kib=9)},
        {"salt": bytes(16)},
        {"wrapped": bytes(60)},
    ],
)
def test_a_tampered_passphrase_slot_opens_no_store(settings: Settings, changed: dict[str, object]) -> None:
    open_with(settings, HORSE)
    tampered(settings, **changed)

    with pytest.raises(WrongPassphrase, match="tampered"):
        unlock(settings.data_dir, HORSE)


@pytest.mark.parametrize("changed", [{"id": "00000000-0000-0000-0000-000000000000"}, {"cipher": "chacha20"}])
def test_slots_moved_to_another_store_do_not_open_it(settings: Settings, changed: dict[str, object]) -> None:
    open_with(settings, HORSE)
    keys = read_keys(settings.data_dir)
    other = msgspec.structs.replace(keys.store, **changed)
    write_keys(settings.data_dir, msgspec.structs.replace(keys, store=other))

    with pytest.raises(WrongPassphrase):
        unlock(settings.data_dir, HORSE)


def test_a_tampered_keyring_slot_is_told_as_such(settings: Settings) -> None:
    make_slot(settings, "keyring", interactive=False, means=NOTHING)
    tampered(settings, wrapped=bytes(60))

    with pytest.raises(DamagedKeys, match="not the one that was written"):
        unlock(settings.data_dir, NOTHING)


def test_a_damaged_key_file_is_told_from_a_wrong_passphrase(settings: Settings, key_file: Path) -> None:
    open_with(settings, HORSE)
    key_file.write_bytes(key_file.read_bytes()[:-20])

    with pytest.raises(DamagedKeys) as refused:
        open_with(settings, HORSE)

    assert "backup" in refused.value.hint


def test_an_endless_key_file_is_damage(settings: Settings, key_file: Path) -> None:
    open_with(settings, HORSE)
    key_file.write_bytes(key_file.read_bytes() + b" " * 70_000)

    with pytest.raises(DamagedKeys, match="longer than"):
        open_with(settings, HORSE)


def test_a_key_file_that_others_can_read_is_refused(settings: Settings, key_file: Path) -> None:
    open_with(settings, HORSE)
    key_file.chmod(0o644)

    with pytest.raises(NotPrivate, match=KEY_FILE):
        open_with(settings, HORSE)


def test_a_draft_that_a_power_cut_left_is_no_hindrance(settings: Settings) -> None:
    settings.data_dir.mkdir(mode=0o700)
    draft = settings.data_dir / f"{KEY_FILE}.new"
    draft.write_bytes(b"torn")

    open_with(settings, HORSE)

    assert not draft.exists()


def test_a_failed_write_leaves_the_key_file_as_it_was(
    settings: Settings, key_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_with(settings, HORSE)
    before = key_file.read_bytes()

    def disk_full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", disk_full)
    with pytest.raises(StartError, match="No space left on device"):
        make_slot(settings, "keyring", interactive=False, means=HORSE)

    assert key_file.read_bytes() == before
