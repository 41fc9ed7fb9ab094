"""How the rooms are kept: each module says what it owns, is short, and leaves the terminal alone."""

from __future__ import annotations

import pytest

from tests.architecture.house import ROOTS, Module, is_within, modules

LINES_MAX = 400
MAY_PRINT = ("pjaid.command",)
TALK_AND_SLEEP = ("breakpoint", "input", "print", "time.sleep")

each_module = pytest.mark.parametrize("module", modules(), ids=str)


def test_every_package_is_read() -> None:
    assert {module.name for module in modules()} >= set(ROOTS)


@each_module
def test_a_module_opens_with_a_sentence(module: Module) -> None:
    assert module.summary, "no docstring"
    assert module.summary[0].isupper()
    assert module.summary[-1] in ".:", module.summary


@each_module
def test_a_module_is_one_thing(module: Module) -> None:
    lines = len(module.text.splitlines())
    assert lines <= LINES_MAX, "ask what two things it is"


@pytest.mark.parametrize(
    "module", [module for module in modules() if is_within(module.name, "pjaid")], ids=str
)
def test_the_daemon_neither_prints_nor_sleeps(module: Module) -> None:
    if module.name not in MAY_PRINT:
        assert not module.calls(*TALK_AND_SLEEP)
