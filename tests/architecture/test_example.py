"""The page on the architecture shows an actor that the tests run, exactly as it stands there."""

from __future__ import annotations

import re
import tomllib

import tests.notes_actor
from tests.architecture.house import ROOT

SECTION = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8").split("\n## Actors\n")[1].split("\n## ")[0]


def shown(language: str) -> str:
    found = re.search(rf"```{language}\n(.*?)```", SECTION, re.DOTALL)
    assert found
    return found[1]


def test_the_actor_is_the_one_that_the_tests_run() -> None:
    assert shown("python") == (ROOT / "tests/notes_actor/__init__.py").read_text(encoding="utf-8")


def test_the_entry_point_leads_to_it() -> None:
    (group,) = tomllib.loads(shown("toml"))["project"]["entry-points"].items()
    assert group == ("pjai.actors", {tests.notes_actor.notes.name: "notes_actor:notes"})
