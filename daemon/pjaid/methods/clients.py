"""Owns who asks: the name and session that a client gave in its hello."""

from __future__ import annotations

from collections import OrderedDict

from msgspec import Struct

from pjai_wire.methods import Permissions
from pjaid.store.recorder import Origin

DAEMON = Origin(client="pjaid", session="")
"""Who does what the daemon does by itself."""

ACTOR = "actor."
"""What the names of actors begin with, and of nobody else; a connection that registers has such a name."""

ANONYMOUS = Origin(client="anonymous", session="")

KNOWN_MAX = 10_000
"""Clients remembered, and actors' connections; past it the one not heard for longest is anonymous again."""


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
        self._actors: OrderedDict[bytes, Client] = OrderedDict()
        """Apart: no crowd of clients makes one forgotten, which could then do anything."""

    def introduce(self, routing_id: bytes, origin: Origin) -> None:
        """Remembers a client's hello; an actor keeps the name that it registered with.

        The daemon's own name, and those of actors, are nobody's to take: who says one is anonymous.
        """
        known = self.get(routing_id)
        is_taken = origin.client == DAEMON.client or origin.client.startswith(ACTOR)
        said = ANONYMOUS.client if is_taken else origin.client
        client = said if known.may is None else known.origin.client
        self._keep(Client(routing_id, Origin(client=client, session=origin.session), known.may))

    def restrict(self, routing_id: bytes, client: str, may: Permissions) -> None:
        """A connection is that client's, and may do no more than that, for as long as it lasts."""
        session = self.get(routing_id).origin.session
        self._keep(Client(routing_id, Origin(client=client, session=session), may))

    def _keep(self, client: Client) -> None:
        among = self._known if client.may is None else self._actors
        among[client.routing_id] = client
        if len(among) > KNOWN_MAX:
            among.popitem(last=False)

    def get(self, routing_id: bytes) -> Client:
        """The client of a connection, anonymous where it said no hello."""
        for among in (self._actors, self._known):
            client = among.get(routing_id)
            if client is not None:
                among.move_to_end(routing_id)
                return client
        return Client(routing_id, ANONYMOUS)
