"""Owns the rules by which a daemon is well, each with its reason and what to do (pure)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Literal

from msgspec import Struct

from pjai.readings import Reading
from pjai_wire import records
from pjai_wire.methods import ActorInfo

Level = Literal["warning", "wrong"]
"""`wrong` needs somebody now; of a `warning` somebody should know."""

MIB = 2**20
DEFECTS = frozenset({"internal", "storage", "actor_failed"})
"""Codes of errors that no client has made."""


class Finding(Struct, frozen=True):
    """Something that is not as it should be."""

    rule: str
    level: Level
    reason: str
    hint: str


class Bounds(Struct, frozen=True):
    """Past what something is not as it should be."""

    write_queue_warning: int = 100
    write_queue_wrong: int = 2_000
    request_p99_us: int = 1_000_000
    loop_lag_p99_us: int = 250_000
    disk_free_share_warning: float = 0.05
    disk_free_bytes_wrong: int = 100 * MIB
    wal_bytes: int = 256 * MIB
    errors_share: float = 0.2
    requests_min: int = 20
    """Fewer say nothing about shares and quantiles."""
    runs_min: int = 3
    """Of an actor's own work; where fewer failed, that may have been by chance."""


def findings(
    reading: Reading,
    actors: Iterable[ActorInfo] = (),
    warnings: Iterable[records.Warning] = (),
    bounds: Bounds = Bounds(),  # noqa: B008 # it is frozen
    *,
    is_measured: bool = True,
) -> Sequence[Finding]:
    """What is not as it should be, the worst first.

    Args:
        reading: of the last while.
        actors: those that the daemon runs.
        warnings: those that stand in the table of that name.
        bounds: past which something is found.
        is_measured: whether points come of what happens, as they should.
    """
    actors = [*actors]
    found = [
        *_of_points(is_measured=is_measured),
        *_of_actors(actors),
        *_of_work(reading, {one.name: one.failing_with for one in actors if one.failing_with}, bounds),
        *_of_defects(reading),
        *_of_the_disk(reading, bounds),
        *_of_writes(reading, bounds),
        *_of_requests(reading, bounds),
        *_of_the_loop(reading, bounds),
        *map(_of_warning, warnings),
    ]
    return sorted(found, key=lambda one: one.level != "wrong")


def _of_actors(actors: Iterable[ActorInfo]) -> Iterator[Finding]:
    for actor in actors:
        why = f": {actor.last_error}" if actor.last_error else ""
        again = f"pjai actors restart {actor.name}, and look into the daemon's log"
        if actor.state == "down":
            yield Finding("actor_down", "wrong", f"{actor.name} fell too often{why}", again)
        elif actor.state == "backing_off" or (actor.state == "starting" and actor.restarts and why):
            yield Finding("actor_falls", "warning", f"{actor.name} fell and begins again{why}", again)


def _of_points(*, is_measured: bool) -> Iterator[Finding]:
    if not is_measured:
        reason = "the actor metrics runs, and has kept no point for minutes"
        hint = "pjai actors restart metrics; until then rates and times are not known"
        yield Finding("metrics_silent", "warning", reason, hint)


def _of_work(reading: Reading, failing: Mapping[str, str], bounds: Bounds) -> Iterator[Finding]:
    for name in sorted({*reading.actors, *failing}):
        figures = reading.actors.get(name, {})
        runs, failed = figures.get("runs", 0), figures.get("run_errors", 0)
        level: Level = "wrong" if failed >= max(runs, bounds.runs_min) else "warning"
        hint = "pjai actors tells its last error, and the daemon's log where it came up"
        if failed:
            reason = f"work of {name}'s own failed {_times(failed)}, of {max(runs, failed)} that were begun"
            yield Finding("work_fails", level, reason, hint)
        elif name in failing:
            # What is done once in an hour has seldom failed within the time of a reading.
            yield Finding("work_fails", level, f"work of {name}'s own fails with {failing[name]}", hint)


def _of_defects(reading: Reading) -> Iterator[Finding]:
    for error in reading.errors:
        if error.code in DEFECTS:
            reason = f"{error.method} failed with {error.code} {_times(error.count)}"
            yield Finding("defect", "wrong", reason, "the daemon's log has the cause")


def _of_the_disk(reading: Reading, bounds: Bounds) -> Iterator[Finding]:
    free, whole = reading.gauges.get("disk_free_bytes"), reading.gauges.get("disk_bytes")
    hint = "make room on the disk of data_dir"
    if free is not None and free < bounds.disk_free_bytes_wrong:
        yield Finding("disk_full", "wrong", f"{free // MIB} MiB are free on the disk", hint)
    elif free is not None and whole and free / whole < bounds.disk_free_share_warning:
        yield Finding("disk_full", "warning", f"{free / whole:.1%} of the disk are free", hint)
    wal = reading.gauges.get("wal_bytes", 0)
    if wal > bounds.wal_bytes:
        hint = "end programs that read for long; a restart of the daemon moves it too"
        yield Finding("wal_large", "warning", f"the write-ahead log has {wal // MIB} MiB", hint)


def _of_writes(reading: Reading, bounds: Bounds) -> Iterator[Finding]:
    queue = reading.gauges.get("write_queue", 0)
    if queue > bounds.write_queue_warning:
        level: Level = "wrong" if queue > bounds.write_queue_wrong else "warning"
        hint = "commit more events at once, or on a faster disk"
        yield Finding("write_queue", level, f"{queue} commits wait for the writer", hint)
    if behind := reading.gauges.get("live_behind", 0):
        hint = "pjai live tells whose"
        yield Finding("live_behind", "warning", f"{behind} live queries are read too slowly", hint)


def _of_requests(reading: Reading, bounds: Bounds) -> Iterator[Finding]:
    for method in reading.methods:
        asked = method.per_s * reading.seconds
        if asked >= bounds.requests_min and method.p99_us > bounds.request_p99_us:
            reason = f"one {method.method} of a hundred took {method.p99_us / 1e6:.1f} s or more"
            yield Finding("slow", "warning", reason, "pjai top; pjai explain shows how a query is answered")
    asked = reading.requests_per_s * reading.seconds
    failed = sum(error.count for error in reading.errors)
    if asked >= bounds.requests_min and failed > bounds.errors_share * asked:
        most = reading.errors[0]
        reason = f"{failed / asked:.0%} of the requests were errors, most often {most.code} of {most.method}"
        yield Finding("errors", "warning", reason, "pjai top shows which")


def _of_the_loop(reading: Reading, bounds: Bounds) -> Iterator[Finding]:
    lag = reading.loop_lag.p99_us
    if lag > bounds.loop_lag_p99_us:
        reason = f"the daemon's event loop was late by {lag / 1e6:.2f} s"
        yield Finding("loop_lag", "warning", reason, "the machine is busy, or inline_ms_max is too high")


def _of_warning(warning: records.Warning) -> Finding:
    reason = f"{warning.kind} is {warning.value:g}, and {warning.allowed:g} are allowed"
    return Finding("warning", "warning", reason, "the table warnings has it, until that is over")


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"
