"""Tests that slow reads are logged by their shapes, whichever thread they ran on, and never with a value."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from msgspec import Raw
from structlog.testing import capture_logs

from pjai_wire.codec import encode
from pjai_wire.methods import CommitParams, NewEvent
from pjai_wire.tables import memories, personas, workflows
from pjaid.settings import Settings
from pjaid.store import readers
from pjaid.store.keys import StoreKey
from pjaid.store.recorder import Origin
from pjaid.store.slow import shape
from pjaid.store.statements import Statement, compile_query
from pjaid.store.store import Store

pytestmark = pytest.mark.anyio

MARKED = compile_query(memories.where(memories.name.in_(["MARKER", "MARKED"]), persona_id="MARKER").query)
TINY_MS = 1e-6
ORIGIN = Origin(client="test", session="session")


@asynccontextmanager
async def store_with(directory: Path, **changed: Any) -> AsyncIterator[Store]:
    key = StoreKey("store", "aegis", secrets.token_bytes(32), created=True)
    made = Store(Settings(data_dir=directory, state_dir=directory, **changed), key, lambda _: None)
    try:
        yield made
    finally:
        await made.close()


async def read(store: Store, statement: Statement, *, is_raw: bool = False) -> int:
    """Runs a statement; how many rows it found."""
    reading: Callable[..., Any] = store.read_raw if is_raw else store.read
    answer = reading(statement, lambda found: len(found.rows))
    count: int = await answer if isinstance(answer, Awaitable) else answer
    return count


@pytest.mark.parametrize("inline_ms_max", [1000.0, 0.0])
@pytest.mark.parametrize("is_raw", [False, True])
async def test_the_shape_of_a_slow_read_is_logged_without_its_values(
    tmp_path: Path, inline_ms_max: float, is_raw: bool
) -> None:
    async with store_with(tmp_path, slow_query_ms=TINY_MS, inline_ms_max=inline_ms_max) as store:
        with capture_logs() as records:
            assert await read(store, MARKED, is_raw=is_raw) == 0
    (record,) = [record for record in records if record["event"] == "slow_query"]
    assert record["rows"] == 0
    assert record["ms"] >= 0
    assert "FROM memories WHERE" in record["shape"]
    assert '"persona_id" = ?' in record["shape"]
    assert "MARK" not in repr(records)


@pytest.mark.parametrize("slow_query_ms", [0.0, 3_600_000.0])
async def test_a_read_that_is_quick_enough_is_not_logged(tmp_path: Path, slow_query_ms: float) -> None:
    async with store_with(tmp_path, slow_query_ms=slow_query_ms) as store:
        with capture_logs() as records:
            await read(store, MARKED)
    assert records == []


async def test_a_plan_is_told_from_inline_and_from_a_thread(tmp_path: Path) -> None:
    statement = compile_query(personas.where(id="ada").query)
    plans = []
    for number, inline_ms_max in enumerate((1000.0, 0.0)):
        directory = tmp_path / str(number)
        directory.mkdir()
        async with store_with(directory, inline_ms_max=inline_ms_max) as store:
            answer = store.explain(statement)
            assert isinstance(answer, Awaitable) == (not inline_ms_max)
            plans.append(await answer if isinstance(answer, Awaitable) else answer)
    assert plans[0] == plans[1]
    assert plans[0].sql == statement.sql


async def test_a_page_that_was_slow_keeps_the_next_from_the_event_loop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with store_with(tmp_path) as store:
        event = NewEvent(id="e", name="v1.WorkflowSaved", args=Raw(encode({"id": "w", "name": "w"})))
        await store.commit(encode(CommitParams(events=(event,))), ORIGIN, finish=lambda receipt: receipt)
        is_inline = []
        for page, bytes_max in ((0, 0), (1, 10_000), (2, 10_000), (10_000, 10_000)):
            monkeypatch.setattr(readers, "INLINE_BYTES_MAX", bytes_max)
            statement = compile_query(workflows.limit(100).offset(page).query)
            answer = store.read(statement, lambda found: len(found.rows))
            is_inline.append(not isinstance(answer, Awaitable))
            if isinstance(answer, Awaitable):
                await answer
    assert is_inline == [False, False, False, True]


def test_pages_are_of_one_shape() -> None:
    pages = [memories.limit(10), memories.limit(11).offset(3), memories.limit(99).offset(1_000)]
    shapes = {shape(compile_query(page.query).sql) for page in pages}
    assert len(shapes) == 1
    assert shapes.pop().endswith(" LIMIT ? OFFSET ?")


def test_lists_are_of_one_shape_however_long() -> None:
    shapes = {
        shape(compile_query(memories.where(memories.name.in_("x" * length)).query).sql)
        for length in range(2, 9)
    }
    assert len(shapes) == 1
