"""Owns how a daemon's work looks at a terminal: rates with their history, methods, actors, storage (pure)."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from pjai.cli.sparkline import sparkline
from pjai.cli.tables import Row, table
from pjai.cli.values import duration, size, span
from pjai.readings import Reading
from pjai_wire.methods import ActorInfo, LiveQueryInfo

HISTORY = 60
"""How many looks are remembered."""

US_PER_MS = 1_000

NAME_WIDTH = 16
VALUE_WIDTH = 12
METHODS_MAX = 8
LIVE_MAX = 4
ERRORS_MAX = 4


class Look(Struct, frozen=True):
    """What is seen at one moment."""

    at: int
    version: str
    uptime_ms: int
    reading: Reading
    """Of the time since the look before."""
    actors: tuple[ActorInfo, ...]
    live: tuple[LiveQueryInfo, ...]


def dashboard(look: Look, history: Sequence[Reading], width: int) -> RenderableType:
    """A look, with what came before it.

    Args:
        look: the present one.
        history: of looks until and with it, the newest last.
        width: of the terminal, in characters.
    """
    parts: list[RenderableType] = [_head(look), Text(), _rates(look.reading, history, width)]
    for title, columns, rows in (
        ("methods", ("method", "per s", "p50", "p99", "errors"), _methods(look.reading)),
        (
            "actors",
            ("actor", "state", "restarts", "memory", "queue", "calls per s", "last error"),
            _actors(look),
        ),
        ("live queries", ("label", "client", "table", "rows", "updates", "time spent"), _live(look)),
        ("errors", ("method", "code", "count"), _errors(look.reading)),
    ):
        if rows:
            parts += [Text(), Text(title, style="bold"), table(columns, rows, width)]
    if not any(actor.name == "metrics" for actor in look.actors):
        parts += [Text(), Text("The actor metrics does not run: nothing of this is kept.", style="dim")]
    return Group(*parts)


def _head(look: Look) -> Text:
    gauges = look.reading.gauges
    return Text.assemble(
        (f"pjaid {look.version}", "bold"),
        f"  up {duration(look.uptime_ms)}",
        f"  {gauges.get('clients', 0)} clients",
        f"  {size(gauges.get('memory_bytes', 0))}",
        f"  {look.reading.cpu_share:.1%} of a core",
        ("  q ends", "dim"),
    )


def _rates(reading: Reading, history: Sequence[Reading], width: int) -> Table:
    """What goes on, each line with its history."""
    gauges = reading.gauges
    share = reading.cache_hit_share
    lines = [
        ("requests", f"{reading.requests_per_s:.1f}/s", [one.requests_per_s for one in history]),
        ("p50", _time(reading.p50_us), [float(one.p50_us) for one in history]),
        ("p99", _time(reading.p99_us), [float(one.p99_us) for one in history]),
        ("events", f"{reading.events_per_s:.1f}/s", [one.events_per_s for one in history]),
        ("fsync p99", _time(reading.sync.p99_us), [float(one.sync.p99_us) for one in history]),
        ("changes told", f"{reading.updates_per_s:.1f}/s", [one.updates_per_s for one in history]),
        ("reads", f"{reading.reads_per_s:.1f}/s", [one.reads_per_s for one in history]),
        (
            "cache hits",
            "-" if share is None else f"{share:.0%}",
            [one.cache_hit_share or 0.0 for one in history],
        ),
        _of_gauge("live queries", "live_queries", gauges, history),
        _of_gauge("writes waiting", "write_queue", gauges, history),
        _of_size("database", "database_bytes", gauges, history),
        _of_size("WAL", "wal_bytes", gauges, history),
        _of_size("disk free", "disk_free_bytes", gauges, history),
    ]
    made = Table.grid(padding=(0, 1))
    made.add_column(width=NAME_WIDTH, style="dim")
    made.add_column(width=VALUE_WIDTH, justify="right")
    room = min(HISTORY, width - NAME_WIDTH - VALUE_WIDTH - 3)
    for name, value, numbers in lines:
        made.add_row(name, value, sparkline(numbers, room))
    return made


_Line = tuple[str, str, list[float]]


def _of_gauge(title: str, name: str, gauges: Row, history: Sequence[Reading]) -> _Line:
    return title, str(gauges.get(name, 0)), [float(one.gauges.get(name, 0)) for one in history]


def _of_size(title: str, name: str, gauges: Row, history: Sequence[Reading]) -> _Line:
    return title, size(gauges.get(name, 0)), [float(one.gauges.get(name, 0)) for one in history]


def _methods(reading: Reading) -> list[Row]:
    return [
        {
            "method": one.method,
            "per s": f"{one.per_s:.1f}",
            "p50": _time(one.p50_us),
            "p99": _time(one.p99_us),
            "errors": one.errors,
        }
        for one in reading.methods[:METHODS_MAX]
    ]


def _actors(look: Look) -> list[Row]:
    return [
        {
            "actor": one.name,
            "state": one.state.replace("_", " "),
            "restarts": one.restarts,
            "memory": size(one.memory_bytes),
            "queue": one.queue,
            "calls per s": f"{_calls(look.reading, one.name):.1f}",
            "last error": one.last_error,
        }
        for one in look.actors
    ]


def _calls(reading: Reading, actor: str) -> float:
    return reading.actors.get(actor, {}).get("calls", 0) / reading.seconds if reading.seconds else 0.0


def _live(look: Look) -> list[Row]:
    costly = sorted(look.live, key=lambda one: -one.spent_us)
    return [
        {
            "label": one.label,
            "client": one.client,
            "table": one.table,
            "rows": one.rows,
            "updates": one.updates,
            "time spent": span(one.spent_us),
        }
        for one in costly[:LIVE_MAX]
    ]


def _errors(reading: Reading) -> list[Row]:
    return [
        {"method": one.method, "code": one.code, "count": one.count} for one in reading.errors[:ERRORS_MAX]
    ]


def _time(us: int) -> str:
    """A time, in microseconds where it is shorter than a millisecond: most are."""
    return f"{us} µs" if us < US_PER_MS else span(us)
