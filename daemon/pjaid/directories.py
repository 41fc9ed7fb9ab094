"""Owns where the daemon's files live by default, and what it takes for them to be private."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path

from pjaid.errors import EX_CANTCREAT, NotPrivate, StartError

PRIVATE_MODE = 0o700
SHARED_BITS = stat.S_IRWXG | stat.S_IRWXO
APPLICATION = "pjai"


def data_directory() -> Path:
    """`$XDG_DATA_HOME/pjai`, or its counterpart on macOS."""
    import platformdirs

    return platformdirs.user_data_path(APPLICATION, appauthor=False)


def state_directory() -> Path:
    """`$XDG_STATE_HOME/pjai`, or its counterpart on macOS."""
    import platformdirs

    return platformdirs.user_state_path(APPLICATION, appauthor=False)


def config_directory() -> Path:
    """`$XDG_CONFIG_HOME/pjai`, or its counterpart on macOS."""
    import platformdirs

    return platformdirs.user_config_path(APPLICATION, appauthor=False)


def make_private(directory: Path) -> None:
    """Makes the directory where it is missing, and makes sure that only its owner can enter it.

    Raises:
        NotPrivate: others can enter it, or it is someone else's.
        StartError: it cannot be made.
    """
    try:
        directory.mkdir(mode=PRIVATE_MODE, parents=True, exist_ok=True)
        link, status = directory.lstat(), directory.stat()
    except OSError as error:
        raise StartError(
            f"cannot make the directory {directory}: {error.strerror}", exit_code=EX_CANTCREAT
        ) from error
    # In a shared place such as /tmp someone else's link could lead our files astray.
    require_owner(directory, link)
    require_private(directory, status)


def require_private(path: Path, status: os.stat_result) -> None:
    """Refuses a file or directory that others can reach.

    Raises:
        NotPrivate: group or world may read, write or enter it, or it is someone else's.
    """
    require_owner(path, status)
    if shared := status.st_mode & SHARED_BITS:
        raise NotPrivate(
            f"others can reach {path} (its mode has {shared:03o} for group and world)",
            hint=f"chmod go= {shlex.quote(str(path))}",
        )


def require_owner(path: Path, status: os.stat_result) -> None:
    """Refuses what belongs neither to this user nor to root, who can read everything anyway.

    Raises:
        NotPrivate: it is someone else's.
    """
    if status.st_uid not in (os.geteuid(), 0):
        raise NotPrivate(
            f"{path} belongs to user {status.st_uid}, not to user {os.geteuid()}",
            hint="choose another place, or start pjaid as its owner",
        )
