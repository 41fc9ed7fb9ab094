"""Tests of client documents: RFC 7396 merges, defaults, limits."""

from __future__ import annotations

from typing import Any

import pytest

from pjai_wire.documents import copied, filled, merged
from pjai_wire.errors import LimitExceeded
from pjaid.store.documents import read_document, write_document
from tests.daemon.store.conftest import Ledger


@pytest.mark.parametrize(
    ("target", "patch", "result"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_merge_as_the_standard_says(target: Any, patch: Any, result: Any) -> None:
    assert merged(target, patch) == result


def test_defaults_fill_in_what_is_missing_map_by_map() -> None:
    assert filled({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}, "d": 4}) == {"a": {"b": 1, "c": 3}, "d": 4}


def test_a_value_that_is_no_map_is_not_filled() -> None:
    assert filled({"a": 1}, {"a": {"b": 2}}) == {"a": 1}
    assert filled({"a": {"b": 1}}, {"a": 2}) == {"a": {"b": 1}}


def test_what_was_filled_in_can_be_changed_without_changing_the_defaults() -> None:
    defaults: dict[str, Any] = {"a": {"b": [1]}, "c": {"d": [2]}}
    value = filled({"c": {}}, defaults)
    value["a"]["b"].append(3)
    value["c"]["d"].append(3)
    assert defaults == {"a": {"b": [1]}, "c": {"d": [2]}}


def test_a_copy_shares_no_map_and_no_list() -> None:
    value: dict[str, Any] = {"a": [{"b": [1]}]}
    copied(value)["a"][0]["b"].append(2)
    assert value == {"a": [{"b": [1]}]}


def test_documents_belong_to_their_client_and_leave_no_event(ledger: Ledger) -> None:
    connection = ledger.connection
    assert write_document(connection, "one", "ui", {"theme": "dark"}).seq == 1
    assert read_document(connection, "one", "ui").value == {"theme": "dark"}
    assert read_document(connection, "two", "ui").value == {}
    assert ledger.recorder.head.seq == 0


def test_a_patch_that_changes_nothing_does_not_count(ledger: Ledger) -> None:
    write_document(ledger.connection, "one", "ui", {"theme": "dark"})
    assert write_document(ledger.connection, "one", "ui", {"theme": "dark"}).seq == 1


def test_a_document_does_not_grow_without_end(ledger: Ledger) -> None:
    with pytest.raises(LimitExceeded):
        write_document(ledger.connection, "one", "ui", {"text": "x" * 2**20})
