"""Owns the calls of all actors: which of them serves a method, who may serve, and how long a caller waits."""

from __future__ import annotations

import asyncio
import itertools
from functools import partial
from typing import Final

from msgspec import Raw, Struct

from pjai_wire.codec import encode
from pjai_wire.errors import Forbidden, PjaiError, Stopping, TimedOut, Unavailable, UnknownMethod
from pjai_wire.methods import ActorTakeResult
from pjaid.calls.desk import Call, Desk


class Served(Struct, eq=False):
    """An actor, and the connection by which it serves now."""

    desk: Desk
    methods: frozenset[str] = frozenset()
    routing_id: bytes | None = None
    why_not: str = "is starting"
    """Why nobody serves, where nobody does."""
    is_down: bool = False
    taking: set[asyncio.Future[bytes]] = set()
    """Wishes for a call that are not fulfilled yet."""


class Calls:
    """Brings each call to the actor whose name its method begins with.

    Args:
        names: of the actors that there are.
        queue_max: how many calls may wait for each.
        within_ms_default: how long a call takes whose caller does not say.
    """

    def __init__(self, names: tuple[str, ...], *, queue_max: int, within_ms_default: int) -> None:
        self._served: Final = {name: Served(Desk(name, queue_max=queue_max)) for name in names}
        self._by_connection: dict[bytes, str] = {}
        self._numbers = itertools.count(1)
        self._within_ms_default = within_ms_default
        self._loop = asyncio.get_running_loop()
        self._is_stopping = False

    def __getitem__(self, name: str) -> Served:
        """The actor of a name."""
        return self._served[name]

    def serves(self, method: str) -> bool:
        """Whether there is an actor for a method, up or not."""
        return method.partition(".")[0] in self._served

    def knows(self, method: str) -> bool:
        """Whether an actor has registered a method."""
        served = self._served.get(method.partition(".")[0])
        return served is not None and method in served.methods

    def name_of(self, routing_id: bytes) -> str:
        """Which actor a connection is.

        Raises:
            Forbidden: it is none.
        """
        name = self._by_connection.get(routing_id)
        if name is None:
            raise Forbidden("this connection is no actor's", hint="actor_register comes first")
        return name

    def call(self, method: str, params: Raw, *, client: str, within_ms: int | None) -> asyncio.Future[bytes]:
        """What the actor answers.

        Raises:
            Unavailable: the actor is down; or too many calls wait for it; or no call begins any more.
            UnknownMethod: it has no such method.
        """
        self._check_running()
        name = method.partition(".")[0]
        served = self._served[name]
        if served.is_down:
            raise _down(name, served.why_not)
        if served.routing_id is not None and method not in served.methods:
            unknown = UnknownMethod.near(f"there is no method {method!r}", method, served.methods)
            raise unknown.of(name)
        wait_s = (self._within_ms_default if within_ms is None else within_ms) / 1000
        done: asyncio.Future[bytes] = self._loop.create_future()
        call = Call(
            number=next(self._numbers),
            method=method,
            # As it stands in the message, it would keep all of that.
            params=params.copy(),
            client=client,
            deadline=self._loop.time() + wait_s,
            settle=partial(_settle, done),
        )
        served.desk.put(call)
        timer = self._loop.call_at(call.deadline, self._expire, served, call)

        def forget(_: asyncio.Future[bytes]) -> None:
            timer.cancel()
            served.desk.give_up(call.number)

        done.add_done_callback(forget)
        return done

    def register(self, name: str, routing_id: bytes, methods: frozenset[str]) -> None:
        """From now on a connection serves an actor's methods."""
        served = self._served[name]
        self._forget(served)
        served.routing_id, served.methods, served.is_down = routing_id, methods, False
        self._by_connection[routing_id] = name

    def check_asked_by(self, routing_id: bytes, client: str) -> None:
        """Checks that an actor carries out a call of that client.

        Raises:
            Forbidden: it does not, or the connection is no actor's.
        """
        if not self._served_by(routing_id).desk.serves(client):
            raise Forbidden("that client has asked the actor for nothing", hint="name the one that did")

    def take(self, routing_id: bytes) -> asyncio.Future[bytes]:
        """The next call for an actor, encoded as an `ActorTakeResult`, once there is one.

        Raises:
            Forbidden: the connection is no actor's.
            Stopping: there will be none.
        """
        served = self._served_by(routing_id)
        self._check_running()
        taken: asyncio.Future[bytes] = self._loop.create_future()
        give = partial(self._give, taken)
        served.taking.add(taken)

        def forget(_: asyncio.Future[bytes]) -> None:
            served.taking.discard(taken)
            served.desk.unwish(give)

        taken.add_done_callback(forget)
        served.desk.wish(give)
        return taken

    def settle(self, routing_id: bytes, number: int, outcome: bytes | PjaiError) -> None:
        """What became of a call that an actor took.

        Raises:
            Forbidden: the connection is no actor's.
        """
        self._served_by(routing_id).desk.settle(number, outcome)

    def fall(self, name: str, why: str, *, is_down: bool) -> None:
        """An actor is gone, for a moment or until it is tried again."""
        served = self._served[name]
        self._forget(served)
        served.why_not, served.is_down = why, is_down
        served.desk.fall()
        if is_down:
            served.desk.refuse(_down(name, why))

    def stop(self) -> None:
        """No call begins any more; those that are carried out go on."""
        self._is_stopping = True
        for served in self._served.values():
            for taken in served.taking:
                # One that was just fulfilled stands here until the loop has told so.
                if not taken.done():
                    taken.set_exception(_stopping())
            served.desk.refuse(_stopping())

    def _check_running(self) -> None:
        if self._is_stopping:
            raise _stopping()

    def _served_by(self, routing_id: bytes) -> Served:
        return self._served[self.name_of(routing_id)]

    def _forget(self, served: Served) -> None:
        if served.routing_id is not None:
            self._by_connection.pop(served.routing_id, None)
            served.routing_id = None
        for taken in served.taking:
            taken.cancel()

    def _give(self, taken: asyncio.Future[bytes], call: Call) -> None:
        within_ms = max(0, int(1000 * (call.deadline - self._loop.time())))
        result = ActorTakeResult(
            call=call.number,
            method=call.method,
            params=call.params,
            within_ms=within_ms,
            client=call.client,
        )
        taken.set_result(encode(result))

    def _expire(self, served: Served, call: Call) -> None:
        served.desk.give_up(call.number)
        late = TimedOut(f"no answer to {call.method} in time", hint="it may still be carried out")
        call.settle(late.of(call.method.partition(".")[0]))


def _down(name: str, why: str) -> Unavailable:
    return Unavailable(f"the actor {name} {why}", hint=f"pjai actors restart {name}").of(name)


def _stopping() -> Stopping:
    return Stopping("the daemon is shutting down", hint="try again when it is up")


def _settle(done: asyncio.Future[bytes], outcome: bytes | PjaiError) -> None:
    if done.done():
        return
    if isinstance(outcome, PjaiError):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
