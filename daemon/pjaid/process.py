"""Owns what the daemon and the processes that it begins ask of the kernel, each for itself."""

from __future__ import annotations

import ctypes
import gc
import os
import resource
import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

PRIVATE_UMASK = 0o077
OPEN_FILES_WANTED = 10_240 if sys.platform == "darwin" else 65_536
"""macOS refuses more than its OPEN_MAX, whatever the hard limit says."""

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD, M_ARENA_MAX = -1, -3, -8
"""Of glibc's mallopt(3)."""

FREED_BYTES_KEPT = 2 * 2**20
ALLOCATED_APART_BYTES = 8 * 2**20
"""A block as large as this is a mapping of its own, which goes back to the kernel when it is freed."""

MADV_PAGEOUT = 21
"""Of madvise(2)."""

PR_SET_PDEATHSIG, PR_SET_NO_NEW_PRIVS = 1, 38
"""Of prctl(2)."""

START_UP_LIBRARIES = ("_rust.abi3", "_cffi_backend", "_ssl", "libssl", "libcrypto", "__init__.")
"""The code of `cryptography` and of OpenSSL, of which little is called once the store is unlocked, 7 MB; and
of SQLite, in the module of apsw."""

NEW_OBJECTS_BETWEEN_COLLECTIONS = 20_000

GIVEN_BACK_EVERY_S = 30.0
"""How often a process calls `give_back`."""


EXIT_WITHOUT_PARENT = 75
"""The exit code of a process that ended because what began it did."""


def harden() -> None:
    """Makes new files private, forbids core dumps and raises the limit of open files.

    A core would hold the store's key; libzmq aborts the process when it cannot open another socket.
    """
    os.umask(PRIVATE_UMASK)
    forbid_core_dumps()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(OPEN_FILES_WANTED, hard)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))


def forbid_core_dumps() -> None:
    """No memory of this process is written down when it crashes.

    Where `core_pattern` names a program, Linux hands it a core whatever the limit is, but for a limit of one
    byte (`fs/coredump.c`); and it writes no file that is smaller than a page.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_CORE)
    most = 1 if sys.platform == "linux" and hard != 0 else 0
    resource.setrlimit(resource.RLIMIT_CORE, (most, most))


def forbid_new_privileges() -> None:
    """No program that this process runs gives it more rights than it has, where the kernel can see to it."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def end_with(parent: int) -> None:
    """Ends this process with the thread that began it, hung or not, where the kernel can do that.

    Args:
        parent: the process that began this one; where it is over already, so is this.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(EXIT_WITHOUT_PARENT)


def hide_variables(names: Iterable[str]) -> None:
    """Overwrites values of the environment where the kernel shows them to every process of the user.

    To unset a variable leaves them there. `os.environ`, which is a copy, still has them.
    """
    getenv = ctypes.CDLL(None).getenv
    getenv.restype = ctypes.c_void_p
    for name in names:
        place = getenv(os.fsencode(name))
        if place is not None:
            ctypes.memset(place, ord("*"), len(ctypes.string_at(place)))


def share_one_heap() -> None:
    """Lets all threads allocate from one heap; call it before there are any.

    glibc gives each thread a heap of its own, of whose end it gives nothing back: what a thread has once
    taken stays taken.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_ARENA_MAX, 1)


@contextmanager
def without(package: str) -> Iterator[None]:
    """Whatever is imported in the block finds that `package` is not installed, unless it was imported before.

    Args:
        package: something that is used only where it is there.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment] # as the import system has it for what can't be imported
    try:
        yield
    finally:
        del sys.modules[package]


def tune() -> None:
    """Fits the allocator and the garbage collector to a long life of answering; call it after start-up.

    glibc hands memory back to the kernel after each large answer, to have it faulted in again for the next:
    half of the time of an answer of 600 kB. And what start-up made is not garbage: it need not be looked at.
    """
    libc = ctypes.CDLL(None)
    if hasattr(libc, "mallopt"):
        libc.mallopt(M_TRIM_THRESHOLD, FREED_BYTES_KEPT)
        libc.mallopt(M_MMAP_THRESHOLD, ALLOCATED_APART_BYTES)
        libc.malloc_trim(0)
        _page_out(libc, START_UP_LIBRARIES)
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS_BETWEEN_COLLECTIONS, 10, 10)


def give_back() -> None:
    """Gives memory back that is free; what is needed of it again is faulted in once."""
    libc = ctypes.CDLL(None)
    if hasattr(libc, "malloc_trim"):
        libc.malloc_trim(0)


def _page_out(libc: ctypes.CDLL, libraries: tuple[str, ...]) -> None:
    """Gives the memory of some libraries back until they are called again, where the kernel can."""
    maps = Path("/proc/self/maps")
    if not maps.exists():
        return
    for mapping in maps.read_text(encoding="utf-8").splitlines():
        if mapping.rpartition("/")[2].startswith(libraries):
            begin, end = (int(address, 16) for address in mapping.split(maxsplit=1)[0].split("-"))
            libc.madvise(ctypes.c_void_p(begin), ctypes.c_size_t(end - begin), MADV_PAGEOUT)
