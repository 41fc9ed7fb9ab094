"""Owns the lock that keeps a store, and a pair of sockets, to one daemon."""

from __future__ import annotations

import fcntl
import os
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from pjaid.directories import make_private
from pjaid.errors import EX_UNAVAILABLE, AlreadyRunning, StartError

LOCK_FILE = "pjaid.lock"
PID_BYTES_MAX = 32


class Claim:
    """Directories that this process alone owns, until `release`, or until it ends in whatever way."""

    def __init__(self, locks: ExitStack) -> None:
        self._locks = locks

    def release(self) -> None:
        """Lets another process claim the directories."""
        self._locks.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()


def claim(*directories: Path) -> Claim:
    """Claims the directories, making those that are missing: all of them or none.

    The store's directory must be claimed because a database has one writer; that of the sockets because
    `bind` on an ipc path unlinks whatever is there, even the socket of a daemon at work.

    Raises:
        AlreadyRunning: another process claimed one of them.
        NotPrivate: others can enter one of them.
        StartError: one cannot be locked.
    """
    for directory in directories:
        make_private(directory)
    with ExitStack() as locks:
        for directory in dict.fromkeys(directory.resolve() for directory in directories):
            locks.callback(os.close, _lock(directory))
        return Claim(locks.pop_all())


def _lock(directory: Path) -> int:
    path = directory / LOCK_FILE
    try:
        # Never unlinked: a lock on a file that has lost its name excludes nobody.
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise _unlockable(path, error) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, b"%d\n" % os.getpid(), 0)
    except BlockingIOError as error:
        owner = os.pread(descriptor, PID_BYTES_MAX, 0).decode(errors="replace").strip()
        os.close(descriptor)
        raise AlreadyRunning(
            f"another pjaid (pid {owner or 'unknown'}) owns {directory}",
            hint="use that one, stop it, or choose another --data-dir and --runtime-dir",
        ) from error
    except OSError as error:
        os.close(descriptor)
        raise _unlockable(path, error) from error
    return descriptor


def _unlockable(path: Path, error: OSError) -> StartError:
    return StartError(
        f"cannot lock {path}: {error.strerror}",
        hint="the directory must be on a local file system that you can write to",
        exit_code=EX_UNAVAILABLE,
    )
