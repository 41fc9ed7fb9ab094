"""Owns connections: how the encrypted file is opened, and what every connection to it has in common."""

from __future__ import annotations

from pathlib import Path

import apsw
import msgspec

from pjaid.errors import EX_CONFIG, EX_DATAERR, StartError
from pjaid.settings import Cipher
from pjaid.store.vectors import halves, model_number
from pjaid.store.words import functions

SQLITE_VERSION_MIN = (3, 51, 3)
"""Older ones can corrupt a database when the WAL is reset (fixed in 3.51.3)."""

BUSY_TIMEOUT_MS = 5_000

WAL_PAGES_MAX = 16_384
"""Past it a commit moves the WAL into the database itself, and takes as long as that takes."""

WAL_BYTES_KEPT = 80 * 2**20
"""To which the WAL shrinks when it begins anew: not below what it grows to, as to write over a file is a
quarter faster than to lengthen it. When nothing is written it goes altogether."""

_members = msgspec.msgpack.Decoder(list[str]).decode


def require_sqlite() -> None:
    """Checks the library that was loaded.

    Raises:
        StartError: SQLite is older than 3.51.3, or has no encryption.
    """
    version = tuple(int(part) for part in apsw.sqlite_lib_version().split("."))
    if version < SQLITE_VERSION_MIN:
        raise StartError(
            f"SQLite {apsw.sqlite_lib_version()} is older than {'.'.join(map(str, SQLITE_VERSION_MIN))}",
            hint='pip install --upgrade "pjai[daemon]"',
            exit_code=EX_CONFIG,
        )
    if not hasattr(apsw, "mc_version"):
        raise StartError(
            "this apsw has no encryption",
            hint='pip uninstall apsw, then pip install --force-reinstall "pjai[daemon]"',
            exit_code=EX_CONFIG,
        )


def open_database(
    path: Path, cipher: Cipher, data_key: bytes, *, read_only: bool = False, cache_kibibytes: int = 1_000
) -> apsw.Connection:
    """A connection to the encrypted file at `path`, which is made where it is missing.

    Args:
        path: the database file.
        cipher: how its pages are encrypted.
        data_key: 32 bytes.
        read_only: refuse to write.
        cache_kibibytes: the most that the connection keeps of decrypted pages.

    Raises:
        StartError: the key or the cipher is not this file's, or the file is damaged.
    """
    flags = apsw.SQLITE_OPEN_READWRITE | (0 if read_only else apsw.SQLITE_OPEN_CREATE)
    connection = apsw.Connection(str(path), flags=flags)
    try:
        connection.pragma("cipher", cipher)
        connection.pragma("key", f"raw:{data_key.hex()}")
        # Sorting and rebuilding must not spill plaintext into temporary files.
        connection.pragma("temp_store", "memory")
        connection.pragma("cache_size", -cache_kibibytes)
        connection.set_busy_timeout(BUSY_TIMEOUT_MS)
        connection.pragma("journal_mode", "wal")
        connection.pragma("synchronous", "full")
        connection.pragma("trusted_schema", False)
        # The store checkpoints in the background; this is for when that cannot keep up.
        connection.pragma("wal_autocheckpoint", WAL_PAGES_MAX)
        connection.pragma("journal_size_limit", WAL_BYTES_KEPT)
        connection.pragma("query_only", read_only)
    except apsw.NotADBError:
        connection.close()
        raise StartError(
            "the database does not open with this store's key",
            hint="pjai.db and keys.json belong together: restore both from the same backup",
            exit_code=EX_DATAERR,
        ) from None
    # A name in quotes that is no column is an error, and not a text.
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DML, 0)
    connection.config(apsw.SQLITE_DBCONFIG_DQS_DDL, 0)
    add_functions(connection)
    return connection


def add_functions(connection: apsw.Connection) -> None:
    """Adds the functions of ours that statements call."""
    connection.create_scalar_function("list_contains", _list_contains, 2, deterministic=True)
    # Triggers call these, which are no danger whatever a schema says.
    functions.add_functions(connection)
    for name, function, arguments in (("halves", _halves, 1), ("model_number", _model_number, 2)):
        connection.create_scalar_function(
            name, function, arguments, deterministic=True, flags=apsw.SQLITE_INNOCUOUS
        )


def _list_contains(*arguments: apsw.SQLiteValue) -> bool:
    members, member = arguments
    return isinstance(members, bytes) and member in _members(members)


def _halves(*arguments: apsw.SQLiteValue) -> bytes | None:
    (embedding,) = arguments
    return halves(embedding) if isinstance(embedding, bytes) else None


def _model_number(*arguments: apsw.SQLiteValue) -> int | None:
    name, dimension = arguments
    return model_number(name, dimension) if isinstance(name, str) and isinstance(dimension, int) else None
