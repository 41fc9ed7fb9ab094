"""Owns the installing of packages with actors, as an installer would do it, where a test wants them."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from types import ModuleType

import pytest


def install(site: Path, package: ModuleType) -> None:
    """Puts a package into a directory, and with it what tells that it has an actor."""
    assert package.__file__ is not None
    name = package.__name__.rpartition(".")[2]
    shutil.copytree(Path(package.__file__).parent, site / name)
    tell_of(site, name)


def tell_of(site: Path, name: str) -> None:
    """Writes what an installer writes of a package: here that `notes_actor` has the actor `notes`."""
    actor = name.removesuffix("_actor")
    information = site / f"{name}-1.0.dist-info"
    information.mkdir()
    (information / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (information / "entry_points.txt").write_text(f"[pjai.actors]\n{actor} = {name}:{actor}\n")


def make_known(site: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the processes that a test starts find what is installed in a directory."""
    known = os.environ.get("PYTHONPATH")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(site), *([known] if known else [])]))
