"""Owns what an example of a request, and of a reply, is."""

from __future__ import annotations

from typing import Any, NamedTuple

from msgspec import Struct

from pjai_wire.methods import Method


class Request(NamedTuple):
    """A request of a method."""

    name: str
    method: Method[Any, Any]
    params: Struct


class Reply(NamedTuple):
    """A result of a method."""

    name: str
    method: Method[Any, Any]
    result: Struct
