"""Owns a persona's secrets, for which the daemon alone has the key: set_secrets, reveal."""

from __future__ import annotations

import msgspec
from msgspec import UNSET, UnsetType

from pjai import Database, v1
from pjai.actor import caller
from pjai_wire.codec import encode
from pjai_wire.errors import InvalidValue
from pjai_wire.methods import (
    SECRET_OPEN,
    SECRET_SEAL,
    PersonaChanged,
    PersonaRevealed,
    PersonaRevealParams,
    PersonaSecret,
    PersonaSetSecretsParams,
    SecretOpenParams,
    SecretSealParams,
)
from pjai_wire.tables import persona_secrets
from pjaid.actors.persona.declaration import changed, existing, persona

_private_memory = msgspec.msgpack.Decoder(str)
_api_keys = msgspec.msgpack.Decoder(dict[str, str])


@persona.serves
async def set_secrets(db: Database, params: PersonaSetSecretsParams) -> PersonaChanged:
    """Secrets are sealed by the daemon, and only then committed."""
    if params.private_memory is UNSET and params.api_keys is UNSET:
        raise InvalidValue("there is nothing to set", hint="give privateMemory, apiKeys or both")
    event = v1.PersonaSecretsSet(
        id=params.id,
        private_memory=await _sealed(db, params.id, "privateMemory", params.private_memory),
        api_keys=await _sealed(db, params.id, "apiKeys", params.api_keys),
    )
    return await changed(db, params.id, event)


@persona.serves
async def reveal(db: Database, params: PersonaRevealParams) -> PersonaRevealed:
    """A secret, which the daemon tells once the audit trail holds who asked for it."""
    await existing(db, params.id)
    opened = await db.call(
        SECRET_OPEN,
        SecretOpenParams(
            table=persona_secrets.table_name, id=params.id, column=params.secret, client=caller()
        ),
    )
    if params.secret == "apiKeys":  # noqa: S105 # which one, and not the secret
        return PersonaRevealed(api_keys=_api_keys.decode(opened.value), seq=opened.seq)
    return PersonaRevealed(private_memory=_private_memory.decode(opened.value), seq=opened.seq)


async def _sealed(
    db: Database, persona_id: str, secret: PersonaSecret, value: str | dict[str, str] | UnsetType | None
) -> bytes | UnsetType | None:
    """The value as it may be committed; one that is left out, or removes, has nothing to seal."""
    if value is UNSET or value is None:
        return value
    params = SecretSealParams(
        table=persona_secrets.table_name, id=persona_id, column=secret, value=encode(value)
    )
    return (await db.call(SECRET_SEAL, params)).sealed
