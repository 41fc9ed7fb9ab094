"""Owns the watcher: a process that keeps a live query, and shows each change and how long it took.

python -m tests.demo.watcher DESCRIPTOR

What it has shown it reports, as lines of JSON, on the file descriptor that it was given.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import IO, Any

import anyio

import pjai
from pjai import memories
from pjai_wire.limits import QUERY_ROWS_MAX

Row = dict[str, Any]

NAME_CHARACTERS = 44


async def watch(reports: IO[str]) -> None:
    """Shows the memories and how they change, until the process is ended."""
    newest = memories.order_by(memories.updated_at.desc()).limit(QUERY_ROWS_MAX)
    known: dict[str, Row] = {}
    async with (
        pjai.connect(client="watcher") as db,
        db.watch(newest.select(memories.id, memories.name, memories.updated_at)) as live,
    ):
        async for rows in live:
            changed = [row for row in rows if known.get(row["id"]) != row]
            delay_ms = _show(live.seq, changed, len(rows), is_first=not known and not rows)
            known = {row["id"]: row for row in rows}
            json.dump({"seq": live.seq, "memories": len(rows), "delayMs": delay_ms}, reports)
            reports.write("\n")
            reports.flush()


def _show(seq: int, changed: list[Row], number: int, *, is_first: bool) -> float | None:
    """Shows a result; returns how many milliseconds its oldest change is old once it is on the screen."""
    if is_first:
        sys.stdout.write("   watcher │ no memories yet\n")
        sys.stdout.flush()
        return None
    name = changed[0]["name"] if changed else ""
    name = name if len(name) <= NAME_CHARACTERS else f"{name[: NAME_CHARACTERS - 1]}…"
    shown = (
        f"   watcher │ seq {seq:>5}   {len(changed):>3} of {number:>4} changed   {name:<{NAME_CHARACTERS}}"
    )
    sys.stdout.write(shown)
    sys.stdout.flush()
    # The program that commits sets `at`, hence updatedAt, just before; both processes have the same clock.
    since = min((row["updated_at"] for row in changed), default=None)
    delay_ms = None if since is None else time.time_ns() / 1e6 - since
    sys.stdout.write("\n" if delay_ms is None else f"   {delay_ms:5.1f} ms\n")
    sys.stdout.flush()
    return delay_ms


if __name__ == "__main__":
    with os.fdopen(int(sys.argv[1]), "w", encoding="utf-8") as descriptor:
        anyio.run(watch, descriptor)
