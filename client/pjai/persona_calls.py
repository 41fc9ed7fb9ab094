"""Owns what a program asks the persona actor."""

from __future__ import annotations

from msgspec import UNSET, UnsetType

from pjai.connection import Connection
from pjai_wire.fields import Document, Personality, PersonalityLike, PersonaSettings, PersonaSettingsLike
from pjai_wire.methods import (
    PERSONA_ACTIVATE,
    PERSONA_CREATE,
    PERSONA_DEACTIVATE,
    PERSONA_DELETE,
    PERSONA_DUPLICATE,
    PERSONA_INSIGHTS,
    PERSONA_REVEAL,
    PERSONA_SET_SECRETS,
    PERSONA_TOUCH,
    PERSONA_UPDATE,
    PersonaChanged,
    PersonaCreateParams,
    PersonaDuplicated,
    PersonaDuplicateParams,
    PersonaInsights,
    PersonalityChangeLike,
    PersonaParams,
    PersonaRevealed,
    PersonaRevealParams,
    PersonaSecret,
    PersonaSetSecretsParams,
    PersonaSettingsChangeLike,
    PersonaUpdateParams,
)


class PersonaCalls:
    """The persona actor's methods; `Database.persona` is one.

    Each takes a `timeout` in seconds, by default that of the connection. What changes something answers with
    the `seq` that a live query has `reached` when it shows it. All raise `NotFound` where there is no such
    persona, and `UnknownMethod` where the daemon runs no persona actor.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def create(
        self,
        name: str,
        *,
        persona_id: str | UnsetType = UNSET,
        description: str = "",
        avatar: str | None = None,
        personality: PersonalityLike | UnsetType = UNSET,
        settings: PersonaSettingsLike | UnsetType = UNSET,
        memory_config: Document | UnsetType = UNSET,
        timeout: float | None = None,
    ) -> PersonaChanged:
        """A new persona, inactive; texts are trimmed, and those of names have single blanks.

        Args:
            name: no other persona has it.
            persona_id: its id; by default a new one, which the answer tells.
            description: at most 1,000 characters.
            avatar: a URL, a data URL or a name of the program's.
            personality: traits, temperament and communication style.
            settings: what it may keep, and for how long.
            memory_config: a map of the program's own.
            timeout: seconds.

        Raises:
            AlreadyExists: another persona has the name, or the id.
            InvalidValue: a field is outside its limits.
        """
        params = PersonaCreateParams(
            name=name,
            id=persona_id,
            description=description,
            avatar=avatar,
            personality=Personality() if personality is UNSET else personality,
            settings=PersonaSettings() if settings is UNSET else settings,
            memory_config={} if memory_config is UNSET else memory_config,
        )
        return await self._connection.call(PERSONA_CREATE, params, timeout)

    async def update(
        self,
        persona_id: str,
        *,
        name: str | UnsetType = UNSET,
        description: str | UnsetType = UNSET,
        avatar: str | UnsetType | None = UNSET,
        personality: PersonalityChangeLike | UnsetType = UNSET,
        settings: PersonaSettingsChangeLike | UnsetType = UNSET,
        memory_config: Document | UnsetType = UNSET,
        timeout: float | None = None,
    ) -> PersonaChanged:
        """Changes what is given; `personality` and `settings` field by field: `{"temperament": "warm"}`.

        Raises:
            AlreadyExists: another persona has the name.
            InvalidValue: a field is outside its limits, or nothing is given.
        """
        params = PersonaUpdateParams(
            id=persona_id,
            name=name,
            description=description,
            avatar=avatar,
            personality=personality,
            settings=settings,
            memory_config=memory_config,
        )
        return await self._connection.call(PERSONA_UPDATE, params, timeout)

    async def activate(self, persona_id: str, *, timeout: float | None = None) -> PersonaChanged:
        """Makes it the active one, and the former inactive, in one commit."""
        return await self._connection.call(PERSONA_ACTIVATE, PersonaParams(id=persona_id), timeout)

    async def deactivate(self, persona_id: str, *, timeout: float | None = None) -> PersonaChanged:
        """Makes it the active one no longer."""
        return await self._connection.call(PERSONA_DEACTIVATE, PersonaParams(id=persona_id), timeout)

    async def touch(self, persona_id: str, *, timeout: float | None = None) -> PersonaChanged:
        """Notes that it served its user."""
        return await self._connection.call(PERSONA_TOUCH, PersonaParams(id=persona_id), timeout)

    async def duplicate(
        self,
        persona_id: str,
        *,
        name: str | UnsetType = UNSET,
        with_memories: bool = False,
        timeout: float | None = None,
    ) -> PersonaDuplicated:
        """Makes another persona like it, but for its secrets.

        Args:
            persona_id: of the first.
            name: of the other; by default that of the first with a number.
            with_memories: whether to copy the memories, and the links among them; it takes some seconds for
                each 10,000.
            timeout: seconds.

        Raises:
            AlreadyExists: another persona has the name.
        """
        params = PersonaDuplicateParams(id=persona_id, name=name, with_memories=with_memories)
        return await self._connection.call(PERSONA_DUPLICATE, params, timeout)

    async def delete(self, persona_id: str, *, timeout: float | None = None) -> PersonaChanged:
        """Deletes it, with all that it owns; that takes some seconds for each 10,000 memories.

        Where the answer comes too late, the deleting goes on.
        """
        return await self._connection.call(PERSONA_DELETE, PersonaParams(id=persona_id), timeout)

    async def set_secrets(
        self,
        persona_id: str,
        *,
        private_memory: str | UnsetType | None = UNSET,
        api_keys: dict[str, str] | UnsetType | None = UNSET,
        timeout: float | None = None,
    ) -> PersonaChanged:
        """Sets secrets, which from then on only `reveal` tells; None removes one.

        Args:
            persona_id: whose.
            private_memory: a text.
            api_keys: all of them, each by its name.
            timeout: seconds.

        Raises:
            InvalidValue: one is outside its limits, or none is given.
        """
        params = PersonaSetSecretsParams(id=persona_id, private_memory=private_memory, api_keys=api_keys)
        return await self._connection.call(PERSONA_SET_SECRETS, params, timeout)

    async def reveal(
        self, persona_id: str, secret: PersonaSecret, *, timeout: float | None = None
    ) -> PersonaRevealed:
        """A secret, which is told once the audit trail durably says to whom.

        Raises:
            NotFound: the persona has no such secret, or there is no such persona.
            Damaged: the secret is not what was set.
        """
        params = PersonaRevealParams(id=persona_id, secret=secret)
        return await self._connection.call(PERSONA_REVEAL, params, timeout)

    async def insights(self, persona_id: str, *, timeout: float | None = None) -> PersonaInsights:
        """Its memories as a whole: of which types, tiers and ages, and how they grew."""
        return await self._connection.call(PERSONA_INSIGHTS, PersonaParams(id=persona_id), timeout)
