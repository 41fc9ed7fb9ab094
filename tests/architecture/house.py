"""Owns the reading of the source for the architecture's tests: modules, their text and their imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOTS = {"pjai_wire": ROOT / "shared", "pjai": ROOT / "client", "pjaid": ROOT / "daemon"}
"""Where each package's source is."""


@dataclass(frozen=True)
class Module:
    """A module of ours."""

    name: str
    path: Path

    def __str__(self) -> str:
        return self.name

    @cached_property
    def text(self) -> str:
        """Its source."""
        return self.path.read_text(encoding="utf-8")

    @cached_property
    def tree(self) -> ast.Module:
        """Its syntax."""
        return ast.parse(self.text)

    @cached_property
    def summary(self) -> str:
        """The first sentence or paragraph of its docstring, on one line."""
        return " ".join((ast.get_docstring(self.tree) or "").split("\n\n")[0].split())

    @cached_property
    def imports(self) -> frozenset[str]:
        """The full names of what it imports, wherever in the file and for whatever reason."""
        return frozenset(self._imports())

    def _imports(self) -> Iterator[str]:
        for node in ast.walk(self.tree):
            match node:
                case ast.Import(names=names):
                    yield from (alias.name for alias in names)
                case ast.ImportFrom(module=str(origin), names=names, level=0):
                    # `from pjaid import serve` names a module, `from pjaid.serve import run` a thing in one.
                    yield from (f"{origin}.{alias.name}" for alias in names)
                case ast.ImportFrom():
                    raise AssertionError(f"{self.name} has a relative import")

    def calls(self, *names: str) -> set[str]:
        """Which of the functions called `names` it calls, as `print` or `time.sleep`."""
        called = {ast.unparse(node.func) for node in ast.walk(self.tree) if isinstance(node, ast.Call)}
        return called & set(names)


@cache
def modules() -> tuple[Module, ...]:
    """Every module of the three packages."""
    return tuple(
        Module(_name(path.relative_to(root)), path)
        for package, root in ROOTS.items()
        for path in sorted((root / package).rglob("*.py"))
    )


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def is_within(name: str, room: str) -> bool:
    """Whether a name is that of `room` or of something in it."""
    return name == room or name.startswith(f"{room}.")
