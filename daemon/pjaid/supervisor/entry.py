"""Owns where an actor's process begins: light, as the daemon imports it too."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    # A daemon without actors never needs it.
    from multiprocessing.connection import Connection


class Start(Struct, frozen=True):
    """What an actor's process is told."""

    name: str
    actor: str
    """Its declaration: `module:attribute`."""
    endpoint: str
    token: str
    memory_bytes_max: int
    open_files_max: int
    secrets: Mapping[str, str] = {}
    """Variables of the environment that it alone is given."""


def main(start: Start, lifeline: Connection) -> None:
    """Serves until the daemon says so by a signal, or is gone.

    Args:
        start: which actor, and where the daemon is.
        lifeline: nothing ever comes on it; it ends with the daemon, however that ends.
    """
    # The daemon has no use for what an actor is made of.
    from pjaid.supervisor import child

    child.run(start, lifeline)
