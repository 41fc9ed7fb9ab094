"""Owns `pjai optimiser`: slow queries, indexes that were thought of and what each gained, the page cache."""

from __future__ import annotations

import click
from click.core import ParameterSource

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.values import duration, local_time, size, span
from pjai_wire.ids import now_ms
from pjai_wire.methods import (
    AdvisedIndex,
    OptimiserRunResult,
    OptimiserStatusResult,
    QueryShape,
    TunedPageCache,
)

_SHAPES = ("table", "where", "order", "reads", "each", "looked at", "answered", "sorted", "indexes")
_INDEXES = ("index", "state", "predicted", "faster", "fewer rows", "size", "used", "reason")

OF_THE_USER = "dropped by the user"
BY_THE_USER = "resized by the user"


@click.group(invoke_without_command=True)
@invoked
async def optimiser(invocation: Invocation) -> None:
    """Queries by what they take; the indexes that were thought of, and what each gained; the page cache."""
    context = click.get_current_context()
    if context.invoked_subcommand is not None:
        if any(context.get_parameter_source(name) is ParameterSource.COMMANDLINE for name in context.params):
            raise click.UsageError(f"options stand behind {context.invoked_subcommand!r}")
        return
    async with invocation.connect() as db:
        found = await db.optimiser.status()
    if invocation.output.as_json:
        invocation.output.document(found)
        return
    invocation.output.rows(_SHAPES, [_shape(one) for one in found.shapes])
    invocation.output.say("")
    invocation.output.rows(_INDEXES, [_index(one) for one in found.indexes])
    invocation.output.note(_summary(found))
    invocation.output.note(_page_cache(found.page_cache))


@optimiser.command()
@invoked
async def run(invocation: Invocation) -> None:
    """Lets the optimiser look now, instead of within twenty seconds."""
    async with invocation.connect() as db:
        with invocation.output.progress(counted=False) as progress:
            progress.add_task("looking at queries, indexes and the page cache", total=None)
            led = await db.optimiser.run()
    if invocation.output.as_json:
        invocation.output.document(led)
        return
    for line in _told(led):
        invocation.output.say(line)


@optimiser.command()
@invoked
@click.argument("name")
async def create(invocation: Invocation, name: str) -> None:
    """Makes the proposed index NAME, as the optimiser does by itself in its mode auto."""
    async with invocation.connect() as db:
        with invocation.output.progress(counted=False) as progress:
            progress.add_task(f"making {name}", total=None)
            receipt = await db.optimiser.create(name)
    if invocation.output.as_json:
        invocation.output.document(receipt)
    else:
        invocation.output.say(f"{name} is there")


@optimiser.command()
@invoked
@click.argument("name")
async def drop(invocation: Invocation, name: str) -> None:
    """Drops the index NAME, which the optimiser made."""
    async with invocation.connect() as db:
        receipt = await db.optimiser.drop(name, OF_THE_USER)
    if invocation.output.as_json:
        invocation.output.document(receipt)
    else:
        invocation.output.say(f"{name} is gone")


@optimiser.command("page-cache")
@invoked
@click.argument("mebibytes", type=click.FloatRange(min=0, min_open=True))
async def page_cache(invocation: Invocation, mebibytes: float) -> None:
    """Lets the page cache take MEBIBYTES until the daemon ends, or the optimiser knows better."""
    async with invocation.connect() as db:
        receipt = await db.optimiser.resize_page_cache(round(mebibytes * 2**20), BY_THE_USER)
    if invocation.output.as_json:
        invocation.output.document(receipt)
    else:
        invocation.output.say(f"page cache of {mebibytes:g} MiB from now on")


def _shape(one: QueryShape) -> dict[str, object]:
    return {
        "table": one.table,
        "where": ", ".join([*(f"{name} =" for name in one.equal), *(f"{name} <>" for name in one.ranges)]),
        "order": ", ".join(f"{name} {direction}" for name, direction in one.order),
        "reads": one.runs,
        "each": span(one.total_us // one.runs) if one.runs else None,
        "looked at": round(one.scanned / one.samples) if one.samples else None,
        "answered": round(one.rows / one.runs) if one.runs else None,
        "sorted": "yes" if one.sorts else "no",
        "indexes": ", ".join(one.indexes) or "none",
    }


def _index(one: AdvisedIndex) -> dict[str, object]:
    return {
        "index": one.id,
        "state": one.state,
        "predicted": _times(one.predicted_gain),
        "faster": _times(one.time_gain),
        "fewer rows": _times(one.rows_gain),
        "size": size(one.bytes),
        "used": None if one.last_used_at is None else local_time(one.last_used_at),
        "reason": one.reason,
    }


def _times(gain: float | None) -> str | None:
    return None if gain is None else f"{gain:.1f} x"


def _summary(found: OptimiserStatusResult) -> str:
    looked = (
        "not looked yet" if found.looked_at is None else f"looked {duration(now_ms() - found.looked_at)} ago"
    )
    share = found.index_bytes / max(1, found.database_bytes)
    return (
        f"mode {found.mode}; {looked}; indexes take {size(found.index_bytes)}, {share:.1%} of the database,"
        f" and may take {size(found.index_bytes_max)}"
    )


def _page_cache(one: TunedPageCache) -> str:
    told = f"page cache {size(one.bytes)} of {size(one.bytes_max)} at most, {size(one.used_bytes)} in use"
    if one.hit_share is not None:
        told += f"; {one.hit_share:.1%} of pages were there"
    if one.proposed_bytes is not None:
        told += f"; {size(one.proposed_bytes)} proposed"
    if (last := one.last_change) is not None:
        told += f"; {size(last.bytes_before)} until {local_time(last.at)}: {last.reason}"
        if last.hit_share is not None:
            told += f", and {last.hit_share:.1%} since"
    return told


def _told(led: OptimiserRunResult) -> list[str]:
    acts = {
        "proposed": led.proposed,
        "created": led.created,
        "rejected": led.rejected,
        "measured": led.measured,
        "dropped": led.dropped,
        "analyzed": led.analyzed,
    }
    told = [f"{act} {name}" for act, names in acts.items() for name in names]
    if led.page_cache_bytes is not None:
        told.append(f"page cache of {size(led.page_cache_bytes)} from now on")
    return told or ["nothing to do"]
