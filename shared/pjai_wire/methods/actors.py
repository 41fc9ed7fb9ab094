"""Owns the methods by which actors serve: register, take, heartbeat; and those that look after them.

An actor is a client. It registers, and keeps some `actor_take` waiting: each is answered with a call to carry
out, whose outcome goes with the next `actor_take`, or by itself (`actor_settle`) where it took the next one
meanwhile. (Majordomo, ZeroMQ RFC 7, with a pull for each push.)
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from msgspec import UNSET, Meta, Raw, Struct, UnsetType, field

from pjai_wire import limits
from pjai_wire.errors import ErrorBody
from pjai_wire.fields import Count, Instant
from pjai_wire.methods.method import Done, Method, Nothing, Params, Result, Scope
from pjai_wire.query import Identifier

ActorName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}$")]
"""An actor's name, and the prefix of its methods."""

MethodName = Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}\.[a-z][a-z0-9_]{0,49}$")]
"""A method that an actor serves, such as `persona.activate`."""


Figures = Annotated[
    dict[Annotated[str, Meta(pattern=r"^[a-z][a-z0-9_]{0,49}$(?!\n)")], Count],
    Meta(max_length=limits.ACTOR_FIGURES_MAX),
]


class Permissions(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What an actor may do beside serving; anything else is forbidden to it."""

    methods: Annotated[tuple[Identifier, ...], Meta(max_length=200)] = ()
    """The daemon's methods, and those of other actors, that it may call."""
    events: Annotated[tuple[Identifier, ...], Meta(max_length=200)] = ()
    """The events that it may commit, where it may call `commit`."""


class ActorRegisterParams(Params, frozen=True, kw_only=True):
    """Which actor this connection is."""

    name: ActorName
    token: Annotated[str, Meta(max_length=200)]
    """What the daemon gave the process when it started it."""
    methods: Annotated[tuple[MethodName, ...], Meta(max_length=200)]
    may: Permissions = Permissions()


class ActorRegisterResult(Result, frozen=True, kw_only=True):
    """How to behave."""

    calls_at_once: int
    """How many `actor_take` may wait, and so how many calls be carried out at once."""
    long_calls_at_once: int
    """How many calls may be carried out beside them that are told by `actor_settle`."""
    heartbeat_interval_ms: int
    """How often to send a heartbeat."""
    silence_ms_max: int
    """How long an actor may be silent before it is ended, and the daemon before an actor ends by itself."""
    settings: dict[str, Any] = field(default_factory=dict)
    """The daemon's settings whose names begin with the actor's and an underscore, without these."""


class Outcome(Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What became of a call: either a result or an error."""

    call: int
    result: Raw | UnsetType = UNSET
    error: ErrorBody | UnsetType = UNSET


class ActorTakeParams(Params, frozen=True, kw_only=True):
    """The outcome of the last call, and the wish for the next one."""

    outcome: Outcome | UnsetType = UNSET


class ActorSettleParams(Params, frozen=True, kw_only=True):
    """The outcome of a call, without a wish for the next one."""

    outcome: Outcome


class ActorTakeResult(Result, frozen=True, kw_only=True):
    """A call to carry out, once there is one."""

    call: int
    method: str
    params: Raw
    within_ms: int
    """How long its caller still waits; what is not done by then is in vain."""
    client: str
    """Who calls."""


class ActorHeartbeatParams(Params, frozen=True, kw_only=True):
    """A sign of life."""

    last_error: Annotated[str, Meta(max_length=200)] = ""
    """The code or type of the last error in work of the actor's own, never its text."""
    counts: Figures = field(default_factory=dict)
    """What it counted since it began, such as `calls`."""
    gauges: Figures = field(default_factory=dict)
    """What it has at hand."""


class ActorInfo(Result, frozen=True, kw_only=True):
    """An actor, as its supervisor sees it."""

    name: str
    state: Literal["starting", "up", "backing_off", "down"]
    pid: int | None
    restarts: int
    """Since the daemon started."""
    queue: int
    """Calls that wait for it."""
    calls: int
    """Calls that it carries out now."""
    last_error: str
    """What its own work fails with, or why it fell last."""
    failing_with: str = ""
    """The code or type of what its own work fails with now; empty where that goes well."""
    memory_bytes: int
    started_at: Instant | None
    methods: tuple[str, ...]


class ActorsResult(Result, frozen=True, kw_only=True):
    """Every actor, in the order of the supervision tree."""

    actors: list[ActorInfo]


class ActorRestartParams(Params, frozen=True, kw_only=True):
    """Which actor."""

    name: ActorName


ACTOR_REGISTER = Method(
    "actor_register", ActorRegisterParams, ActorRegisterResult, needs=Scope.NONE, repeatable=False
)
ACTOR_TAKE = Method("actor_take", ActorTakeParams, ActorTakeResult, needs=Scope.NONE, repeatable=False)
ACTOR_SETTLE = Method("actor_settle", ActorSettleParams, Done, needs=Scope.NONE, repeatable=False)
ACTOR_HEARTBEAT = Method("actor_heartbeat", ActorHeartbeatParams, Done, needs=Scope.NONE, repeatable=False)
ACTORS = Method("actors", Nothing, ActorsResult, needs=Scope.READ)
ACTOR_RESTART = Method("actor_restart", ActorRestartParams, Done, needs=Scope.ADMIN)
