"""Owns the methods by which actors serve, and those that look after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from msgspec import UNSET, Raw
from msgspec.structs import replace

from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import InternalError, PjaiError
from pjai_wire.measures import Measures, joined
from pjai_wire.methods import (
    ActorHeartbeatParams,
    ActorInfo,
    ActorRegisterParams,
    ActorRegisterResult,
    ActorRestartParams,
    ActorSettleParams,
    ActorsResult,
    ActorTakeParams,
    Done,
    Nothing,
    Outcome,
)
from pjaid.calls.calls import Calls
from pjaid.methods.clients import ACTOR, Client, Clients
from pjaid.methods.router import Handler
from pjaid.supervisor.supervisor import Supervised, Supervisor

_register = Decoder(ActorRegisterParams, "params")
_take = Decoder(ActorTakeParams, "params")
_settle = Decoder(ActorSettleParams, "params")
_heartbeat = Decoder(ActorHeartbeatParams, "params")
_restart = Decoder(ActorRestartParams, "params")
_nothing = Decoder(Nothing, "params")


class ActorMethods:
    """Methods of actors and about them.

    Args:
        calls: what actors serve.
        supervisor: what keeps them running.
        clients: who asks.
        calls_at_once: how many calls one actor carries out at once.
        long_calls_at_once: how many of those that may take long it carries out beside them.
        heartbeat_interval_ms: how often it is to give a sign of life.
        silence_ms_max: after how long without one each counts the other as hung.
        memory_of: the memory of a process, in bytes.
        settings_of: the settings of an actor.
    """

    def __init__(
        self,
        calls: Calls,
        supervisor: Supervisor,
        clients: Clients,
        *,
        calls_at_once: int,
        long_calls_at_once: int,
        heartbeat_interval_ms: int,
        silence_ms_max: int,
        memory_of: Callable[[int], int],
        settings_of: Callable[[str], dict[str, Any]] = lambda _: {},
    ) -> None:
        self._calls = calls
        self._supervisor = supervisor
        self._clients = clients
        self._agreed = ActorRegisterResult(
            calls_at_once=calls_at_once,
            long_calls_at_once=long_calls_at_once,
            heartbeat_interval_ms=heartbeat_interval_ms,
            silence_ms_max=silence_ms_max,
        )
        self._settings_of = settings_of
        self._memory_of = memory_of
        self.handlers: dict[str, Handler] = {
            "actor_register": self.register,
            "actor_take": self.take,
            "actor_settle": self.settle,
            "actor_heartbeat": self.heartbeat,
            "actors": self.actors,
            "actor_restart": self.restart,
        }

    @property
    def metered(self) -> Measures:
        """What each actor tells of itself, and what its supervisor sees of it."""
        return joined(self._measured(supervised) for supervised in self._supervisor)

    def register(self, client: Client, params: Raw) -> bytes:
        """This connection is an actor's from now on, and may do no more than that declares."""
        asked = _register.decode(params)
        self._supervisor.registered(asked.name, asked.token)
        self._clients.restrict(client.routing_id, f"{ACTOR}{asked.name}", asked.may)
        self._calls.register(asked.name, client.routing_id, frozenset(asked.methods))
        return encode(replace(self._agreed, settings=self._settings_of(asked.name)))

    def take(self, client: Client, params: Raw) -> asyncio.Future[bytes]:
        """The outcome of a call, and the next one once there is one."""
        asked = _take.decode(params)
        if asked.outcome is not UNSET:
            self._tell(client, asked.outcome)
        return self._calls.take(client.routing_id)

    def settle(self, client: Client, params: Raw) -> bytes:
        """The outcome of a call after which the actor took another."""
        self._tell(client, _settle.decode(params).outcome)
        return encode(Done())

    def heartbeat(self, client: Client, params: Raw) -> bytes:
        """A sign of life."""
        asked = _heartbeat.decode(params)
        is_told = asked.counts or asked.gauges
        figures = Measures(counts=asked.counts, gauges=asked.gauges) if is_told else None
        self._supervisor.heard(self._calls.name_of(client.routing_id), asked.last_error, figures)
        return encode(Done())

    def actors(self, _client: Client, params: Raw) -> bytes:
        """Every actor, as its supervisor sees it."""
        _nothing.decode(params)
        return encode(ActorsResult(actors=[self._told_of(supervised) for supervised in self._supervisor]))

    def restart(self, _client: Client, params: Raw) -> bytes:
        """An actor is ended and begun again."""
        self._supervisor.restart(_restart.decode(params).name)
        return encode(Done())

    def _tell(self, client: Client, outcome: Outcome) -> None:
        name = self._calls.name_of(client.routing_id)
        self._calls.settle(client.routing_id, outcome.call, _told(outcome, name))

    def _measured(self, supervised: Supervised) -> Measures:
        name = supervised.place.name
        desk = self._calls[name].desk
        counts = {**supervised.figures.counts, "restarts": supervised.restarts}
        gauges = {
            **supervised.figures.gauges,
            "up": int(supervised.state == "up"),
            "queue": desk.waiting,
            "calls_under_way": desk.under_way,
            "memory_bytes": 0 if supervised.process is None else self._memory_of(supervised.process.pid),
        }
        return Measures(
            counts={f"actor:{name}:{figure}": value for figure, value in counts.items()},
            gauges={f"actor:{name}:{figure}": value for figure, value in gauges.items()},
        )

    def _told_of(self, supervised: Supervised) -> ActorInfo:
        served = self._calls[supervised.place.name]
        pid = None if supervised.process is None else supervised.process.pid
        return ActorInfo(
            name=supervised.place.name,
            state=supervised.state,
            pid=pid,
            restarts=supervised.restarts,
            queue=served.desk.waiting,
            calls=served.desk.under_way,
            last_error=supervised.last_error,
            failing_with=supervised.failing_with,
            memory_bytes=0 if pid is None else self._memory_of(pid),
            started_at=supervised.started_at,
            methods=tuple(sorted(served.methods)),
        )


def _told(outcome: Outcome, actor: str) -> bytes | PjaiError:
    """What an actor's caller is told."""
    if outcome.error is UNSET and outcome.result is not UNSET:
        return bytes(outcome.result)
    error = (
        InternalError("the actor told neither a result nor an error")
        if outcome.error is UNSET
        else PjaiError.from_body(outcome.error)
    )
    # What another actor told this one stays the other's.
    return error.of(actor)
