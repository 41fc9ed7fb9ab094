"""Owns the desk of one actor: calls that wait, calls that it carries out, and its wish for more (pure)."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable

from msgspec import Raw, Struct

from pjai_wire import limits
from pjai_wire.errors import ActorFailed, Overloaded, PjaiError

Settle = Callable[[bytes | PjaiError], None]
"""Is given what became of something: an encoded result, or why there is none."""


class Call(Struct, eq=False):
    """A call on its way to an actor."""

    number: int
    method: str
    params: Raw
    client: str
    deadline: float
    """When its caller gives up, on the event loop's clock."""
    settle: Settle

    @property
    def size(self) -> int:
        """Bytes of its params."""
        return len(memoryview(self.params))


Give = Callable[[Call], None]
"""Hands a call to an actor that asked for one."""


class Desk:
    """The calls of one actor; each is given out once, whatever becomes of it.

    Args:
        name: the actor's.
        queue_max: how many calls may wait.
    """

    def __init__(self, name: str, *, queue_max: int) -> None:
        self._name = name
        self._queue_max = queue_max
        self._waiting: OrderedDict[int, Call] = OrderedDict()
        self._waiting_bytes = 0
        self._under_way: dict[int, Call] = {}
        self._wishes: deque[Give] = deque()

    @property
    def waiting(self) -> int:
        """How many calls wait."""
        return len(self._waiting)

    @property
    def under_way(self) -> int:
        """How many calls are carried out."""
        return len(self._under_way)

    def serves(self, client: str) -> bool:
        """Whether a call of that client is carried out."""
        return any(call.client == client for call in self._under_way.values())

    def put(self, call: Call) -> None:
        """Takes a call, and hands it over where the actor waits for one.

        Raises:
            Overloaded: too many wait.
        """
        is_full = len(self._waiting) >= self._queue_max
        if is_full or self._waiting_bytes + call.size > limits.ACTOR_QUEUE_BYTES_MAX:
            what = (
                f"{self._queue_max} calls"
                if is_full
                else f"calls of {limits.ACTOR_QUEUE_BYTES_MAX // 2**20} MiB"
            )
            raise Overloaded(f"the actor {self._name} has {what} waiting", hint="wait").of(self._name)
        self._waiting[call.number] = call
        self._waiting_bytes += call.size
        self._hand_over()

    def wish(self, give: Give) -> None:
        """The actor can take one more call."""
        self._wishes.append(give)
        self._hand_over()

    def unwish(self, give: Give) -> None:
        """Whoever wished is gone."""
        if give in self._wishes:
            self._wishes.remove(give)

    def settle(self, number: int, outcome: bytes | PjaiError) -> None:
        """What became of a call; nothing where its caller has given up."""
        call = self._under_way.pop(number, None)
        if call is not None:
            call.settle(outcome)

    def give_up(self, number: int) -> Call | None:
        """The caller waits no longer; what is carried out already is in vain."""
        call = self._waiting.pop(number, None)
        if call is None:
            return self._under_way.pop(number, None)
        self._waiting_bytes -= call.size
        return call

    def fall(self) -> None:
        """The actor is gone: what it had begun has failed, what waits waits for the next."""
        self._wishes.clear()
        under_way, self._under_way = self._under_way, {}
        for call in under_way.values():
            failed = ActorFailed(
                f"the actor {self._name} ended while it carried out {call.method}",
                hint="it may have been done or not: look, before you ask again",
            )
            call.settle(failed.of(self._name))

    def refuse(self, reason: PjaiError) -> None:
        """Nobody will carry out what waits."""
        waiting, self._waiting, self._waiting_bytes = self._waiting, OrderedDict(), 0
        for call in waiting.values():
            call.settle(reason)

    def _hand_over(self) -> None:
        while self._wishes and self._waiting:
            number, call = self._waiting.popitem(last=False)
            self._waiting_bytes -= call.size
            self._under_way[number] = call
            self._wishes.popleft()(call)
