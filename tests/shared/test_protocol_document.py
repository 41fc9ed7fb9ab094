"""PROTOCOL.md is compared with the contract, table by table, so that the two cannot drift apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest
from msgspec import structs

from pjai_wire import limits
from pjai_wire.changes import Delete, Insert, Move, Update
from pjai_wire.endpoints import CHANGES_SOCKET, REQUESTS_SOCKET
from pjai_wire.envelope import LiveUpdate, Request
from pjai_wire.errors import ErrorBody, PjaiError
from pjai_wire.events import EVENTS
from pjai_wire.feed import FeedUpdate, RowDeleted, RowInserted, RowUpdated
from pjai_wire.methods import (
    HIT_COLUMNS,
    METHODS,
    QUERY,
    LiveQueryInfo,
    LoggedEvent,
    Method,
    NewEvent,
    SearchMode,
)
from pjai_wire.pulse import Pulse
from pjai_wire.query import Function, Junction, Operator, Query
from pjai_wire.tables import TABLES
from pjai_wire.vectors import vectors
from pjai_wire.version import FEATURES, PROTOCOL

TEXT = (Path(__file__).parents[2] / "shared" / "PROTOCOL.md").read_text(encoding="utf-8")

KIND_WORDS = {
    "text": {"text"},
    "integer": {"integer", "instant"},
    "real": {"number"},
    "boolean": {"boolean"},
    "list": {"list"},
    "document": {"map", "any"},
    "vector": {"vector"},
    "binary": {"binary"},
    "gathered": {"gathered"},
}

Row = list[str]

each_method = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
each_table = pytest.mark.parametrize("name", TABLES)


def section(title: str) -> str:
    """What stands below a heading, up to the next of its rank or a higher one."""
    heading = re.search(rf"^(#+) {re.escape(title)}$", TEXT, re.MULTILINE)
    assert heading, f"no section {title}"
    below = TEXT[heading.end() :]
    end = re.search(rf"^#{{1,{len(heading[1])}}} ", below, re.MULTILINE)
    return below[: end.start()] if end else below


def tables(text: str) -> Iterator[list[Row]]:
    """The tables in a text, each without its head."""
    for block in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE):
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in block.splitlines()]
        yield rows[2:]


def table_below(title: str, words: str = "") -> list[Row]:
    """The first table below a heading, and below some words there."""
    return next(tables(section(title).split(words, 1)[-1] if words else section(title)))


def words_in(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


def first_words(rows: list[Row]) -> list[str]:
    return [words_in(row[0])[0] for row in rows]


def field_names(kind: Any) -> set[str]:
    return {field.encode_name for field in structs.fields(kind)}


def required_names(kind: Any) -> set[str]:
    return {field.encode_name for field in structs.fields(kind) if field.required}


def test_is_of_this_version() -> None:
    assert TEXT.startswith(f"# The PJai protocol, version {PROTOCOL}\n")


def test_every_link_leads_to_a_heading() -> None:
    anchors: list[str] = []
    for title in re.findall(r"^#+ (.+)$", TEXT, re.MULTILINE):
        anchor = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        anchors.append(f"{anchor}-1" if anchor in anchors else anchor)
    assert set(re.findall(r"\]\(#([^)]+)\)", TEXT)) <= set(anchors)


def test_names_the_sockets() -> None:
    assert [words_in(row[1])[0] for row in table_below("Finding the daemon")] == [
        REQUESTS_SOCKET,
        CHANGES_SOCKET,
    ]


def test_describes_the_request() -> None:
    rows = table_below("Requests and replies")
    assert set(first_words(rows)) == field_names(Request)
    assert {words_in(row[0])[0] for row in rows if row[2] == "required"} == required_names(Request)


def test_lists_the_features() -> None:
    assert first_words(table_below("Hello")) == sorted(FEATURES)


def test_lists_the_methods_with_scope_and_repeatability() -> None:
    told = {words_in(row[0])[0]: (row[1], row[2]) for row in table_below("Methods")}
    assert told == {
        method.name: (method.needs.value, "yes" if method.repeatable else "no") for method in METHODS.values()
    }


@each_method
def test_describes_the_params_of_a_method(method: Method[Any, Any]) -> None:
    text = section(f"`{method.name}`")
    if not field_names(method.params):
        assert "No params." in text
        return
    if method.params is Query and method is not QUERY:
        assert "Params: those of [`query`](#query)." in text
        return
    rows = table_below(f"`{method.name}`", "Params:")
    assert set(first_words(rows)) == field_names(method.params)
    assert {words_in(row[0])[0] for row in rows if row[2] == "required"} == required_names(method.params)


@each_method
def test_describes_the_result_of_a_method(method: Method[Any, Any]) -> None:
    text = section(f"`{method.name}`")
    if not field_names(method.result):
        assert "The result is an empty map" in text
        return
    rows = table_below(f"`{method.name}`", "Result:")
    assert set(first_words(rows)) == field_names(method.result)


@each_method
def test_numbers_in_params_are_the_limits(method: Method[Any, Any]) -> None:
    told = dict(
        re.findall(
            r"^\| `(\w+)` \| integer, ([\d,]+ to [\d,]+) \|", section(f"`{method.name}`"), re.MULTILINE
        )
    )
    known = {
        "query": {
            "limit": f"0 to {limits.QUERY_ROWS_MAX:,}",
            "offset": f"0 to {limits.QUERY_OFFSET_MAX:,}",
        },
        "events": {"limit": f"1 to {limits.EVENTS_PAGE_MAX:,}"},
        "meters": {"waitMs": f"0 to {limits.METERS_WAIT_MS_MAX:,}"},
        "search": {"limit": f"1 to {limits.SEARCH_HITS_MAX:,}"},
        "recall": {"budgetTokens": f"{limits.RECALL_TOKENS_MIN:,} to {limits.RECALL_TOKENS_MAX:,}"},
    }
    assert told == known.get(method.name, {})


def test_lists_the_operators_and_functions() -> None:
    operators = [word for row in list(tables(section("Conditions")))[1] for word in words_in(row[0])]
    functions = [word for row in table_below("Groups") for word in words_in(row[0])]
    assert set(operators) == set(get_args(Operator))
    assert set(functions) == set(get_args(Function))


def test_lists_the_junctions() -> None:
    junctions = [word.split('"')[1] for word in first_words(table_below("Conditions"))]
    assert set(junctions) == field_names(Junction)


def test_lists_the_modes_of_a_search_and_the_columns_of_a_hit() -> None:
    assert set(first_words(table_below("Modes"))) == set(get_args(SearchMode))
    assert first_words(table_below("Hits")) == list(HIT_COLUMNS)


def test_lists_the_tables() -> None:
    assert re.findall(r"^### `(\w+)`$", section("Tables"), re.MULTILINE) == list(TABLES)


@each_table
def test_lists_the_columns_of_a_table_in_their_order(name: str) -> None:
    rows = next(tables(section("Tables").split(f"### `{name}`\n", 1)[1]))
    columns = TABLES[name].columns
    assert first_words(rows) == [column.name for column in columns]
    for column, (_, kind, null, meaning) in zip(columns, rows, strict=True):
        assert kind in KIND_WORDS[column.kind], column
        assert null == ("null" if column.nullable else ""), column
        assert ("On request." in meaning) == column.on_request, column
        if column.choices:
            assert set(words_in(meaning)) == set(column.choices), column


def test_describes_an_event_in_a_commit() -> None:
    assert set(first_words(table_below("Commits and events"))) == field_names(NewEvent)


def test_lists_the_events_with_their_fields() -> None:
    told = {words_in(row[0])[0]: row[1] for row in table_below("Events")}
    assert told.keys() == EVENTS.keys()
    for name, cell in told.items():
        assert set(words_in(cell)) == field_names(EVENTS[name]) - {"at"}, name
        assert set(re.findall(r"\*\*`(\w+)`\*\*", cell)) == required_names(EVENTS[name]), name


def test_names_the_events_that_only_the_daemon_records() -> None:
    told = {words_in(row[0])[0] for row in table_below("Events") if "*Only the daemon records it*" in row[2]}
    assert told == {name for name, kind in EVENTS.items() if kind.daemon_only}


def test_explains_every_field_of_the_events() -> None:
    explained = {word for row in table_below("Fields") for word in words_in(row[0])}
    plain = {"at", "isTemplate", "isPublic", "isEnabled", "lastAccessedAt", "value"}
    assert {name for kind in EVENTS.values() for name in field_names(kind)} <= explained | plain


def test_describes_an_update_and_its_changes() -> None:
    assert set(first_words(table_below("An update"))) == field_names(LiveUpdate)
    changes = list(tables(section("An update")))[1]
    told = {word.split('"')[1]: word.count(",") for word in first_words(changes)}
    kinds = (Insert, Update, Move, Delete)
    assert told == {kind.__struct_config__.tag: len(structs.fields(kind)) for kind in kinds}


def test_describes_a_pulse() -> None:
    assert set(first_words(table_below("A pulse"))) == field_names(Pulse)


def test_describes_a_live_query_in_the_list_of_them() -> None:
    rows = table_below("`live`", "A live query in it:")
    assert set(first_words(rows)) == field_names(LiveQueryInfo)


def test_describes_an_update_of_a_feed_and_its_changes() -> None:
    updates, changes = tables(section("Feeds"))
    assert set(first_words(updates)) == field_names(FeedUpdate)
    told = [re.findall(r"\w+", word) for word in first_words(changes)]
    kinds = (RowInserted, RowUpdated, RowDeleted)
    assert told == [[kind.__struct_config__.tag, *field_names(kind)] for kind in kinds]


def test_describes_an_event_of_the_trail() -> None:
    assert set(first_words(table_below("The audit trail"))) == field_names(LoggedEvent)


def test_describes_an_error() -> None:
    assert set(first_words(table_below("Errors"))) == field_names(ErrorBody)


def test_lists_the_error_codes() -> None:
    told = {words_in(row[0])[0]: row[1] for row in list(tables(section("Errors")))[1]}
    assert told == {code: "yes" if kind.retry else "no" for code, kind in PjaiError.by_code.items()}


def test_lists_the_limits() -> None:
    told = {words_in(row[0])[0]: int(row[1].replace(",", "")) for row in table_below("Limits")}
    assert told == {name: value for name, value in vars(limits).items() if name.isupper()}


def test_lists_the_vectors() -> None:
    assert set(first_words(table_below("Test vectors"))) == vectors().keys() - {"protocol"}
