"""Owns what the daemon asks of the kernel for its own process."""

from __future__ import annotations

import os
import resource
import sys

PRIVATE_UMASK = 0o077
OPEN_FILES_WANTED = 10_240 if sys.platform == "darwin" else 65_536
"""macOS refuses more than its OPEN_MAX, whatever the hard limit says."""


def harden() -> None:
    """Makes new files private, forbids core dumps and raises the limit of open files.

    A core would hold the store's key; libzmq aborts the process when it cannot open another socket.
    """
    os.umask(PRIVATE_UMASK)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(OPEN_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
