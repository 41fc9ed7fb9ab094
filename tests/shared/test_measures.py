"""What is measured, as it comes: what cannot have been measured is refused."""

from __future__ import annotations

from typing import Any

import pytest

from pjai_wire.codec import Decoder, encode
from pjai_wire.errors import InvalidValue
from pjai_wire.methods import MetricsRecordParams

_params = Decoder(MetricsRecordParams, "params")


def took(*buckets: int, count: int) -> dict[str, Any]:
    latency = {"count": count, "sumUs": 9, "p50Us": 3, "p99Us": 3, "buckets": buckets}
    return {"latencies": {"request:query": latency}}


def test_what_was_measured_is_taken() -> None:
    told = {"at": 1, "counts": {"events": 1}, **took(3, 1, 4, 1, count=2)}
    assert _params.decode(encode(told)).latencies["request:query"].count == 2


@pytest.mark.parametrize(
    "measured",
    [
        pytest.param({"counts": {"Of Ada": 1}}, id="a name that is none"),
        pytest.param({"counts": {"events": -1}}, id="a count below nothing"),
        pytest.param(took(4, 1, 3, 1, count=2), id="buckets out of their order"),
        pytest.param(took(4, 1, 5, count=1), id="a bucket without a count"),
        pytest.param(took(272, 1, count=1), id="a bucket past the last"),
        pytest.param(took(4, 2, count=1), id="buckets that hold more than was counted"),
    ],
)
def test_what_cannot_have_been_measured_is_refused(measured: dict[str, Any]) -> None:
    with pytest.raises(InvalidValue):
        _params.decode(encode({"at": 1, **measured}))
