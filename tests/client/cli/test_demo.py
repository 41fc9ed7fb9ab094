"""The demonstration, on two small files."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def demonstrated(*files: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "tests.demo", *files], cwd=ROOT, capture_output=True, text=True, check=False
    )


@pytest.mark.slow
def test_the_demonstration_shows_the_main_job(tmp_path: Path) -> None:
    recipe, notes = tmp_path / "recipe.md", tmp_path / "notes.txt"
    recipe.write_text("# Bread\n\nFeed the starter on Sundays.\n\n## Water\n\nLukewarm.\n")
    notes.write_text("Rye likes more water than wheat does.\n\nSalt comes last.\n")

    shown = demonstrated(str(recipe), str(notes))

    assert shown.returncode == 0, shown.stdout + shown.stderr
    # Beside its own events there are those of vectors, sooner or later.
    assert re.search(r"watcher │ seq +5 +4 of +4 changed", shown.stdout)
    assert re.search(r"watcher │ seq +\d+ +1 of +4 changed", shown.stdout)
    assert re.search(r"the chain holds: \d+ events", shown.stdout)
    assert re.search(r"(\d+) events replayed, up to seq \1: identical", shown.stdout)
    assert "exit code 0" in shown.stdout
    assert "✓ All as it should be" in shown.stdout


@pytest.mark.slow
def test_the_demonstration_fails_where_something_is_not_as_it_should_be(tmp_path: Path) -> None:
    empty = tmp_path / "empty.md"
    empty.touch()

    for files in ([], [str(tmp_path / "missing.md")], [str(empty)]):
        shown = demonstrated(*files)

        assert shown.returncode == 1
        assert "✗ not so: " in shown.stdout
