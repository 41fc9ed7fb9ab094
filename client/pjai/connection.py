"""Owns requests and their answers: many under way at once on one link, which may go and come back."""

from __future__ import annotations

import asyncio
import itertools
import logging
import math
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, Final, TypeVar, cast

import anyio
import msgspec
import zmq
from msgspec import UNSET, Raw, Struct

from pjai.exchange import Asked, ConnectionLost, decode_reply, decoded, problem_in, request
from pjai.link import Link
from pjai_wire import limits
from pjai_wire.envelope import Reply
from pjai_wire.errors import LimitExceeded, NotRunning, Overloaded, PjaiError, Stopping, TimedOut
from pjai_wire.methods import HELLO, HelloParams, HelloResult, Method

ParamsT = TypeVar("ParamsT", bound=Struct)
ResultT = TypeVar("ResultT", bound=Struct)

REQUESTS_SENT_MAX = 128
"""Requests that are with the daemon at once; the next ones wait here, so that no client floods it."""

REQUESTS_WAITING_MAX = 100_000

SENDS_MAX = 5
"""How often one request is sent, each time on a new connection: it may be what ends them."""

HELLO_ID = 0
HELLO_AGAIN_S = 0.1
"""How long to wait with the next hello after the daemon asked to try again."""

_log = logging.getLogger("pjai")


