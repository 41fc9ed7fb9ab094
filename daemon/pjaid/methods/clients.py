"""Owns who asks: the name and session that a client gave in its hello."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from pjai_wire.methods import Permissions
from pjaid.store.recorder import Origin

ANONYMOUS = Origin(client="anonymous", session="")

KNOWN_MAX = 10_000
"""Clients remembered; past it the one not heard for longest is anonymous again."""


class Client(Struct, frozen=True):
    """A connection of a client."""

    routing_id: bytes
    origin: Origin
    may: Permissions | None = None
    """What it may do, where that is not everything: it is an actor."""


class Clients:
    """The clients that said hello. A ROUTER does not tell who has left, so the oldest are forgotten."""

    def __init__(self) -> None:
        self._known: OrderedDict[bytes, Client] = OrderedDict()

    def introduce(self, routing_id: bytes, origin: Origin) -> None:
        """Remembers a client's hello."""
        self._keep(Client(routing_id, origin, self.get(routing_id).may))

    def restrict(self, routing_id: bytes, may: Permissions) -> None:
        """A client may do no more than that, for as long as its connection lasts."""
        self._keep(Client(routing_id, self.get(routing_id).origin, may))

    def _keep(self, client: Client) -> None:
        self._known[client.routing_id] = client
        if len(self._known) > KNOWN_MAX:
            self._known.popitem(last=False)

    def get(self, routing_id: bytes) -> Client:
        """The client of a connection, anonymous where it said no hello."""
        client = self._known.get(routing_id)
        if client is None:
            return Client(routing_id, ANONYMOUS)
        self._known.move_to_end(routing_id)
        return client
