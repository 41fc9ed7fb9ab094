"""Owns what a feed publishes: rows as they come, change and leave, for programs that keep a copy."""

from __future__ import annotations

from msgspec import Raw, Struct


class RowInserted(Struct, frozen=True, array_like=True, tag="insert"):
    """A row came, or came to meet the feed's conditions."""

    row: Raw


class RowUpdated(Struct, frozen=True, array_like=True, tag="update"):
    """The row with this one's id changed."""

    row: Raw


class RowDeleted(Struct, frozen=True, array_like=True, tag="delete"):
    """The row with this id left, or meets the feed's conditions no longer."""

    id: str


FeedChange = RowInserted | RowUpdated | RowDeleted


class FeedUpdate(Struct, frozen=True, omit_defaults=True):
    """What the topic of a feed publishes: the rows that changed between `prev` and `seq`, each once.

    A tick is an update without changes. One with changes whose `seq` is `prev` is a part: the copy shows no
    state until it has the last, which leads on. A client that does not hold `prev` has missed a message: it
    opens a new feed and reads the table anew.
    """

    seq: int
    prev: int
    changes: tuple[FeedChange, ...] = ()
