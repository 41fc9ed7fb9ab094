"""Owns the methods by which actors keep secrets: secret_seal, secret_open."""

from __future__ import annotations

import asyncio

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import SecretOpenParams, SecretOpenResult, SecretSealParams, SecretSealResult
from pjaid.calls.calls import Calls
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.store.keys import Place
from pjaid.store.secrets import Revealed
from pjaid.store.store import Store

_seal = Decoder(SecretSealParams, "params")
_open = Decoder(SecretOpenParams, "params")


class SecretMethods:
    """Methods for actors that declare them; the guard refuses everybody else.

    Args:
        store: has the key.
        calls: of the methods that actors answer.
    """

    def __init__(self, store: Store, calls: Calls) -> None:
        self._store = store
        self._calls = calls
        self.handlers: dict[str, Handler] = {"secret_seal": self.seal, "secret_open": self.open}

    def seal(self, _client: Client, params: Raw) -> bytes:
        """A secret, sealed for one place."""
        asked = _seal.decode(params)
        place = Place(asked.table, asked.id, asked.column)
        return encode(SecretSealResult(sealed=self._store.seal(place, asked.value)))

    def open(self, client: Client, params: Raw) -> asyncio.Future[bytes]:
        """A secret, once it stands on the audit trail who is told it: somebody who has asked the actor.

        Raises:
            Forbidden: that client has not.
        """
        asked = _open.decode(params)
        self._calls.check_asked_by(client.routing_id, asked.client)
        return self._store.reveal(
            Place(asked.table, asked.id, asked.column), asked.client, client.origin, _told
        )


def _told(revealed: Revealed) -> bytes:
    return encode(SecretOpenResult(value=revealed.secret, seq=revealed.seq))
