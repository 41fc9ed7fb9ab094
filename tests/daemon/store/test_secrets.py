"""Secrets in the store: where they stand, who is told, and what is noticed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pjai_wire import chain
from pjai_wire.codec import decode_any
from pjai_wire.envelope import NIL
from pjai_wire.errors import Damaged, InvalidValue, NotFound, PjaiError, UnknownColumn, UnknownTable
from pjai_wire.methods import EventsParams
from pjaid.store.keys import FieldKey, Place
from pjaid.store.rebuild import compare_with_log, replace_from_log
from pjaid.store.recorder import Origin
from pjaid.store.secrets import Revealed, check_place, reveal
from pjaid.store.trail import event_names_of, read_page
from tests.daemon.store.conftest import Ledger, Rows

KEY = FieldKey(bytes(range(32)))
SECRET = b"Zanzibar7Quokka"
ACTOR = Origin(client="actor.persona", session="s")
SECRETS = "SELECT id, private_memory, api_keys FROM persona_secrets ORDER BY id"


def place(persona_id: str = "ada", column: str = "privateMemory") -> Place:
    return Place("persona_secrets", persona_id, column)


def secrets_set(persona_id: str = "ada", **sealed: bytes | None) -> tuple[str, dict[str, Any]]:
    return ("v1.PersonaSecretsSet", {"id": persona_id, **sealed})


def told(ledger: Ledger, where: Place) -> Revealed:
    return reveal(ledger.connection, ledger.recorder, KEY, where, "asker", ACTOR)


@pytest.fixture
def sealed(ledger: Ledger, persona: str) -> bytes:
    """What stands in the place of Ada's private memory."""
    sealed = KEY.seal(place(), SECRET)
    ledger.commit(secrets_set(privateMemory=sealed))
    return sealed


def test_a_secret_stands_sealed_and_the_others_are_left_alone(
    ledger: Ledger, sealed: bytes, rows: Rows
) -> None:
    keys = KEY.seal(place(column="apiKeys"), b"keys")
    ledger.commit(secrets_set(apiKeys=keys))
    assert rows(SECRETS) == [("ada", sealed, keys)]
    ledger.commit(secrets_set(privateMemory=None))
    assert rows(SECRETS) == [("ada", None, keys)]


def test_a_secret_is_told_and_the_trail_says_to_whom(ledger: Ledger, sealed: bytes) -> None:
    before = ledger.recorder.head.seq
    assert told(ledger, place()) == Revealed(SECRET, before + 1)
    page = read_page(ledger.connection, EventsParams(after=before), 2**20)
    (event,) = page.events
    assert (event.name, event.client, event.persona_id) == (
        "v1.PersonaSecretRevealed",
        "actor.persona",
        "ada",
    )
    said = decode_any(event.args) | {"at": 0}
    assert said == {"at": 0, "id": "ada", "column": "privateMemory", "client": "asker"}


@pytest.mark.parametrize(
    ("where", "error"),
    [
        (place("nobody"), NotFound),
        (place(column="apiKeys"), NotFound),
    ],
)
def test_what_is_no_secret_is_not_told(
    ledger: Ledger, sealed: bytes, where: Place, error: type[PjaiError]
) -> None:
    before = ledger.recorder.head.seq
    with pytest.raises(error):
        told(ledger, where)
    assert ledger.recorder.head.seq == before


def test_a_secret_in_another_s_place_is_damaged_and_nothing_is_told(ledger: Ledger, sealed: bytes) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "eve", "name": "Eve"}))
    ledger.commit(secrets_set("eve", privateMemory=sealed, apiKeys=sealed))
    before = ledger.recorder.head.seq
    for where in (place("eve"), place("eve", "apiKeys")):
        with pytest.raises(Damaged):
            told(ledger, where)
    assert ledger.recorder.head.seq == before


@pytest.mark.parametrize(
    "change", [lambda sealed: sealed[:-1], lambda sealed: sealed[:-1] + bytes([sealed[-1] ^ 1])]
)
def test_a_secret_that_was_changed_is_damaged(ledger: Ledger, sealed: bytes, change: Any) -> None:
    ledger.connection.execute("UPDATE persona_secrets SET private_memory = ?", (change(sealed),))
    with pytest.raises(Damaged):
        told(ledger, place())


@pytest.mark.parametrize(
    ("where", "error"),
    [
        (Place("personas", "ada", "name"), UnknownTable),
        (Place("nothing", "ada", "apiKeys"), UnknownTable),
        (place(column="id"), UnknownColumn),
        (place(column="updatedAt"), UnknownColumn),
        (place(column="api_keys"), UnknownColumn),
    ],
)
def test_secrets_stand_in_their_places_only(where: Place, error: type[PjaiError]) -> None:
    check_place(place())
    check_place(place(column="apiKeys"))
    with pytest.raises(error):
        check_place(where)


def test_what_is_too_short_to_be_sealed_is_refused(ledger: Ledger, persona: str) -> None:
    with pytest.raises(InvalidValue):
        ledger.commit(secrets_set(privateMemory=SECRET))


def test_the_trail_withholds_secrets_and_its_chain_holds(ledger: Ledger, sealed: bytes) -> None:
    events = read_page(ledger.connection, EventsParams(), 2**20).events
    assert [event.args == NIL for event in events] == [False, True]
    previous = chain.ORIGIN
    for event in events:
        previous = chain.link(previous, event.seq, event.id, event.name, event.args_hash)
        assert previous == event.hash


def test_the_trail_tells_of_secrets_among_what_is_about_personas() -> None:
    names = event_names_of("personas")
    assert {"v1.PersonaSecretsSet", "v1.PersonaSecretRevealed"} <= set(names)


def test_a_rebuild_makes_secrets_anew_and_finds_those_that_differ(
    ledger: Ledger, sealed: bytes, rows: Rows, tmp_path: Path
) -> None:
    assert compare_with_log(ledger.connection, tmp_path, "aegis").tables["persona_secrets"].rows == 1
    ledger.connection.execute("DELETE FROM persona_secrets")
    assert compare_with_log(ledger.connection, tmp_path, "aegis").tables["persona_secrets"].differences == 1
    replace_from_log(ledger.connection, ledger.recorder)
    assert rows(SECRETS) == [("ada", sealed, None)]
    assert told(ledger, place()).secret == SECRET


def test_a_deleted_persona_s_secrets_are_deleted(ledger: Ledger, sealed: bytes, rows: Rows) -> None:
    ledger.commit(("v1.PersonaDeleted", {"id": "ada"}))
    assert rows(SECRETS) == []
    ledger.commit(("v1.PersonaCreated", {"id": "ada", "name": "Ada"}))
    with pytest.raises(NotFound):
        told(ledger, place())


def test_secrets_of_nobody_are_not_kept(ledger: Ledger, persona: str) -> None:
    with pytest.raises(NotFound):
        ledger.commit(secrets_set("nobody", privateMemory=KEY.seal(place("nobody"), SECRET)))
