"""Owns a pulse: what tells a client, once an interval, how far all that it has open has come."""

from __future__ import annotations

from msgspec import UNSET, Struct, UnsetType, field


class Pulse(Struct, frozen=True, omit_defaults=True):
    """What a client's pulse publishes: how far all its live queries and feeds have come.

    Whatever the client has had a message of, and is not in `behind`, shows the state at `seq`. It comes after
    the updates that lead there, on the same connection.
    """

    open: int
    """How many of the client's topics the daemon knows to be heard; one that hears more has lost some."""
    seq: int | UnsetType = UNSET
    """Left out where more than can be named are behind: then nothing is said of any."""
    local_seq: int | UnsetType = field(default=UNSET, name="localSeq")
    """The same of the tables that are of this machine alone."""
    behind: tuple[str, ...] = ()
    """Topics of what does not show that state yet."""
    ended: tuple[str, ...] = ()
    """Topics that have ended since the last pulse, though the client did not end them."""
