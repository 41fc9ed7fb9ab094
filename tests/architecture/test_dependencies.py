"""What is imported is declared: a client needs no extra, and nothing is there by luck of another's needs."""

from __future__ import annotations

import re
import sys
import tomllib
from importlib.metadata import packages_distributions

import pytest

from tests.architecture.house import ROOT, ROOTS, Module, is_within, modules

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
EXTRAS = {
    "pjai_wire": (),
    "pjai": (),
    "pjai.cli": ("cli",),
    "pjaid": ("daemon",),
    "pjaid.actors.embedder.onnx_embedder": ("daemon", "onnx"),
    "pjaid.actors.embedder.minilm.graph": ("daemon", "export"),
    "pjaid.actors.embedder.minilm.export": ("daemon", "export"),
}
"""What must be installed beside the base for a package to work."""

DISTRIBUTIONS = packages_distributions()


def declared(module: Module) -> set[str]:
    """The distributions that are there wherever the module is used."""
    package = max((name for name in EXTRAS if is_within(module.name, name)), key=len)
    requirements = [*PROJECT["dependencies"]]
    for extra in EXTRAS[package]:
        requirements += PROJECT["optional-dependencies"][extra]
    return {normal(requirement) for requirement in requirements}


def normal(requirement: str) -> str:
    """The name of a distribution, without version and extras, in its one spelling."""
    (name,) = re.findall(r"^[\w.-]+", requirement)
    return re.sub(r"[-_.]+", "-", name).lower()


@pytest.mark.parametrize("module", modules(), ids=str)
def test_a_module_s_imports_are_declared(module: Module) -> None:
    foreign = {name.partition(".")[0] for name in module.imports} - sys.stdlib_module_names - ROOTS.keys()
    undeclared = {
        # What is of an extra that is not installed here is called as its distribution.
        name
        for name in foreign
        if not {normal(one) for one in DISTRIBUTIONS.get(name, [name])} & declared(module)
    }
    assert not undeclared
