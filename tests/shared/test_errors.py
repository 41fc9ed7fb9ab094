"""Errors: one tree, one code each, drawn where they are declared."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from pjai_wire import errors
from pjai_wire.errors import (
    ErrorBody,
    InternalError,
    NotFound,
    PjaiError,
    Unavailable,
    UnknownColumn,
    UnknownTopic,
)

DRAWN = errors.__doc__ or ""


def descendants(parent: type[PjaiError]) -> Iterator[type[PjaiError]]:
    """The errors that the contract declares; others may declare errors of their own."""
    for kind in parent.__subclasses__():
        if kind.__module__ == errors.__name__:
            yield kind
            yield from descendants(kind)


TREE = tuple(descendants(PjaiError))
CODED = tuple(kind for kind in TREE if "code" in vars(kind))

each_coded = pytest.mark.parametrize("kind", CODED, ids=lambda kind: kind.__name__)


def test_every_code_is_one_error_s() -> None:
    codes = [kind.code for kind in CODED]
    assert len(set(codes)) == len(codes)
    assert all(PjaiError.by_code[kind.code] is kind for kind in CODED)


@pytest.mark.parametrize("kind", TREE, ids=lambda kind: kind.__name__)
def test_every_error_is_drawn_in_the_tree_below_its_parent(kind: type[PjaiError]) -> None:
    (parent,) = kind.__bases__
    drawn = {
        match["name"]: (len(match["indent"]), line)
        for line, text in enumerate(DRAWN.splitlines())
        if (match := re.match(r"(?P<indent>[│├└─ ]*)(?P<name>[A-Z]\w+)", text))
    }
    depth, line = drawn[kind.__name__]
    parent_depth, parent_line = drawn[parent.__name__]
    assert depth == parent_depth + 4
    assert parent_line < line
    between = [at for at, place in drawn.values() if parent_line < place < line]
    assert all(at > parent_depth for at in between)


@each_coded
def test_every_code_is_drawn_beside_its_error(kind: type[PjaiError]) -> None:
    assert re.search(rf"\b{kind.__name__}\s+{kind.code}\b", DRAWN)


@each_coded
def test_an_error_survives_its_journey(kind: type[PjaiError]) -> None:
    sent = kind("what went wrong", hint="what to do")
    received = PjaiError.from_body(sent.body())
    assert type(received) is kind
    assert (received.message, received.hint, received.retry) == (sent.message, sent.hint, sent.retry)


@each_coded
def test_only_what_is_unavailable_is_worth_another_try(kind: type[PjaiError]) -> None:
    assert kind.retry is issubclass(kind, Unavailable)


def test_an_error_reads_with_its_hint() -> None:
    assert str(NotFound("no such row")) == "no such row"
    assert str(UnknownTopic("it has ended", hint="watch again")) == "it has ended (watch again)"


def test_a_code_that_is_not_known_yet_becomes_an_ancestor() -> None:
    later = PjaiError.from_body(ErrorBody(code="later", message="m", retry=True))
    never = PjaiError.from_body(ErrorBody(code="later", message="m"))
    assert isinstance(later, Unavailable)
    assert type(never) is PjaiError


def test_an_error_of_a_defect_asks_for_no_retry() -> None:
    assert InternalError("m").body() == ErrorBody(code="internal", message="m")


def test_a_near_miss_is_suggested() -> None:
    assert UnknownColumn.near("m", "nmae", ["name", "type"]).hint == "did you mean 'name'?"


def test_without_a_near_miss_all_are_named_in_order() -> None:
    assert UnknownColumn.near("m", "xyz", ["type", "name"]).hint == "one of: name, type"
