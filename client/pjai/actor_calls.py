"""Owns what a program asks the daemon's actors, and about them."""

from __future__ import annotations

from functools import cached_property
from typing import TypeVar

from msgspec import Struct

from pjai.connection import Connection
from pjai.embedder_calls import EmbedderCalls
from pjai.memory_calls import MemoryCalls
from pjai.optimiser_calls import OptimiserCalls
from pjai.persona_calls import PersonaCalls
from pjai_wire.methods import ACTOR_RESTART, ACTORS, ActorRestartParams, ActorsResult, Method, Nothing

ParamsT = TypeVar("ParamsT", bound=Struct)
ResultT = TypeVar("ResultT", bound=Struct)


class ActorCalls:
    """What every `Database` has of actors: an object for each of ours.

    Args:
        connection: what asks.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    @cached_property
    def memory(self) -> MemoryCalls:
        """The memory steward, which remembers what is new, sanitised."""
        return MemoryCalls(self._connection)

    @cached_property
    def persona(self) -> PersonaCalls:
        """The persona actor: creates, activates and duplicates personas, and keeps their secrets."""
        return PersonaCalls(self._connection)

    @cached_property
    def optimiser(self) -> OptimiserCalls:
        """The query optimiser, which makes the indexes that pay."""
        return OptimiserCalls(self._connection)

    @cached_property
    def embedder(self) -> EmbedderCalls:
        """The embedder, which makes vectors of texts."""
        return EmbedderCalls(self._connection)

    async def actors(self, *, timeout: float | None = None) -> ActorsResult:
        """The daemon's actors, in the order of its supervision tree."""
        return await self._connection.call(ACTORS, Nothing(), timeout)

    async def restart_actor(self, name: str, *, timeout: float | None = None) -> None:
        """Ends an actor and begins it again at once, one that is down too.

        Raises:
            NotFound: there is none of that name.
        """
        await self._connection.call(ACTOR_RESTART, ActorRestartParams(name=name), timeout)

    async def call(
        self,
        method: Method[ParamsT, ResultT],
        params: ParamsT,
        *,
        timeout: float | None = None,
    ) -> ResultT:
        """The answer of a method of the contract, or of one that an actor serves.

        Args:
            method: what to ask for; an actor's author declares its own with `pjai_wire.methods.Method`.
            params: with which particulars.
            timeout: seconds.

        Raises:
            ActorFailed: the actor ended meanwhile, and the call was carried out or not.
            Unavailable: the actor is down.
        """
        return await self._connection.call(method, params, timeout)