class Connection:
    """Asks a daemon, and keeps asking after it was restarted.

    Args:
        context: makes the sockets.
        endpoint: the daemon's request socket.
        introduction: what to say first, on every new connection.
        timeout: seconds until an answer counts as late; `math.inf` for never.

    Raises:
        InvalidValue: `endpoint` is no ZeroMQ endpoint.
    """

    hello: HelloResult
    """What the daemon said about itself when the connection was last made."""

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        endpoint: str,
        introduction: HelloParams,
        *,
        timeout: float,
    ) -> None:
        self.endpoint: Final = endpoint
        self.introduction: Final = introduction
        self.returned: Callable[[], None] = lambda: None
        """Called each time that the connection was made anew."""
        self.timeout: Final = timeout
        self._loop = asyncio.get_running_loop()
        self._ids = itertools.count(HELLO_ID + 1)
        self._waiting: OrderedDict[int, Asked] = OrderedDict()
        self._sent: OrderedDict[int, Asked] = OrderedDict()
        self._is_introduced = False
        self._introduced: asyncio.Future[None] = self._loop.create_future()
        self._failure: PjaiError | None = None
        self._message_bytes_max = limits.MESSAGE_BYTES_MAX
        self._link = Link(context, endpoint, came=self._greet, went=self._went, received=self._received)

    @property
    def is_connected(self) -> bool:
        """Whether a daemon is there; what is asked while none is waits for one."""
        return self._is_introduced

    def check_loop(self) -> None:
        """Checks that whoever asks runs in the connection's own event loop.

        Raises:
            RuntimeError: it is another.
        """
        if asyncio.get_running_loop() is not self._loop:
            raise RuntimeError(
                "this connection belongs to another event loop: connect in this one, or use pjai.blocking"
            )

    async def open(self, wait: float) -> None:
        """Waits until the daemon has introduced itself.

        Args:
            wait: seconds.

        Raises:
            NotRunning: no daemon answered in time.
            UnsupportedVersion: it speaks no protocol version that this client speaks.
        """
        try:
            with anyio.fail_after(wait):
                await self._introduced
        except TimeoutError:
            raise NotRunning(
                f"no daemon answers at {self.endpoint}",
                hint="start one with `pjaid`, or name another's socket in PJAI_ENDPOINT",
            ) from None

    async def call(
        self, method: Method[ParamsT, ResultT], params: ParamsT, timeout: float | None = None
    ) -> ResultT:
        """The daemon's answer.

        Args:
            method: what to ask for.
            params: with which particulars.
            timeout: seconds; the connection's own where it is None.

        Raises:
            PjaiError: what the daemon answered, or why it did not: see `ask`.
        """
        return decoded(method.result, await self.ask(method, params, timeout))

    async def ask(self, method: Method[ParamsT, Any], params: ParamsT, timeout: float | None = None) -> Raw:
        """As `call`, with the result still encoded.

        Raises:
            PjaiError: what the daemon answered.
            TimedOut: it did not answer in time; while it is away, requests wait.
            ConnectionLost: it went away, and the method is not one to repeat unasked.
            LimitExceeded: the message is longer than the daemon takes.
            Overloaded: too many requests wait already.
            InvalidValue: `params` hold what MessagePack cannot.
            RuntimeError: the connection belongs to another event loop.
        """
        wait = self.timeout if timeout is None else timeout
        asked = self._asked(method, params, wait)
        timer = None if wait == math.inf else self._loop.call_later(wait, self._expire, asked, wait)
        self._waiting[asked.id] = asked
        self._send_waiting()
        try:
            return await asked.answer
        finally:
            if timer is not None:
                timer.cancel()
            if self._sent.pop(asked.id, None) is None:
                del self._waiting[asked.id]
            elif self._waiting:
                self._send_waiting()

    async def ask_again(
        self, method: Method[ParamsT, Any], params: ParamsT, timeout: float | None = None
    ) -> Raw:
        """As `ask`, and asks anew where the daemon went away.

        For methods that open what nobody misses where the answer that named it was lost: it ends by itself.
        """
        for _ in range(SENDS_MAX - 1):
            try:
                return await self.ask(method, params, timeout)
            except ConnectionLost:
                continue
        return await self.ask(method, params, timeout)

    def tell(self, method: Method[ParamsT, Any], params: ParamsT) -> None:
        """Asks without waiting for the answer; nothing happens while the daemon is away."""
        if self._is_introduced:
            self._link.send(request(method, next(self._ids), params))

    def close(self) -> None:
        """Ends the connection; requests under way fail."""
        self._is_introduced = False
        self._fail(ConnectionLost("the connection was closed"))
        self._link.close()

    def _asked(self, method: Method[ParamsT, Any], params: ParamsT, wait: float) -> Asked:
        self.check_loop()
        if self._failure is not None:
            raise self._failure
        if len(self._waiting) >= REQUESTS_WAITING_MAX:
            raise Overloaded(f"{REQUESTS_WAITING_MAX} requests are waiting", hint="wait for some answers")
        request_id = next(self._ids)
        message = request(method, request_id, params, wait)
        # The daemon's socket drops whoever sends more, so its only answer would be a lost connection.
        if len(message) > self._message_bytes_max:
            raise LimitExceeded(
                f"a request of {len(message)} bytes; the daemon takes {self._message_bytes_max}",
                hint="send it in parts",
            )
        return Asked(method, request_id, message)

    def _send_waiting(self) -> None:
        while self._is_introduced and self._waiting and len(self._sent) < REQUESTS_SENT_MAX:
            request_id, asked = self._waiting.popitem(last=False)
            if asked.answer.done() or self._link.send(asked.message):
                asked.sends += 1
                self._sent[request_id] = asked
            else:
                # The link is lost, and will tell.
                self._waiting[request_id] = asked
                self._waiting.move_to_end(request_id, last=False)
                return

    def _expire(self, asked: Asked, waited: float) -> None:
        problem = f"no answer to {asked.method.name} within {waited:g} s"
        if asked.id in self._sent:
            asked.fail(TimedOut(problem, hint="it may still be carried out; give a longer timeout"))
        else:
            asked.fail(TimedOut(f"{problem}: no daemon at {self.endpoint}", hint="start it with `pjaid`"))

    def _greet(self) -> None:
        if self._failure is None:
            self._link.send(request(HELLO, HELLO_ID, self.introduction))

    def _greeted(self, reply: Reply) -> None:
        try:
            if reply.result is UNSET:
                raise problem_in(reply)
            self.hello = decoded(HelloResult, reply.result)
        except PjaiError as problem:
            if problem.retry:
                self._loop.call_later(HELLO_AGAIN_S, self._greet)
            else:
                self._fail(problem)
            return
        self._is_introduced = True
        self._message_bytes_max = self.hello.limits.get("messageBytes", limits.MESSAGE_BYTES_MAX)
        self._send_waiting()
        if self._introduced.done():
            self.returned()
        else:
            self._introduced.set_result(None)

    def _went(self) -> None:
        self._is_introduced = False
        for asked in self._sent.values():
            if not asked.method.repeatable:
                asked.fail(ConnectionLost(f"the daemon went away during {asked.method.name}"))
            elif asked.sends >= SENDS_MAX:
                asked.fail(
                    ConnectionLost(f"the daemon went away {SENDS_MAX} times during {asked.method.name}")
                )
        self._waiting = self._sent | self._waiting
        self._sent = OrderedDict()

    def _received(self, message: bytes) -> None:
        try:
            reply = decode_reply(message)
        except msgspec.MsgspecError as problem:
            _log.warning("dropped a message that is no reply: %s", problem)
            return
        if reply.id == HELLO_ID:
            self._greeted(reply)
            return
        asked = self._sent.get(cast("int", reply.id))
        # A daemon that stops has not begun with it: it is sent again to the next one.
        if asked is not None and (reply.error is UNSET or reply.error.code != Stopping.code):
            asked.settle(reply)

    def _fail(self, problem: PjaiError) -> None:
        self._failure = problem
        if not self._introduced.done():
            self._introduced.set_exception(problem)
        for asked in (*self._sent.values(), *self._waiting.values()):
            asked.fail(problem)
