"""Tests that the README's Python runs exactly as it is written."""

from __future__ import annotations

import builtins
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import pytest

from pjai.testing import Daemon, daemon

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.anyio


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    with daemon() as made:
        monkeypatch.setenv("PJAI_RUNTIME_DIR", made.environment["PJAI_RUNTIME_DIR"])
        yield made


async def test_the_front_page_runs_as_it_is_written(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    (example,) = re.findall(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    printed: list[Any] = []
    with anyio.CancelScope() as scope:

        def note(*values: Any) -> None:
            printed.extend(values)
            scope.cancel()

        monkeypatch.setattr(builtins, "print", note)
        names: dict[str, Any] = {}
        exec(f"async def example():\n{textwrap.indent(example, '    ')}", names)  # noqa: S102 # the README's own
        await names["example"]()
    assert printed == ["Sourdough"]
