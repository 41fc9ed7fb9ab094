"""The tree in the docstring of the errors is the tree of the classes."""

from __future__ import annotations

import pytest

from pjaid import errors
from pjaid.errors import StartError


@pytest.mark.parametrize("kind", [StartError, *StartError.__subclasses__()])
def test_the_docstring_draws_each_error_with_its_exit_code(kind: type[StartError]) -> None:
    drawn = {
        line.replace("├── ", "").replace("└── ", "").split()[0]: line
        for line in (errors.__doc__ or "").splitlines()
        if " EX_" in line
    }

    assert f" {kind.exit_code} EX_" in drawn[kind.__name__]


def test_the_hint_follows_the_message() -> None:
    assert str(StartError("it is broken", hint="mend it")) == "it is broken (mend it)"
