"""The lock: one daemon for each directory, however the last one ended."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pjaid.errors import EX_TEMPFAIL, AlreadyRunning, StartError
from pjaid.single import LOCK_FILE, claim

CLAIMS = """
import sys
from pathlib import Path
from pjaid.single import claim
held = claim(*map(Path, sys.argv[1:]))
print("claimed", flush=True)
sys.stdin.read()
"""


@contextmanager
def another_process(*directories: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that has claimed the directories, and is killed without ceremony at the end."""
    with subprocess.Popen(
        [sys.executable, "-c", CLAIMS, *map(str, directories)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "claimed\n"
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def runtime_dir(tmp_path: Path) -> Path:
    return tmp_path / "runtime"


def test_a_second_process_is_told_who_owns_the_directory(data_dir: Path, runtime_dir: Path) -> None:
    with another_process(data_dir, runtime_dir) as owner:
        for directory in (data_dir, runtime_dir):
            with pytest.raises(AlreadyRunning) as refused:
                claim(directory)
            assert refused.value.message == f"another pjaid (pid {owner.pid}) owns {directory}"
            assert refused.value.exit_code == EX_TEMPFAIL


def test_a_killed_process_leaves_nothing_to_clean_up(data_dir: Path, runtime_dir: Path) -> None:
    with another_process(data_dir, runtime_dir):
        pass

    with claim(data_dir, runtime_dir):
        assert (data_dir / LOCK_FILE).exists()


def test_of_two_directories_both_or_none_are_claimed(data_dir: Path, runtime_dir: Path) -> None:
    with another_process(runtime_dir):
        with pytest.raises(AlreadyRunning):
            claim(data_dir, runtime_dir)
        claim(data_dir).release()


def test_one_directory_may_serve_for_both(data_dir: Path) -> None:
    claim(data_dir, data_dir / ".." / data_dir.name).release()


def test_a_child_does_not_inherit_the_claim(data_dir: Path) -> None:
    held = claim(data_dir)
    with subprocess.Popen(
        [sys.executable, "-c", "print('up', flush=True); input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        close_fds=False,
    ) as child:
        # Until the child runs, the kernel may still be closing what it does not inherit.
        assert child.stdout is not None
        assert child.stdout.readline() == b"up\n"
        held.release()
        claim(data_dir).release()
        child.kill()


def test_the_lock_is_followed_through_no_link(data_dir: Path, tmp_path: Path) -> None:
    data_dir.mkdir(mode=0o700)
    (data_dir / LOCK_FILE).symlink_to(tmp_path / "elsewhere")

    with pytest.raises(StartError, match="cannot lock"):
        claim(data_dir)

    assert not (tmp_path / "elsewhere").exists()
