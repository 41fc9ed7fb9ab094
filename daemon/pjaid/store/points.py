"""Owns the points of what was measured: written into every span that they are in, and let go of when old."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain, islice
from typing import TypeVar

import apsw
import msgspec
from msgspec.structs import replace

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.errors import LimitExceeded
from pjai_wire.measures import Measures, merged
from pjaid.store.local import count_change
from pjaid.store.spans import SPANS, Span

LEFT_OUT = "names_left_out"
"""Counts the names for which a point had no room."""

T = TypeVar("T")

_measures = msgspec.msgpack.Decoder(Measures)


def record_point(connection: apsw.Connection, at: int, measured: Measures) -> None:
    """Adds what was measured to the second, the minute and the hour of an instant.

    Inside a transaction of the caller's. Points that are too old, or after the instant because the clock went
    back, are removed: so the table has no more rows than its spans allow.

    A point has room for so many names; those that come after these are counted, and no more.

    Raises:
        LimitExceeded: a point would count to more than every language can hold.
    """
    # What it says of its own buckets is not taken on trust.
    point = merged((measured,))
    for span in SPANS:
        begin = span.begin(at)
        _expire(connection, span, begin)
        _add(connection, span, begin, point)
    count_change(connection)


def _add(connection: apsw.Connection, span: Span, begin: int, measured: Measures) -> None:
    point = f"{span.resolution}/{begin}"
    before = connection.execute('SELECT "values" FROM metric_points WHERE id = ?', (point,)).get
    whole = _within_room(measured if before is None else merged((_measures.decode(before), measured)))
    _check(whole)
    connection.execute(
        'INSERT INTO metric_points (id, resolution, at, "values") VALUES (?, ?, ?, ?)'
        ' ON CONFLICT (id) DO UPDATE SET "values" = excluded."values"',
        (point, span.resolution, begin, encode(whole)),
    )


def _expire(connection: apsw.Connection, span: Span, begin: int) -> None:
    connection.execute(
        "DELETE FROM metric_points WHERE resolution = ? AND (at <= ? OR at > ?)",
        (span.resolution, span.kept_after(begin), begin),
    )


def _within_room(whole: Measures) -> Measures:
    """The names that there is room for, first those from before, and how many others there were."""
    named = {name: count for name, count in whole.counts.items() if name != LEFT_OUT}
    kept = Measures(
        counts=_first(named, limits.MEASURES_MAX - 1),
        gauges=_first(whole.gauges, limits.MEASURES_MAX),
        latencies=_first(whole.latencies, limits.MEASURES_MAX),
    )
    left_out = whole.counts.get(LEFT_OUT, 0) + _names(whole) - (LEFT_OUT in whole.counts) - _names(kept)
    return replace(kept, counts={**kept.counts, LEFT_OUT: left_out}) if left_out else whole


def _names(some: Measures) -> int:
    return len(some.counts) + len(some.gauges) + len(some.latencies)


def _first(some: Mapping[str, T], number: int) -> dict[str, T]:
    return dict(islice(some.items(), number))


def _check(whole: Measures) -> None:
    sums = chain(whole.counts.values(), *((one.count, one.sum_us) for one in whole.latencies.values()))
    if max(sums, default=0) > limits.INTEGER_MAX:
        raise LimitExceeded(f"a point counts to {limits.INTEGER_MAX} at most")
