"""The AsyncAPI document is the contract's: complete, whole, and not stale."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec import structs

from pjai_wire import limits
from pjai_wire.document import document, text
from pjai_wire.errors import PjaiError
from pjai_wire.events import EVENTS
from pjai_wire.methods import METHODS, Method
from pjai_wire.tables import TABLES

COMMITTED = Path(__file__).parents[2] / "shared" / "asyncapi.json"
DOCUMENT = document()
SCHEMAS = DOCUMENT["components"]["schemas"]

methods = pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)


def references(node: object) -> Iterator[str]:
    match node:
        case {"$ref": str(reference)}:
            yield reference
        case dict():
            for value in node.values():
                yield from references(value)
        case list():
            for value in node:
                yield from references(value)


def resolve(reference: str) -> Any:
    assert reference.startswith("#/")
    return reduce(lambda node, key: node[key], reference[2:].split("/"), DOCUMENT)


def test_committed_document_is_current() -> None:
    assert COMMITTED.read_text(encoding="utf-8") == text(), "the contract has changed: run `make contract`"


def test_has_what_asyncapi_3_requires() -> None:
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert {"title", "version"} <= DOCUMENT["info"].keys()
    for server in DOCUMENT["servers"].values():
        assert {"host", "protocol"} <= server.keys()
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in ("send", "receive")
        assert "channel" in operation


def test_every_reference_resolves() -> None:
    found = set(references(DOCUMENT))
    assert found
    for reference in found:
        resolve(reference)


def test_an_operation_uses_messages_of_its_own_channel() -> None:
    for operation in DOCUMENT["operations"].values():
        for side in (operation, operation.get("reply", operation)):
            channel = side["channel"]["$ref"]
            assert all(message["$ref"].startswith(f"{channel}/messages/") for message in side["messages"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_json_schema_draft_7(name: str) -> None:
    jsonschema.Draft7Validator.check_schema(SCHEMAS[name])
    assert "prefixItems" not in json.dumps(SCHEMAS[name])


@methods
def test_a_method_is_an_operation_with_its_scope(method: Method[Any, Any]) -> None:
    operation = DOCUMENT["operations"][method.name]
    assert operation["x-needs"] == method.needs
    assert operation["x-repeatable"] == method.repeatable


@methods
def test_a_method_names_its_params_and_result(method: Method[Any, Any]) -> None:
    messages = DOCUMENT["components"]["messages"]
    _, request = messages[f"{method.name}.request"]["payload"]["allOf"]
    _, reply = messages[f"{method.name}.reply"]["payload"]["allOf"]
    assert request["properties"]["method"] == {"const": method.name}
    for schema, kind in (
        (request["properties"]["params"], method.params),
        (reply["properties"]["result"], method.result),
    ):
        fields = resolve(schema["$ref"])["properties"]
        assert set(fields) == {field.encode_name for field in structs.fields(kind)}


@pytest.mark.parametrize("name", EVENTS)
def test_a_commit_takes_each_event_with_its_own_arguments(name: str) -> None:
    chosen = [
        one["properties"]
        for one in SCHEMAS["NewEvent"]["oneOf"]
        if one["properties"]["name"]["const"] == name
    ]
    assert [one["args"] for one in chosen] == [{"$ref": f"#/components/schemas/{name}"}]
    assert set(SCHEMAS[name]["properties"]) == {field.encode_name for field in structs.fields(EVENTS[name])}


@pytest.mark.parametrize("name", TABLES)
def test_a_row_names_its_columns_in_their_order(name: str) -> None:
    described = DOCUMENT["x-tables"][name]
    expected = [column.name for column in TABLES[name].columns]
    assert [column["name"] for column in described["columns"]] == expected
    assert [place["title"] for place in resolve(described["row"]["$ref"])["items"]] == expected


def test_lists_errors_and_limits() -> None:
    assert set(DOCUMENT["x-errors"]) == set(PjaiError.by_code)
    assert DOCUMENT["x-limits"]["QUERY_ROWS_MAX"] == limits.QUERY_ROWS_MAX


def test_says_what_the_source_says_of_a_field() -> None:
    assert SCHEMAS["Receipt"]["properties"]["seq"]["description"] == "The seq of the commit's last event."


def test_forbids_unknown_fields_in_requests_and_allows_them_in_replies() -> None:
    assert SCHEMAS["Request"]["additionalProperties"] is False
    assert SCHEMAS["Query"]["additionalProperties"] is False
    assert "additionalProperties" not in SCHEMAS["Reply"]
    assert "additionalProperties" not in SCHEMAS["RowsResult"]
