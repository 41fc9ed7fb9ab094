"""Owns how large the page cache ought to be (pure): doubled while that pays, and small where nobody reads.

A larger cache is a trial. Once it has had time to fill, it stays only if clearly fewer pages are read from
the file; otherwise it goes back, and is not tried again until what is read is another thing. So a steady load
comes to one size and stays there.
"""

from __future__ import annotations

from msgspec import Struct
from msgspec.structs import replace

from pjai_wire.methods import PageCache

PAGES_MIN = 20_000
"""Pages that were asked for, before anything is concluded; a search by meaning asks for 500."""

MISSES_PER_S_MIN = 100
"""Fewer take less than a thousandth of a core: a page is read and decrypted in some 2 µs."""

MISSES_A_READ_MIN = 5
"""Fewer are lost in what a read takes anyway: a row by its id misses up to three, and is as quick without."""

HIT_SHARE_GOOD = 0.95
"""From which on more memory is worth nothing that a user would notice."""

FULL = 0.9
"""Of its size, from which on a cache has had to let pages go. One that commits empty is not too small."""

GROWN_BY = 2
GROWN_BY_MIN = 1.25
"""Less than that is no trial."""

MISSES_LEFT_MAX = 0.8
"""Of the misses before, those that a larger cache may have and stay."""

SHARE_CHANGED = 0.1
"""By which the hit share must differ from one at which a larger cache brought nothing, to try it again."""

AGAIN_MS = 10 * 60 * 1000
"""And so much time must have passed, so that loads which come and go leave few events."""

UNFILLED = FULL / GROWN_BY
"""Of its size, below which a cache is too large. What fills half of it must not: it would grow again."""

UNFILLED_MAX = 10
"""How often in a row that is seen before the size is halved."""

QUIET_MS = 6 * 3600 * 1000
"""In which fewer pages were asked for than conclusions need: then nobody reads. Pages went long before."""


class Trial(Struct, frozen=True):
    """A larger cache that is yet to show what it brings."""

    bytes_before: int
    share_before: float
    is_filled: bool = False
    """It has had time to fill."""


class Gain(Struct, frozen=True):
    """What a larger cache brought."""

    bytes_before: int
    bytes: int
    share_before: float
    share: float


class Resize(Struct, frozen=True):
    """A size to take."""

    bytes: int
    reason: str
    share: float | None
    """The hit share before; None where too little was read to tell."""


class InVain(Struct, frozen=True):
    """A larger cache that brought nothing."""

    share: float
    """The hit share before it."""
    at: int
    """When it went, in ms since the epoch."""


class Known(Struct, frozen=True, kw_only=True):
    """What is known from the looks before."""

    cache: PageCache
    """As it was when conclusions were drawn last."""
    at: int
    """When that was, in ms since the epoch."""
    share: float | None = None
    """The hit share that they were drawn from; None where too little was read."""
    trial: Trial | None = None
    in_vain: InVain | None = None
    unfilled: int = 0
    """How often in a row it was seen to be too large."""


class Step(Struct, frozen=True):
    """What a look led to."""

    known: Known
    """For the next look, if the size is taken that this one leads to."""
    resize: Resize | None = None
    gain: Gain | None = None


def begun(cache: PageCache, now_ms: int) -> Known:
    """What is known at first."""
    return Known(cache=cache, at=now_ms)


def look(known: Known, cache: PageCache, now_ms: int) -> Step:
    """What to make of the page cache now.

    Args:
        known: what earlier looks have left.
        cache: as it is now.
        now_ms: the present, since the epoch.
    """
    if cache.bytes != known.cache.bytes:
        # Somebody else has changed it, or other connections took its room.
        return Step(begun(cache, now_ms))
    hits, misses = cache.hits - known.cache.hits, cache.misses - known.cache.misses
    if hits + misses < PAGES_MIN:
        return _little_read(known, cache, now_ms)
    read = _Read(hits, misses, cache.reads - known.cache.reads, max(1, now_ms - known.at))
    unfilled = known.unfilled + 1 if cache.used_bytes < UNFILLED * cache.bytes else 0
    known = replace(known, cache=cache, at=now_ms, share=read.share, unfilled=unfilled)
    if known.trial is not None:
        return _tried(known, known.trial, read)
    if unfilled >= UNFILLED_MAX and cache.bytes > cache.bytes_min:
        reason = f"less than {UNFILLED:.0%} of it was filled, {unfilled} times in a row"
        return _resized(known, max(cache.bytes_min, cache.bytes // GROWN_BY), reason, read.share)
    size = min(GROWN_BY * cache.bytes, cache.bytes_max)
    if size < GROWN_BY_MIN * cache.bytes or not _lacks(known, read):
        return Step(known)
    step = _resized(known, size, read.told, read.share)
    return replace(step, known=replace(step.known, trial=Trial(cache.bytes, read.share)))


class _Read(Struct, frozen=True):
    """What was read since conclusions were drawn last."""

    hits: int
    misses: int
    reads: int
    ms: int

    @property
    def share(self) -> float:
        return self.hits / (self.hits + self.misses)

    @property
    def told(self) -> str:
        return f"{self.share:.1%} of {self.hits + self.misses} pages were there"


def _lacks(known: Known, read: _Read) -> bool:
    """Whether a larger cache is worth a trial."""
    cache = known.cache
    return (
        cache.used_bytes >= FULL * cache.bytes
        and read.share < HIT_SHARE_GOOD
        and 1000 * read.misses >= MISSES_PER_S_MIN * read.ms
        and read.misses >= MISSES_A_READ_MIN * read.reads
        and not _is_in_vain(known, read)
    )


def _is_in_vain(known: Known, read: _Read) -> bool:
    """Whether a larger cache brought nothing when the same was read, or not long ago."""
    last = known.in_vain
    return last is not None and (
        known.at - last.at < AGAIN_MS or abs(read.share - last.share) <= SHARE_CHANGED
    )


def _tried(known: Known, trial: Trial, read: _Read) -> Step:
    """A larger cache stays if clearly fewer pages are read from the file."""
    if not trial.is_filled:
        return Step(replace(known, trial=replace(trial, is_filled=True)))
    gain = Gain(trial.bytes_before, known.cache.bytes, trial.share_before, read.share)
    known = replace(known, trial=None)
    if 1 - read.share <= MISSES_LEFT_MAX * (1 - trial.share_before):
        return Step(known, gain=gain)
    reason = f"{read.told}, and {trial.share_before:.1%} before it was larger"
    step = _resized(known, trial.bytes_before, reason, read.share)
    return replace(step, known=replace(step.known, in_vain=InVain(trial.share_before, known.at)), gain=gain)


def _little_read(known: Known, cache: PageCache, now_ms: int) -> Step:
    """Where nobody reads for long, it is small again; what was learnt is of another time."""
    if now_ms - known.at < QUIET_MS:
        return Step(known)
    known = begun(cache, now_ms)
    if cache.bytes <= cache.bytes_min:
        return Step(known)
    return _resized(known, cache.bytes_min, f"hardly read for {QUIET_MS // 3_600_000} hours", None)


def _resized(known: Known, size: int, reason: str, share: float | None) -> Step:
    known = replace(known, cache=replace(known.cache, bytes=size), unfilled=0)
    return Step(known, Resize(size, reason, share))
