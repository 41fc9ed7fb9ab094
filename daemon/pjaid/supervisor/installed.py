"""Owns the actors that other packages offer, as their metadata name them.

`importlib.metadata` would read the same files, and load an e-mail parser for it: 3 MB of every daemon, and
25 ms of its start.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog

from pjai_wire.methods.actors import ActorName

log = structlog.get_logger()

GROUP = "pjai.actors"
"""The group of entry points: `notes = "notes_actor:notes"`."""


def installed_actors() -> dict[str, str]:
    """Where each actor is declared, by its name: `module:attribute`; of two of a name the first counts."""
    found: dict[str, str] = {}
    for name, place in _entry_points():
        found.setdefault(name, place)
    return dict(sorted(found.items()))


def _entry_points() -> Iterator[tuple[str, str]]:
    for directory in map(Path, dict.fromkeys(sys.path)):
        for path in sorted(directory.glob("*.dist-info/entry_points.txt")):
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError as problem:
                _cannot_read(path, problem)
                continue
            if GROUP in text:
                yield from _in_group(path, text)


def _cannot_read(path: Path, problem: Exception) -> None:
    """What is wrong with another package must not keep the daemon from its start."""
    log.warning("entry_points_unreadable", path=str(path), why=type(problem).__name__)


def _in_group(path: Path, text: str) -> Iterator[tuple[str, str]]:
    # Imported only where there is something to read.
    import configparser

    points = configparser.ConfigParser(delimiters=("=",), interpolation=None, strict=False)
    # As they stand there, and not in lower case.
    points.optionxform = str  # type: ignore[assignment,method-assign] # as its documentation has it
    try:
        points.read_string(text)
    except configparser.Error as problem:
        _cannot_read(path, problem)
        return
    if not points.has_section(GROUP):
        return
    for name, place in points.items(GROUP):
        try:
            yield msgspec.convert(name, ActorName), place
        except msgspec.ValidationError:
            # Its methods, and what is measured of it, could not be named.
            log.warning("actor_misnamed", path=str(path))
