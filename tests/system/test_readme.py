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

import pjai
from pjai import v1
from pjai.testing import Daemon, daemon

README = Path(__file__).parents[2] / "README.md"

pytestmark = pytest.mark.anyio


@pytest.fixture
def running(monkeypatch: pytest.MonkeyPatch) -> Iterator[Daemon]:
    with daemon() as made:
        monkeypatch.setenv("PJAI_RUNTIME_DIR", made.environment["PJAI_RUNTIME_DIR"])
        yield made


def examples(section: str) -> list[str]:
    text = README.read_text(encoding="utf-8").split(f"\n## {section}\n")[1].split("\n## ")[0]
    return re.findall(r"```python\n(.*?)```", text, re.DOTALL)


async def run(example: str, names: dict[str, Any]) -> None:
    """Runs an example as it is written; what it makes stays in `names` for the next one."""
    indented = textwrap.indent(example, "    ")
    exec(f"async def example():\n{indented}    return locals()", names)  # noqa: S102 # the README's own
    names |= await names["example"]()


async def test_the_front_page_runs_as_it_is_written(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> None:
    printed: list[Any] = []
    with anyio.CancelScope() as scope:

        def note(*values: Any) -> None:
            printed.extend(values)
            scope.cancel()

        monkeypatch.setattr(builtins, "print", note)
        (example,) = examples("To the first live query")
        await run(example, {})
    assert printed == ["Sourdough"]


async def test_the_example_of_search_runs_as_it_is_written(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[tuple[Any, ...]] = []
    monkeypatch.setattr(builtins, "print", lambda *values: printed.append(values))
    (example,) = examples("Search")
    async with pjai.connect() as db:
        await db.commit(v1.PersonaCreated(id="ada", name="Ada"), remembered("ada", "Sourdough", 70))
        await run(example, {"memories": pjai.memories, "db": db, "ada": "ada"})
    (name, score, snippet), (text,), hits = printed
    assert (name, score > 0, snippet.marked("<", ">")) == ("Sourdough", True, "<Sourdough>")
    assert text.startswith("What is known:\n[1] ")
    assert hits == (["Sourdough"],)


async def test_the_examples_of_live_values_run_as_they_are_written(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed: list[tuple[Any, ...]] = []
    monkeypatch.setattr(builtins, "print", lambda *values: printed.append(values))
    async with pjai.connect() as db:
        names = {"pjai": pjai, "memories": pjai.memories, "v1": v1, "db": db, "ada": "ada", "bob": "bob"}
        await db.commit(
            *(v1.PersonaCreated(id=persona, name=persona.title()) for persona in ("ada", "bob")),
            remembered("ada", "Sourdough", 70),
            remembered("bob", "Chess", 40),
        )
        for example in examples("Live values"):
            await run(example, names)
    assert printed == [
        *((70,), (100,), (40,)),
        ("2 memories",),
        ("gone:", "Rye"),
        (1, {"concept": 1}, 70),
    ]


def remembered(persona: str, name: str, importance: int) -> v1.MemoryEntityCreated:
    return v1.MemoryEntityCreated(
        id=name, persona_id=persona, type="concept", name=name, importance=importance
    )
