"""Owns the points of what was measured: written into every span that they are in, and let go of when old."""

from __future__ import annotations

from itertools import chain

import apsw
import msgspec

from pjai_wire import limits
from pjai_wire.codec import encode
from pjai_wire.errors import LimitExceeded
from pjai_wire.measures import Measures, merged
from pjaid.store.local import count_change
from pjaid.store.spans import SPANS, Span

_measures = msgspec.msgpack.Decoder(Measures)


def record_point(connection: apsw.Connection, at: int, measured: Measures) -> None:
    """Adds what was measured to the second, the minute and the hour of an instant.

    Inside a transaction of the caller's. Points that are too old, or after the instant because the clock went
    back, are removed: so the table has no more rows than its spans allow.

    Raises:
        LimitExceeded: a point would grow too large.
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
    whole = measured if before is None else merged((_measures.decode(before), measured))
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


def _check(whole: Measures) -> None:
    for some in (whole.counts, whole.gauges, whole.latencies):
        if len(some) > limits.MEASURES_MAX:
            raise LimitExceeded(f"a point has at most {limits.MEASURES_MAX} counts, gauges or latencies")
    sums = chain(whole.counts.values(), *((one.count, one.sum_us) for one in whole.latencies.values()))
    if max(sums, default=0) > limits.INTEGER_MAX:
        raise LimitExceeded(f"a point counts to {limits.INTEGER_MAX} at most")
