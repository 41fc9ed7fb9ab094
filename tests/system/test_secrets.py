"""Secrets of personas are read nowhere: in no file, in no answer, and not by whoever has the store's key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import apsw
import msgpack  # type: ignore[import-untyped] # it ships no types
import pytest

from pjai.testing import Daemon, daemon
from pjai_wire.tables import STATE, TABLES, WITHHELD
from pjaid.settings import Settings
from pjaid.store.database import open_database
from pjaid.store.keys import Means, unlock
from pjaid.store.store import DATABASE
from tests.system.raw import RawClient, raw_client, raw_subscriber
from tests.system.test_secrecy import files

MARKER = b"Quokka7Zanzibar"
TEXT = MARKER.decode()
PERSONA = "ada"


@pytest.fixture
def running() -> Iterator[Daemon]:
    with daemon(actors="persona", log_level="debug", slow_query_ms=0.001, tick_interval_ms=50) as made:
        yield made


def set_secrets(client: RawClient) -> None:
    """A persona whose two secrets are the marker, and what goes wrong with them."""
    client.result("hello", versions={"min": 1, "max": 1}, client="secretive")
    client.result("persona.create", name="Ada", id=PERSONA)
    both: dict[str, Any] = {"privateMemory": TEXT, "apiKeys": {TEXT: TEXT}}
    wrong: list[dict[str, Any]] = [
        {"id": "nobody", **both},
        {"id": PERSONA, "privateMemory": [TEXT]},
        {"id": PERSONA, "apiKeys": {TEXT: 7}},
    ]
    for params in wrong:
        reply = client.ask("persona.set_secrets", **params)
        assert "error" in reply
        assert TEXT not in str(reply)
    client.result("persona.set_secrets", id=PERSONA, **both)


def reveal(client: RawClient) -> None:
    """Both secrets are told to who asks for them."""
    assert client.result("persona.reveal", id=PERSONA, secret="privateMemory")["privateMemory"] == TEXT  # noqa: S106 # which one
    assert client.result("persona.reveal", id=PERSONA, secret="apiKeys")["apiKeys"] == {TEXT: TEXT}  # noqa: S106 # which one


def all_answers(client: RawClient) -> Iterator[dict[str, Any]]:
    """What the daemon answers to whatever may be asked of the data."""
    for table in (*TABLES, "persona_secrets"):
        yield client.ask("query", table=table)
        yield client.ask("get", table=table, id=PERSONA)
        yield client.ask("count", table=table)
        yield client.ask("watch", query={"table": table})
        yield client.ask("feed", table=table)
        yield client.ask("explain", table=table)
        yield client.ask("events", table=table)
    yield client.ask("events", personaId=PERSONA)
    yield client.ask("search", table="memories", text=TEXT)
    yield client.ask("recall", personaId=PERSONA, text=TEXT)
    yield client.ask("meters")
    yield client.ask("query_shapes")
    yield client.ask("live")
    yield client.ask("actors")
    yield client.ask("rebuild")
    yield client.ask("persona.insights", id=PERSONA)
    yield client.ask("secret_open", table="persona_secrets", id=PERSONA, column="apiKeys", client="x")


def readable(directory: Path) -> list[str]:
    needles = (MARKER, TEXT.encode("utf-16-le"))
    return [path.name for path in files(directory) if any(one in path.read_bytes() for one in needles)]


def test_a_secret_is_in_no_file(running: Daemon) -> None:
    with raw_client(running.endpoint) as client:
        set_secrets(client)
        reveal(client)
        list(all_answers(client))
        assert client.result("rebuild", replace=True)["identical"]
        assert readable(running.directory) == []
    running.kill()
    assert readable(running.directory) == []
    running.start()
    with raw_client(running.endpoint) as client:
        reveal(client)
    running.stop()
    assert readable(running.directory) == []


def test_a_secret_is_in_no_answer_but_that_of_reveal(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_client(running.endpoint) as client:
        set_secrets(client)
        answers = [msgpack.packb(answer) for answer in all_answers(client)]
    assert any(b"Ada" in answer for answer in answers)
    for secret in (MARKER, *sealed(running, monkeypatch)):
        assert not [answer for answer in answers if secret in answer]


def is_right_everywhere(pulse: dict[str, Any], number: int, seq: int) -> bool:
    """Whether a pulse says of so many topics that they show the state at `seq`."""
    return pulse["open"] == number and pulse.get("seq", 0) >= seq and "behind" not in pulse


def test_a_secret_that_is_set_is_told_to_nobody_who_follows(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    shared = [table.table_name for table in STATE if table not in WITHHELD]
    with raw_client(running.endpoint) as client:
        hello = client.result("hello", versions={"min": 1, "max": 1}, client="follower")
        opened = [client.result("watch", query={"table": table}) for table in shared]
        opened += [client.result("feed", table=table) for table in shared]
        topics, pulse = [one["topic"] for one in opened], opened[0]["pulse"]
        with raw_subscriber(hello["endpoints"]["changes"], pulse, *topics) as subscriber:
            set_secrets(client)
            last = client.result("persona.touch", id=PERSONA)["seq"]
            told: list[bytes] = []
            while True:
                topic, update = subscriber.receive_frames()
                told.append(update)
                if topic.decode() == pulse and is_right_everywhere(
                    msgpack.unpackb(update), len(topics), last
                ):
                    break
    assert any(b"Ada" in update for update in told)
    for secret in (MARKER, *sealed(running, monkeypatch)):
        assert not [update for update in told if secret in update]


def test_whoever_has_the_data_key_finds_secrets_sealed(
    running: Daemon, monkeypatch: pytest.MonkeyPatch
) -> None:
    with raw_client(running.endpoint) as client:
        set_secrets(client)
        reveal(client)
    with stored(running, monkeypatch) as connection:
        cells = list(_cells(connection))
    assert any(b"Ada" in cell for cell in cells)
    assert not [cell for cell in cells if MARKER in cell]


@contextmanager
def stored(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> Iterator[apsw.Connection]:
    """What is in the file of a daemon that is ended, to whoever has the data key."""
    running.stop()
    monkeypatch.setenv("PJAI_PASSPHRASE", running.environment["PJAI_PASSPHRASE"])
    data = running.directory / "data"
    key = unlock(data, Means.at_hand(Settings(data_dir=data), interactive=False))
    with closing(open_database(data / DATABASE, key.cipher, key.data_key, read_only=True)) as connection:
        yield connection


def sealed(running: Daemon, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """The secrets as they are kept."""
    with stored(running, monkeypatch) as connection:
        rows = connection.execute("SELECT private_memory, api_keys FROM persona_secrets").fetchall()
    kept = [value for row in rows for value in row if isinstance(value, bytes)]
    assert [len(value) > len(MARKER) for value in kept] == [True, True]
    return kept


def _cells(connection: apsw.Connection) -> Iterator[bytes]:
    """Every value of every table, as bytes."""
    tables = connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'").fetchall()
    for (table,) in tables:
        for row in connection.execute(f'SELECT * FROM "{table}"'):
            for value in row:
                yield value if isinstance(value, bytes) else str(value).encode()
