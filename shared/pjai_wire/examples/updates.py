"""Owns examples of what a topic publishes."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.changes import Delete, Insert, Move, Update
from pjai_wire.codec import encode
from pjai_wire.envelope import LiveUpdate
from pjai_wire.examples.story import ADA, OTHER_TOPIC, PERSONA, SOURDOUGH, TOPIC
from pjai_wire.feed import FeedUpdate, RowDeleted, RowInserted, RowUpdated
from pjai_wire.pulse import Pulse

_ROW = Raw(encode(PERSONA))

UPDATES: dict[str, LiveUpdate] = {
    "first message, nothing new": LiveUpdate(seq=43, prev=43),
    "tick": LiveUpdate(seq=57, prev=43),
    "tick, with its list of changes empty": LiveUpdate(seq=57, prev=43, changes=()),
    "insert": LiveUpdate(seq=44, prev=43, changes=(Insert(0, _ROW),)),
    "update": LiveUpdate(seq=44, prev=43, changes=(Update(2, _ROW),)),
    "move": LiveUpdate(seq=44, prev=43, changes=(Move(5, 0, _ROW),)),
    "delete": LiveUpdate(seq=44, prev=43, changes=(Delete(3),)),
    "several": LiveUpdate(
        seq=46, prev=43, changes=(Delete(0), Insert(1, _ROW), Move(2, 0, _ROW), Update(1, _ROW))
    ),
    "whole result": LiveUpdate(seq=44, prev=43, rows=(_ROW,)),
    "empty result": LiveUpdate(seq=44, prev=43, rows=()),
}

FEED_UPDATES: dict[str, FeedUpdate] = {
    "tick": FeedUpdate(seq=57, prev=43),
    "insert": FeedUpdate(seq=44, prev=43, changes=(RowInserted(_ROW),)),
    "update": FeedUpdate(seq=44, prev=43, changes=(RowUpdated(_ROW),)),
    "delete": FeedUpdate(seq=44, prev=43, changes=(RowDeleted(ADA),)),
    "several": FeedUpdate(seq=46, prev=43, changes=(RowDeleted(SOURDOUGH), RowInserted(_ROW))),
}

PULSES: dict[str, Pulse] = {
    "all show it": Pulse(open=3, seq=57, local_seq=4),
    "one is behind, one has ended": Pulse(open=2, seq=57, local_seq=4, behind=(TOPIC,), ended=(OTHER_TOPIC,)),
    "too many are behind": Pulse(open=4_000),
}
