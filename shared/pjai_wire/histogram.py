"""Owns the buckets of latencies: which one a time falls into, and what the buckets then tell (pure).

They are those of HdrHistogram (Gil Tene, http://hdrhistogram.org) with eight sub-buckets: below 16 µs each
microsecond has its own; beyond, each doubling has eight of equal width. So a time that a bucket tells, its
middle, is off by 1/16 at most. Counts of two histograms add up, and subtract, bucket by bucket.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

SUB_BUCKET_BITS = 3
SUB_BUCKETS = 1 << SUB_BUCKET_BITS
US_MAX = 2**36 - 1
"""19 hours; what takes longer counts as this."""


def bucket_of(us: int) -> int:
    """The bucket of a time in microseconds."""
    if us > US_MAX:
        us = US_MAX
    # How often the time is halved until its first four bits are left.
    halved = us.bit_length() - SUB_BUCKET_BITS - 1
    return us if halved <= 0 else (halved << SUB_BUCKET_BITS) + (us >> halved)


def least_of(bucket: int) -> int:
    """The least time in a bucket, in microseconds."""
    halved = bucket // SUB_BUCKETS - 1
    return bucket if halved <= 0 else (bucket - halved * SUB_BUCKETS) << halved


def middle_of(bucket: int) -> int:
    """The time that stands for all in a bucket, in microseconds."""
    return (least_of(bucket) + least_of(bucket + 1) - 1) // 2


BUCKETS = bucket_of(US_MAX) + 1
"""How many there are."""


def quantile_us(buckets: Iterable[tuple[int, int]], count: int, share: float) -> int:
    """The time, in microseconds, within which a share of all was done: the nearest-rank quantile.

    Args:
        buckets: those that are not empty, in their order, each with its count.
        count: of all together.
        share: from 0 to 1, such as 0.99.

    Returns:
        The middle of the bucket in which it lies; 0 where nothing was counted.
    """
    rank = max(1, math.ceil(share * count))
    for bucket, number in buckets:
        rank -= number
        if rank <= 0:
            return middle_of(bucket)
    return 0
