"""Owns the client that asks slow queries: one for each line on stdin, and then it says how long that took."""

from __future__ import annotations

import sys
from time import perf_counter

import anyio

import pjai
from tests.workload.questions import slow_in_lists, slow_in_texts

QUESTIONS = {"texts": slow_in_texts, "lists": slow_in_lists}


async def answer(endpoint: str) -> None:
    """Asks what each line says, such as `texts 40`, until stdin ends."""
    async with pjai.connect(endpoint, client="slow reader") as db:
        async for line in anyio.wrap_file(sys.stdin):
            kind, size = line.split()
            begun = perf_counter()
            await db.query(QUESTIONS[kind](int(size)))
            sys.stdout.write(f"{perf_counter() - begun}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    anyio.run(answer, sys.argv[1], backend_options={"use_uvloop": True})
