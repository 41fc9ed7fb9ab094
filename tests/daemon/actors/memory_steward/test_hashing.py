"""Which memories are equal."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from pjaid.actors.memory_steward.hashing import content_hash
from tests.strategies import documents, texts

BREAD: dict[str, Any] = {"flour": "rye", "steps": ["mix", {"rest": 12}]}


def hashed(**changed: Any) -> str:
    parts = {"kind": "concept", "name": "Brot", "summary": "", "content": BREAD}
    return content_hash(**{**parts, **changed})


@given(name=texts, content=documents)
def test_a_hash_has_32_digits_and_is_the_same_every_time(name: str, content: dict[str, Any]) -> None:
    assert hashed(name=name, content=content) == hashed(name=name, content=dict(reversed(content.items())))
    assert set(hashed(name=name, content=content)) <= set("0123456789abcdef")
    assert len(hashed(name=name, content=content)) == 32


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"name": "Br\N{LATIN SMALL LETTER O WITH DIAERESIS}t"}, {"name": "Bro\N{COMBINING DIAERESIS}t"}),
        ({"summary": " two  words\n"}, {"summary": "two words"}),
        ({"content": {"a": 1, "b": "x "}}, {"content": {"b": "x", "a": 1}}),
    ],
)
def test_what_reads_the_same_is_equal(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert hashed(**one) == hashed(**other)


@pytest.mark.parametrize(
    "changed",
    [
        {"kind": "task"},
        {"name": "brot"},
        {"summary": "x"},
        {"content": {}},
        {"content": {**BREAD, " ": None}},
        {"content": {**BREAD, "flour": "wheat"}},
        {"content": {**BREAD, "steps": [{"rest": 12}, "mix"]}},
    ],
)
def test_each_part_tells_memories_apart(changed: dict[str, Any]) -> None:
    assert hashed(**changed) != hashed()
