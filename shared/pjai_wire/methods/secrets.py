"""Owns the methods by which actors keep secrets: secret_seal, secret_open.

Only the daemon has the key. An actor hands it a secret, and commits what it gets back; nobody else may.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from pjai_wire import limits
from pjai_wire.fields import ClientName, Id, Sealed
from pjai_wire.methods.method import Method, Params, Result, Scope
from pjai_wire.query import Identifier


class SecretSealParams(Params, frozen=True, kw_only=True):
    """A secret, and the place in which alone it can be opened again."""

    table: Identifier
    id: Id
    column: Identifier
    value: Annotated[bytes, Meta(max_length=limits.SECRET_BYTES_MAX)]
    """What to seal; the daemon does not ask what it means."""


class SecretSealResult(Result, frozen=True, kw_only=True):
    """The secret as it may be committed; sealed again it is other bytes."""

    sealed: Sealed


class SecretOpenParams(Params, frozen=True, kw_only=True):
    """Which secret, and who is to be told it."""

    table: Identifier
    id: Id
    column: Identifier
    client: ClientName
    """Who asked the actor; it stands on the audit trail."""


class SecretOpenResult(Result, frozen=True, kw_only=True):
    """The secret, once the audit trail holds that it was told."""

    value: bytes
    seq: int
    """Of the event that says so."""


SECRET_SEAL = Method("secret_seal", SecretSealParams, SecretSealResult, needs=Scope.SECRETS)
SECRET_OPEN = Method("secret_open", SecretOpenParams, SecretOpenResult, needs=Scope.SECRETS, repeatable=False)
