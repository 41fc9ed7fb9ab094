"""Owns who asks: the name and session that a client gave in its hello."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from pjaid.store.recorder import Origin

ANONYMOUS = Origin(client="anonymous", session="")

KNOWN_MAX = 10_000
"""Clients remembered; past it the one not heard for longest is anonymous again."""


class Client(Struct, frozen=True):
    """A connection of a client."""

    routing_id: bytes
    origin: Origin


class Clients:
    """The clients that said hello. A ROUTER does not tell who has left, so the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Client] = OrderedDict()

    def introduce(self, routing_id: bytes, origin: Origin) -> None:
        """Remembers a client's hello."""
        self._known[routing_id] = Client(routing_id, origin)
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    def get(self, routing_id: bytes) -> Client:
        """The client of a connection, anonymous where it said no hello."""
        client = self._known.get(routing_id)
        if client is None:
            return Client(routing_id, ANONYMOUS)
        self._known.move_to_end(routing_id)
        return client
