"""Tests that nothing a user says can be read from any file of the daemon's."""

from __future__ import annotations

import math
import struct
from pathlib import Path
from typing import Any

import pytest
from msgspec import inspect as schema

from pjai.testing import Daemon, daemon
from pjai_wire.events import EVENTS
from tests.system.raw import RawClient, raw_client

MARKER = "Zanzibar7Quokka"
VECTOR = struct.pack("<4f", 0.123, 4.567, 8.901, 2.345)
COVERED = ("data", "state", "run", "log")


def marked(declared: schema.Type) -> Any:
    """A value of a type of the contract, with the marker wherever there can be text."""
    match declared:
        case schema.Metadata(type=inner):
            return marked(inner)
        case schema.StrType(min_length=least):
            return MARKER.ljust(least or 0, "x")
        case schema.BytesType():
            return VECTOR
        case schema.VarTupleType(item_type=inner):
            return [marked(inner)]
        case schema.UnionType(types=kinds):
            return marked(next(kind for kind in kinds if not isinstance(kind, schema.NoneType)))
        case schema.StructType(fields=fields):
            return {field.encode_name: marked(field.type) for field in fields}
        case schema.LiteralType(values=choices):
            return choices[0]
        case schema.IntType(ge=least):
            return least or 1
        case schema.FloatType() | schema.BoolType():
            return 1.0 if isinstance(declared, schema.FloatType) else True
        case _:
            return {MARKER: [MARKER, {MARKER: MARKER}]}


def arguments(name: str, **fields: str) -> dict[str, Any]:
    declared = schema.type_info(EVENTS[name])
    assert isinstance(declared, schema.StructType)
    return {field.encode_name: marked(field.type) for field in declared.fields} | fields


def commit_marker_everywhere(client: RawClient) -> None:
    """Commits every event there is, with the marker in every field, ids among them."""
    persona, other, conversation = f"{MARKER}p", f"{MARKER}n", f"{MARKER}c"
    made = [
        ("v1.PersonaCreated", {"id": persona}),
        ("v1.PersonaUpdated", {"id": persona}),
        ("v1.MemoryEntityCreated", {"id": MARKER, "personaId": persona}),
        ("v1.MemoryEntityCreated", {"id": other, "personaId": persona}),
        ("v1.MemoryEntityLinked", {"id": MARKER, "fromId": MARKER, "toId": other}),
        ("v1.ConversationStarted", {"id": conversation, "personaId": persona}),
        ("v1.ConversationMessageAdded", {"id": MARKER, "conversationId": conversation}),
        ("v1.ConversationUpdated", {"id": conversation}),
        ("v1.WorkflowSaved", {"personaId": persona}),
        ("v1.PluginInstalled", {}),
        ("v1.SystemConfigSet", {}),
        ("v1.UserPreferenceSet", {}),
        ("v1.MemoryEntityUpdated", {"id": MARKER}),
    ]
    events = [
        {"id": f"{MARKER}{number}", "name": name, "args": arguments(name, **fields)}
        for number, (name, fields) in enumerate(made)
    ]
    client.result("commit", events=events)


def use_marker_everywhere(client: RawClient) -> None:
    """Asks with the marker in the places where a log or an error text might pick it up."""
    client.result("document_set", name=MARKER, value={MARKER: MARKER})
    client.result("query", table="memories", where=[["name", "contains", MARKER]], orderBy=[["name", "asc"]])
    client.result("watch", query={"table": "memories", "where": [["name", "=", MARKER]]}, label=MARKER)
    client.result("events", personaId=MARKER)
    assert client.result("rebuild")["identical"]
    assert client.result("rebuild", replace=True)["identical"]
    event = {"id": "new", "name": "v1.MemoryEntityCreated"}
    for args in ({"id": "x", "personaId": "nobody", "type": MARKER, "name": MARKER}, {MARKER: MARKER}):
        assert "error" in client.ask("commit", events=[event | {"args": args}])
    for params in ({"table": MARKER}, {"table": "memories", "where": [[MARKER, "=", MARKER]]}, {MARKER: 1}):
        assert "error" in client.ask("query", **params)
    assert "error" in client.ask(MARKER)
    client.send(MARKER.encode())
    assert "error" in client.receive()


def files(directory: Path) -> list[Path]:
    found = [path for place in COVERED for path in [directory / place, *(directory / place).rglob("*")]]
    return [path for path in found if path.is_file()]


def readable(directory: Path, *others: bytes) -> list[str]:
    """The files in which the marker, the vector in any form, or something else can be read."""
    needles = (MARKER.encode(), MARKER.encode("utf-16-le"), *forms(VECTOR), *others)
    return [path.name for path in files(directory) if any(needle in path.read_bytes() for needle in needles)]


