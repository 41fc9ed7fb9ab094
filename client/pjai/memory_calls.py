"""Owns what a program asks of the memory steward."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from msgspec import UNSET

from pjai.connection import Connection
from pjai_wire.fields import MemoryType
from pjai_wire.methods import (
    MEMORY_CLEAN,
    MEMORY_CONNECT,
    MEMORY_FORGET,
    MEMORY_PIN,
    MEMORY_REMEMBER,
    MEMORY_STATUS,
    MEMORY_TEND,
    MEMORY_TOUCH,
    MEMORY_UNPIN,
    MemoryCleanResult,
    MemoryConnectParams,
    MemoryParams,
    MemoryRememberParams,
    MemoryRememberResult,
    MemoryResult,
    MemorySource,
    MemoryStatusResult,
    MemoryTendParams,
    MemoryTendResult,
    Nothing,
)
from pjai_wire.methods.memory import (
    MEMORY_REMEMBER_ALL,
    MemoryRememberAllParams,
    MemoryRememberAllResult,
)


class MemoryCalls:
    """The memory steward of a daemon, `db.memory`.

    Every method takes a `timeout` in seconds, by default that of the connection, and raises `UnknownMethod`
    where the daemon runs no memory steward.

    Args:
        connection: asks the daemon.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def remember(
        self,
        persona_id: str,
        type: MemoryType,  # noqa: A002 # the column's name
        name: str,
        *,
        content: Mapping[str, Any] | None = None,
        summary: str = "",
        tags: tuple[str, ...] | list[str] = (),
        importance: int = 50,
        embedding: bytes | None = None,
        embedding_model: str | None = None,
        metadata: Mapping[str, Any] | None = None,
        memory_id: str | None = None,
        source: tuple[Literal["event", "message"], str] | None = None,
        timeout: float | None = None,
    ) -> MemoryRememberResult:
        """A persona remembers something: sanitised by its policy, and once.

        What it remembers already by the same type, name, summary and content is touched, and its id answered.

        Args:
            persona_id: who remembers.
            type: what kind of memory it is.
            name: at most 500 characters.
            content: a free map.
            summary: at most 1,000 characters.
            tags: at most 100.
            importance: 0 to 100.
            embedding: little-endian float32.
            embedding_model: what made it; it must stand beside one.
            metadata: a free map; the steward adds `source`, and how much was found in the texts.
            memory_id: the memory's id, where there is one for it already.
            source: the event or the message that it comes from, by its id.
            timeout: seconds. After `TimedOut` it may be remembered or not; to ask again does no harm.

        Raises:
            NotFound: there is no such persona, or no such message.
            InvalidValue: a field is outside its limits, or the message is another persona's.
        """
        params = MemoryRememberParams(
            persona_id=persona_id,
            type=type,
            name=name,
            content=dict(content or {}),
            summary=summary,
            tags=tuple(tags),
            importance=importance,
            embedding=embedding,
            embedding_model=embedding_model,
            metadata=dict(metadata or {}),
            id=UNSET if memory_id is None else memory_id,
            source=UNSET if source is None else MemorySource(kind=source[0], id=source[1]),
        )
        return await self._connection.call(MEMORY_REMEMBER, params, timeout)

    async def remember_all(
        self, wanted: Sequence[MemoryRememberParams], *, timeout: float | None = None
    ) -> MemoryRememberAllResult:
        """Personas remember up to 100 things in one commit, each as by `remember`; all of them or nothing.

        Args:
            wanted: what to remember.
            timeout: seconds. After `TimedOut` they may be remembered or not; to ask again does no harm.

        Raises:
            PjaiError: as `remember`, for any of them.
        """
        params = MemoryRememberAllParams(memories=tuple(wanted))
        return await self._connection.call(MEMORY_REMEMBER_ALL, params, timeout)

    async def touch(self, memory_id: str, *, timeout: float | None = None) -> MemoryResult:
        """A memory was of use.

        Raises:
            NotFound: there is none with that id.
        """
        return await self._connection.call(MEMORY_TOUCH, MemoryParams(id=memory_id), timeout)

    async def connect(
        self,
        from_id: str,
        to_id: str,
        *,
        kind: str = "related",
        weight: float = 1.0,
        timeout: float | None = None,
    ) -> MemoryResult:
        """Two memories of one persona are connected; the result has the connection's id.

        Raises:
            NotFound: one of them does not exist.
            AlreadyExists: they are connected so already.
            InvalidValue: they are one, or of different personas.
        """
        params = MemoryConnectParams(from_id=from_id, to_id=to_id, kind=kind, weight=weight)
        return await self._connection.call(MEMORY_CONNECT, params, timeout)

    async def pin(self, memory_id: str, *, timeout: float | None = None) -> MemoryResult:
        """A memory is hot, stays so, and never expires.

        Raises:
            NotFound: there is none with that id.
        """
        return await self._connection.call(MEMORY_PIN, MemoryParams(id=memory_id), timeout)

    async def unpin(self, memory_id: str, *, timeout: float | None = None) -> MemoryResult:
        """A memory is like others again.

        Raises:
            NotFound: there is none with that id.
        """
        return await self._connection.call(MEMORY_UNPIN, MemoryParams(id=memory_id), timeout)

    async def forget(self, memory_id: str, *, timeout: float | None = None) -> MemoryResult:
        """A memory is deleted; its row goes with a later clean-up.

        Raises:
            NotFound: there is none with that id.
        """
        return await self._connection.call(MEMORY_FORGET, MemoryParams(id=memory_id), timeout)

    async def tend(self, persona_id: str | None = None, *, timeout: float | None = None) -> MemoryTendResult:
        """Looks at the memories of a persona, or of all, and moves them to their tiers.

        Args:
            persona_id: whose memories.
            timeout: seconds. A first pass over many memories takes minutes, as others go first: `status`
                tells how far it is. What was not done in time is done later.

        Raises:
            NotFound: there is no such persona.
        """
        params = MemoryTendParams(persona_id=UNSET if persona_id is None else persona_id)
        return await self._connection.call(MEMORY_TEND, params, timeout)

    async def clean(self, *, timeout: float | None = None) -> MemoryCleanResult:
        """Cleans up now: what has expired, was deleted long ago, rests for long, or hangs loose.

        Args:
            timeout: seconds; it may take minutes, as `tend`.
        """
        return await self._connection.call(MEMORY_CLEAN, Nothing(), timeout)

    async def status(self, *, timeout: float | None = None) -> MemoryStatusResult:
        """How far the steward's own work is."""
        return await self._connection.call(MEMORY_STATUS, Nothing(), timeout)
