"""Owns the key file on disk: private, and always whole, whatever instant the power fails at."""

from __future__ import annotations

import os
from pathlib import Path

from pjaid.directories import require_private
from pjaid.errors import EX_IOERR, EX_NOINPUT, DamagedKeys, StartError
from pjaid.store.keys.key_file import RESTORE_HINT, KeyFile, decode, encode

KEY_FILE = "keys.json"
DATABASE_FILES = ("pjai.db", "pjai.db-wal", "pjai.db-journal")
KEY_FILE_BYTES_MAX = 64 * 1024
FILE_MODE = 0o600


def keys_exist(data_dir: Path) -> bool:
    """Whether the store has its key file.

    Raises:
        DamagedKeys: it has none, but a database is there, which a new key could never open.
    """
    if os.path.lexists(data_dir / KEY_FILE):
        return True
    for name in DATABASE_FILES:
        if os.path.lexists(data_dir / name):
            raise DamagedKeys(f"{data_dir} has {name}, but no {KEY_FILE}", hint=RESTORE_HINT)
    return False


def read_keys(data_dir: Path) -> KeyFile:
    """The store's key file.

    Raises:
        NotPrivate: others can reach it.
        DamagedKeys: it is not what was written.
        StartError: it cannot be read, or a newer pjaid wrote it.
    """
    path = data_dir / KEY_FILE
    try:
        with path.open("rb") as file:
            require_private(path, os.fstat(file.fileno()))
            data = file.read(KEY_FILE_BYTES_MAX + 1)
    except OSError as error:
        raise StartError(f"cannot read {path}: {error.strerror}", exit_code=EX_NOINPUT) from error
    if len(data) > KEY_FILE_BYTES_MAX:
        raise DamagedKeys(f"{path} is longer than {KEY_FILE_BYTES_MAX} bytes", hint=RESTORE_HINT)
    return decode(data)


def write_keys(data_dir: Path, keys: KeyFile) -> None:
    """Replaces the store's key file; the caller holds the store's lock.

    Raises:
        StartError: it cannot be written; what was there before stays.
    """
    path, draft = data_dir / KEY_FILE, data_dir / f"{KEY_FILE}.new"
    data = encode(keys)
    assert len(data) <= KEY_FILE_BYTES_MAX
    try:
        draft.unlink(missing_ok=True)
        with open(draft, "xb", opener=_private) as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
        _sync_directory(data_dir)
    except OSError as error:
        raise StartError(f"cannot write {path}: {error.strerror}", exit_code=EX_IOERR) from error


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, FILE_MODE)


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
