"""An actor's process from the inside, as far as it goes without a daemon."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from pjaid.process import EXIT_WITHOUT_PARENT

MARKER = "the-user-said-so"

THREAD = f"import threading; threading.Thread(target=int, args=[{MARKER!r}]).start()"

FORGOTTEN = f"""
import asyncio, gc

async def forgotten():
    task = asyncio.ensure_future(asyncio.to_thread(int, {MARKER!r}))
    await asyncio.wait([task])
    del task
    gc.collect()

asyncio.run(forgotten())
"""

ALONE = """
import os
from pjaid.supervisor.child import _end_with
lifeline, end = os.pipe()
os.close(end)
_end_with(lifeline)
"""


def test_a_process_whose_lifeline_ends_is_over() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (EXIT_WITHOUT_PARENT, b"")


def logged(statements: str) -> tuple[list[dict[str, str]], int]:
    """What an actor's process logs that runs them, and how it ends; none of it what they were about."""
    begun = "from pjaid.supervisor.child_logs import ActorLog\nActorLog('notes').install()\n"
    done = subprocess.run(
        [sys.executable, "-c", begun + statements], capture_output=True, text=True, timeout=60, check=False
    )
    assert MARKER not in done.stderr
    assert MARKER not in done.stdout
    return [json.loads(line) for line in done.stderr.splitlines()], done.returncode


@pytest.mark.parametrize(
    ("statements", "event"),
    [
        (f"import logging; logging.getLogger('library').error('said %s', {MARKER!r})", "library_record"),
        (f"import logging; logging.getLogger('library').error('%d', {MARKER!r})", "library_record"),
        (f"import warnings; warnings.warn({MARKER!r})", "library_record"),
        (THREAD, "uncaught_exception_in_thread"),
        (f"class Dropped:\n def __del__(self): int({MARKER!r})\nDropped()", "unraisable_exception"),
        (f"int({MARKER!r})", "uncaught_exception"),
        (FORGOTTEN, "library_record"),
    ],
)
def test_an_actor_s_process_logs_what_happened_and_never_what_it_was_about(
    statements: str, event: str
) -> None:
    records, _ = logged(statements)
    assert [(record["event"], record["actor"]) for record in records] == [(event, "notes")]


def test_an_actor_s_process_tells_the_kind_and_the_place_of_an_exception() -> None:
    records, code = logged(f"try:\n int({MARKER!r})\nexcept ValueError as error:\n raise KeyError from error")
    assert code == 1
    assert records[0]["exception"].splitlines() == [
        "builtins.KeyError",
        "  <string>:6 <module>",
        "  builtins.ValueError",
        "    <string>:4 <module>",
    ]


def test_our_own_records_keep_their_text() -> None:
    records, _ = logged("import logging; logging.getLogger('pjai.actor').error('%s failed', 'tidying')")
    assert [(record["event"], record["text"]) for record in records] == [("actor_record", "tidying failed")]
