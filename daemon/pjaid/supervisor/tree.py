"""Owns the supervision tree of actors: a list that one can read aloud."""

from __future__ import annotations

from importlib.metadata import entry_points

from msgspec import Struct

from pjaid.supervisor.restart import Restart

ENTRY_POINTS = "pjai.actors"
"""The group in which other packages name theirs: `notes = "notes_actor:notes"`."""


class Place(Struct, frozen=True):
    """An actor's place in the tree."""

    name: str
    actor: str
    """Where its declaration is: `module:attribute`, imported by its own process alone."""
    restart: Restart = Restart()


TREE: tuple[Place, ...] = ()
"""Ours, one for one: when one falls, the others stay."""


def places(wanted: str) -> tuple[Place, ...]:
    """The actors that run.

    Args:
        wanted: their names, separated by commas; or `all`, or `none`.
    """
    if wanted == "none":
        return ()
    others = (
        Place(point.name, point.value)
        for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda point: point.name)
    )
    known = {place.name: place for place in (*others, *TREE)}
    if wanted == "all":
        return tuple(known.values())
    return tuple(known[name] for name in dict.fromkeys(wanted.split(",")) if name in known)