def forms(vector: bytes) -> tuple[bytes, ...]:
    """A vector of float32 as it is, as float16, and both at unit length."""
    count = len(vector) // 4
    numbers = struct.unpack(f"<{count}f", vector)
    unit = [number / math.hypot(*numbers) for number in numbers]
    return (
        vector,
        struct.pack(f"<{count}f", *unit),
        struct.pack(f"<{count}e", *numbers),
        struct.pack(f"<{count}e", *unit),
    )


@pytest.mark.parametrize("cipher", ["aegis", "chacha20", "sqlcipher"])
def test_a_marker_in_every_field_is_in_no_file(cipher: str) -> None:
    with daemon(cipher=cipher, log_level="debug") as running:
        with raw_client(running.endpoint) as client:
            versions = {"min": 1, "max": 1}
            client.result("hello", versions=versions, client=MARKER, session=MARKER)
            commit_marker_everywhere(client)
            use_marker_everywhere(client)
            _check(running, expect_wal=True)
        running.kill()
        _check(running, expect_wal=True)
        running.start()
        running.stop()
        _check(running, expect_wal=False)


def search_for_marker(client: RawClient) -> None:
    """Searches by words and by meaning, in every way, and watches."""
    for mode in ("words", "meaning", "both", "substring"):
        found = client.result("search", text=MARKER, mode=mode, snippets=True, context=True, links=True)
        assert found["rows"]
    near: dict[str, Any] = {"vector": VECTOR, "model": marked_model()}
    assert client.result("search", **near)["rows"]
    assert client.result("search", **near, diversity=0.5, where=[["name", "contains", MARKER]])["rows"]
    assert client.result("search", text=MARKER, table="messages")["rows"]
    assert MARKER in client.result("recall", text=MARKER)["text"]
    for search in ({"text": MARKER}, near):
        assert client.result("watch_search", search=search, label=MARKER)["rows"]
    for wrong in (f'"{MARKER}', f"{MARKER} AND", f"NOT {MARKER}"):
        error = client.ask("search", text=wrong)["error"]
        assert MARKER not in str(error)
    assert "error" in client.ask("search", text=MARKER, table=MARKER)
    assert "error" in client.ask("search", vector=VECTOR[:3], model=MARKER)


def marked_model() -> str:
    """The model of the memories that were committed."""
    return str(arguments("v1.MemoryEntityCreated")["embeddingModel"])


def until_embedded(client: RawClient) -> None:
    """Waits until every text has its vector."""
    while client.result("embedder.status")["waiting"] or not client.result("embedder.status")["embedded"]:
        pass


def test_what_was_searched_for_and_its_vectors_are_in_no_file() -> None:
    with daemon(actors="embedder", log_level="debug") as running:
        with raw_client(running.endpoint) as client:
            commit_marker_everywhere(client)
            until_embedded(client)
            # A message has no text but its content, so that this is its vector too.
            embedded = forms(client.result("embedder.embed", texts=[MARKER])["vectors"])
            search_for_marker(client)
            assert not readable(running.directory, *embedded)
        running.kill()
        assert not readable(running.directory, *embedded)
        running.start()
        with raw_client(running.endpoint) as client:
            search_for_marker(client)
            assert not readable(running.directory, *embedded)
        running.stop()
        _check(running, expect_wal=False)
        assert not readable(running.directory, *embedded)


def _check(running: Daemon, *, expect_wal: bool) -> None:
    names = [path.name for path in files(running.directory)]
    assert "pjai.db" in names
    assert ("pjai.db-wal" in names) == expect_wal
    assert "log" in names
    assert not readable(running.directory)
    assert running.environment["PJAI_PASSPHRASE"].encode() not in b"".join(
        path.read_bytes() for path in files(running.directory)
    )


def test_the_search_for_the_marker_can_fail(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "notes").write_text(f"so {MARKER} it is")
    assert readable(tmp_path) == ["notes"]
    for form in (*forms(VECTOR), b"another"):
        (tmp_path / "state" / "notes").write_bytes(b"before" + form + b"after")
        assert readable(tmp_path, b"another") == ["notes"]


def test_no_file_is_readable_by_others() -> None:
    with daemon() as running:
        for place in ("data", "run"):
            assert (running.directory / place).stat().st_mode & 0o777 == 0o700
            for path in (running.directory / place).iterdir():
                assert path.stat().st_mode & 0o077 == 0, path
        for socket in ("requests.sock", "changes.sock"):
            assert (running.directory / "run" / socket).stat().st_mode & 0o777 == 0o600
