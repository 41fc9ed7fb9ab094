"""`pjai commit` and `pjai document`: what is written, all or none."""

from __future__ import annotations

import json

import pytest

import pjai
from tests.client.cli.shell import Shell


def persona(row_id: str) -> dict[str, str]:
    return {"id": row_id, "name": f"Ada {row_id}"}


def line(row_id: str) -> str:
    return json.dumps({"name": "v1.PersonaCreated", "args": persona(row_id)})


def test_one_event_is_committed(shell: Shell) -> None:
    row_id = pjai.new_id()

    receipt = shell("commit", "v1.PersonaCreated", json.dumps(persona(row_id)), "--json").document
    shown = shell("commit", "v1.PersonaActivated", json.dumps({"id": row_id}))

    assert receipt.keys() == {"seq", "commitId", "repeated"}
    assert shown.out == f"committed 1 event; seq {receipt['seq'] + 1}\n"
    assert shell("get", "personas", row_id, "--json").document["isActive"] is True


def test_lines_of_standard_input_are_one_commit(shell: Shell) -> None:
    ids = [pjai.new_id() for _ in range(3)]

    shown = shell("commit", stdin="\n\n".join(map(line, ids)).encode())
    found = [shell("events", "--persona", row_id, "--json").lines[0] for row_id in ids]

    assert shown.out.startswith("committed 3 events; seq ")
    assert len({event["commitId"] for event in found}) == 1


def test_where_one_event_is_refused_none_is_committed(shell: Shell) -> None:
    row_id = pjai.new_id()

    refused = shell("commit", stdin=f"{line(row_id)}\n{line(row_id)}\n".encode())

    assert refused.code == 1
    assert shell("count", "personas", "--where", f"id={row_id}", "--json").document == {"count": 0}


@pytest.mark.parametrize(
    ("arguments", "stdin", "told"),
    [
        (["v1.PersonaActivatde", "{}"], b"", "did you mean 'v1.PersonaActivated'"),
        (["v1.PersonaCreated"], b"", "missing required field `id`"),
        (["v1.PersonaCreated", "{"], b"", "v1.PersonaCreated: "),
        (["v1.PersonaCreated", '{"id": "x", "name": "x", "nmae": 1}'], b"", "nmae"),
        ([], b"", "no event"),
        ([], b'{"name": "v1.PersonaCreated"}', "line 1: "),
        ([], f"{line('x')}\nnothing".encode(), "line 2: "),
        ([], f"{line('x')}\n".encode() + b'{"name": "\xff"}', "line 2: "),
        ([], b'{"name": "v1.PersonaCreated", "args": {"id": ""}}', "line 1: "),
    ],
)
def test_what_is_no_event_is_told(shell: Shell, arguments: list[str], stdin: bytes, told: str) -> None:
    refused = shell("commit", *arguments, stdin=stdin)

    assert refused.code == 2
    assert refused.out == ""
    assert told in refused.err


def test_the_daemons_refusal_is_told_with_its_hint(shell: Shell) -> None:
    refused = shell("commit", "v1.PersonaActivated", '{"id": "nobody"}', "--json")

    error = json.loads(refused.err)["error"]
    assert refused.code == 1
    assert error["code"] == "not_found"
    assert error["message"]


def test_a_document_is_merged_and_filled_in(shell: Shell) -> None:
    name = pjai.new_id()

    assert shell("document", "get", name).document == {}
    assert shell("document", "set", name, '{"size": {"w": 1, "h": 2}}').document == {"size": {"w": 1, "h": 2}}
    assert shell("document", "set", name, "--json", stdin=b'{"size": {"h": null}}').document == {
        "size": {"w": 1}
    }
    assert shell("document", "get", name, "--json").document == {"size": {"w": 1}}


def test_a_document_is_the_clients_own(shell: Shell) -> None:
    name = pjai.new_id()

    shell("document", "set", name, '{"theme": "dark"}', "--client", "window")

    assert shell("document", "get", name).document == {}
    assert shell("document", "get", name, "--client", "window").document == {"theme": "dark"}


@pytest.mark.parametrize("changes", [b"", b"{", b"[]", b'"text"', b'{"x": "\xff"}'])
def test_changes_to_a_document_are_a_map(shell: Shell, changes: bytes) -> None:
    refused = shell("document", "set", "x", stdin=changes)

    assert refused.code == 2
    assert "JSON map" in refused.err


def test_a_clients_name_that_is_none_is_told(shell: Shell) -> None:
    assert shell("document", "get", "x", "--client", "/").code == 2
