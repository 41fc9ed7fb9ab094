"""Requests: an actor's method is told how long its caller waits, and the daemon's own are not."""

from __future__ import annotations

import math

import pytest
from msgspec import UNSET, UnsetType

from pjai.exchange import request
from pjai_wire.codec import Decoder
from pjai_wire.envelope import Request
from pjai_wire.limits import WITHIN_MS_MAX
from pjai_wire.methods import Done, Method, Nothing, Scope

_request = Decoder(Request)


@pytest.mark.parametrize(
    ("method", "within_s", "told"),
    [
        ("notes.total", 1.5, 1_500),
        ("notes.total", 0.0001, 0),
        ("notes.total", 10.0**9, WITHIN_MS_MAX),
        ("notes.total", math.inf, WITHIN_MS_MAX),
        ("health", 1.5, UNSET),
    ],
)
def test_a_request_tells_an_actor_how_long_its_caller_waits(
    method: str, within_s: float, told: int | UnsetType
) -> None:
    asked = Method(method, Nothing, Done, needs=Scope.READ)
    assert _request.decode(request(asked, 7, Nothing(), within_s)).within_ms == told
