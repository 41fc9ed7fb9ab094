"""Tests of the delivery of updates: whoever is behind hears all in one, and costs the others nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio
import anyio.lowlevel
import pytest
from msgspec import Struct

from pjaid.live.delivery import Delivery

pytestmark = pytest.mark.anyio


class Hearer(Struct, eq=False):
    """A subscriber to whom some messages are to be told."""

    topic: str
    client: bytes = b"ada"
    is_heard: bool = True
    is_behind: bool = False
    waiting: bytes | None = b"waiting"
    parts: list[bytes] = []
    """What comes after it."""
    told: list[bytes] = []

    def message(self) -> bytes | None:
        return self.waiting

    def delivered(self) -> bytes | None:
        assert self.waiting is not None
        self.told.append(self.waiting)
        self.waiting = next_part = self.parts.pop(0) if self.parts else None
        return next_part


class Queues:
    """The queues of subscribers, of which some are full."""

    def __init__(self) -> None:
        self.full: set[str] = set()
        self.room = 1_000
        """Messages for which those of all that are not full have room."""
        self.tries: list[str] = []
        self.sent: list[tuple[str, bytes]] = []
        self.tried = anyio.Event()

    def publish(self, topic: str, message: bytes) -> bool:
        self.tries.append(topic)
        self.tried.set()
        if topic in self.full or not self.room:
            return False
        self.room -= 1
        self.sent.append((topic, message))
        return True

    async def next_try(self) -> None:
        """Waits until somebody is tried, and the others of that turn."""
        self.tried = anyio.Event()
        with anyio.fail_after(10):
            await self.tried.wait()


@asynccontextmanager
async def serving(delivery: Delivery) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(delivery.serve)
        yield
        tasks.cancel_scope.cancel()


@pytest.fixture
def queues() -> Queues:
    return Queues()


@pytest.fixture
def delivery(queues: Queues) -> Delivery:
    return Delivery(queues.publish, retry_interval_s=0)


async def test_a_message_is_sent_at_once(queues: Queues, delivery: Delivery) -> None:
    one = Hearer("one")
    assert delivery.send(one, b"update")
    delivery.flush(one)
    assert queues.sent == [("one", b"update"), ("one", b"waiting")]
    assert one.told == [b"waiting"]
    assert delivery.behind == 0


async def test_who_is_behind_hears_all_that_waits_when_its_queue_has_room(
    queues: Queues, delivery: Delivery
) -> None:
    one, queues.full = Hearer("one"), {"one"}
    assert not delivery.send(one, b"update")
    assert one.is_behind
    assert delivery.behind == 1
    async with serving(delivery):
        await queues.next_try()
        one.waiting, queues.full = b"merged", set()
        await queues.next_try()
    assert queues.sent == [("one", b"merged")]
    assert one.told == [b"merged"]
    assert (one.is_behind, delivery.behind) == (False, 0)


async def test_who_cannot_be_told_yet_is_told_as_soon_as_it_is_known(
    queues: Queues, delivery: Delivery
) -> None:
    one = Hearer("one", waiting=None)
    delivery.flush(one)
    assert one.is_behind
    async with serving(delivery):
        for _ in range(5):
            await anyio.lowlevel.checkpoint()
        assert queues.tries == []
        one.waiting = b"known"
        await queues.next_try()
    assert queues.sent == [("one", b"known")]


async def test_what_is_told_in_parts_goes_on_where_a_queue_became_full(
    queues: Queues, delivery: Delivery
) -> None:
    one = Hearer("one", waiting=b"1", parts=[b"2", b"3"])
    queues.room = 1
    delivery.flush(one)
    assert (one.told, one.is_behind) == ([b"1"], True)
    async with serving(delivery):
        await queues.next_try()
        assert queues.tries == ["one"] * 3
        queues.room = 1_000
        await queues.next_try()
    assert (one.told, one.is_behind, delivery.behind) == ([b"1", b"2", b"3"], False, 0)


async def test_a_topic_that_has_ended_is_tried_no_more(queues: Queues, delivery: Delivery) -> None:
    one, queues.full = Hearer("one"), {"one"}
    delivery.flush(one)
    delivery.forget("one")
    delivery.forget("another")
    assert delivery.behind == 0


async def test_a_client_that_reads_nothing_costs_one_try_a_turn(queues: Queues, delivery: Delivery) -> None:
    stopped = [Hearer(f"stopped {number}") for number in range(100)]
    slow = Hearer("slow", client=b"bo")
    queues.full = {one.topic for one in stopped} | {"slow"}
    for one in (*stopped, slow):
        delivery.flush(one)
    queues.full.remove("slow")
    queues.tries.clear()
    async with serving(delivery):
        await queues.next_try()
        assert queues.tries == ["stopped 0", "slow"]
        await queues.next_try()
        assert queues.tries == ["stopped 0", "slow", "stopped 1"]
        queues.full.clear()
        await queues.next_try()
    assert delivery.behind == 0
    assert {topic for topic, _ in queues.sent} == {one.topic for one in (*stopped, slow)}
