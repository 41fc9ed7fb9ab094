"""Directories: made private, and refused where they are not."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from pjaid.directories import config_directory, data_directory, make_private, state_directory
from pjaid.errors import EX_NOPERM, NotPrivate, StartError


def make_foreign(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes `path` belong to someone else than this process, as whom it may run."""
    if os.geteuid() == 0:
        os.chown(path, 12345, 12345, follow_symlinks=False)
    else:
        monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)


def test_a_missing_directory_is_made_private(tmp_path: Path) -> None:
    directory = tmp_path / "a" / "b"

    make_private(directory)

    assert stat.S_IMODE(directory.stat().st_mode) == 0o700


def test_a_private_directory_stays_as_it_is(tmp_path: Path) -> None:
    make_private(tmp_path)
    make_private(tmp_path)


@pytest.mark.parametrize("mode", [0o750, 0o701, 0o770])
def test_a_directory_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    tmp_path.chmod(mode)

    with pytest.raises(NotPrivate) as refused:
        make_private(tmp_path)

    assert refused.value.hint == f"chmod go= {tmp_path}"
    assert refused.value.exit_code == EX_NOPERM


def test_a_directory_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_foreign(tmp_path, monkeypatch)

    with pytest.raises(NotPrivate, match="belongs to user"):
        make_private(tmp_path)


def test_a_link_of_someone_else_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.mkdir(mode=0o700)
    link.symlink_to(target)
    make_private(link)
    make_foreign(link, monkeypatch)

    with pytest.raises(NotPrivate, match="belongs to user"):
        make_private(link)


def test_a_file_in_the_way_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    with pytest.raises(StartError, match="cannot make the directory"):
        make_private(tmp_path / "file" / "store")


@pytest.mark.skipif(os.uname().sysname != "Linux", reason="macOS has places of its own")
def test_the_directories_follow_xdg(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DATA", "STATE", "CONFIG"):
        monkeypatch.setenv(f"XDG_{name}_HOME", f"/xdg/{name.lower()}")

    found = [data_directory(), state_directory(), config_directory()]

    assert found == [Path("/xdg/data/pjai"), Path("/xdg/state/pjai"), Path("/xdg/config/pjai")]
