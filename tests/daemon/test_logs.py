"""Logs: one form for every record, and no user content in any of them."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

MARKER = "the-user-said-so"

LOGS = f"""
import asyncio, gc, logging, sys, threading
import structlog
from pjai_wire.errors import NotFound
from pjaid.errors import StartError
from pjaid.logs import configure_logs
from pjaid.settings import Settings

configure_logs(Settings(log_format=sys.argv[1], log_level="info"))
log = structlog.get_logger()
log.debug("too_quiet")
log.info("store_opened", seq=42)

def fails():
    local = {MARKER!r}
    try:
        raise NotFound("no such topic")
    except NotFound as error:
        raise ExceptionGroup({MARKER!r}, [KeyError({MARKER!r}), StartError("it is broken")]) from error

try:
    fails()
except Exception:
    log.exception("request_failed")

logging.getLogger("library").error("said %s", {MARKER!r}, exc_info=ValueError({MARKER!r}))
logging.getLogger("library").log(41, {MARKER!r})
logging.getLogger("library").error("%d", {MARKER!r})

async def forgotten():
    async def task():
        raise ValueError({MARKER!r})
    made = asyncio.create_task(task())
    await asyncio.wait([made])
    del made
    gc.collect()

asyncio.run(forgotten())

thread = threading.Thread(target=int, args=({MARKER!r},))
thread.start()
thread.join()

class Dropped:
    def __del__(self):
        int({MARKER!r})

Dropped()
int({MARKER!r})
"""


def stderr_of(log_format: str) -> str:
    process = subprocess.run(
        [sys.executable, "-c", LOGS, log_format], check=False, capture_output=True, text=True
    )
    assert process.stdout == ""
    return process.stderr


@pytest.mark.parametrize("log_format", ["auto", "json", "text"])
def test_no_record_holds_a_users_words(log_format: str) -> None:
    written = stderr_of(log_format)

    assert MARKER not in written
    assert "uncaught_exception" in written


def test_each_record_is_one_json_object_with_its_time_and_level() -> None:
    records = [json.loads(line) for line in stderr_of("auto").splitlines()]

    assert all(record.keys() >= {"event", "level", "timestamp"} for record in records)
    assert records[0]["event"] == "store_opened"
    assert records[0]["seq"] == 42
    assert {record["event"] for record in records} == {
        "store_opened",
        "request_failed",
        "library_record",
        "uncaught_exception_in_thread",
        "unraisable_exception",
        "uncaught_exception",
    }


def test_an_exception_is_its_types_and_frames_and_the_messages_of_our_own() -> None:
    records = [json.loads(line) for line in stderr_of("json").splitlines()]
    exception = next(record["exception"] for record in records if record["event"] == "request_failed")

    lines = [line.strip() for line in exception.splitlines()]
    assert lines[0] == "builtins.ExceptionGroup"
    assert lines[1].endswith(" <module>")
    assert lines[2].endswith(" fails")
    assert "builtins.KeyError" in lines
    assert "pjaid.errors.StartError: it is broken" in lines
    assert "pjai_wire.errors.NotFound: no such topic" in lines
