"""A commit is decoded once, by whoever needs it first, and what is wrong with it is told to who writes it."""

from __future__ import annotations

from typing import Any

import pytest

from pjai_wire.codec import encode
from pjai_wire.errors import Forbidden, InvalidValue, PjaiError, UnknownEvent
from pjai_wire.events import EVENTS, v1
from pjai_wire.methods import CommitParams
from pjaid.store import incoming
from pjaid.store.incoming import IncomingCommit
from tests.strategies import as_new_events


def commit(*events: tuple[str, dict[str, Any]]) -> IncomingCommit:
    return IncomingCommit(encode(CommitParams(events=as_new_events(list(events)))))


def persona(name: str) -> tuple[str, dict[str, Any]]:
    return "v1.PersonaCreated", {"id": name, "name": name}


def test_what_was_decoded_ahead_is_not_decoded_again() -> None:
    made = commit(persona("a"), persona("b"))
    made.decode_ahead()
    assert made.events() is made.events()
    assert [event.event.id for event in made.events()] == ["a", "b"]  # type: ignore[attr-defined] # personas have ids


def test_decoding_ahead_leaves_errors_to_be_found() -> None:
    made = commit(("v1.Nothing", {}))
    made.decode_ahead()
    with pytest.raises(UnknownEvent):
        made.events()


def test_a_long_commit_is_not_decoded_ahead(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(incoming, "LARGE_BYTES", 10)
    made = commit(persona("a"))
    monkeypatch.setattr(incoming, "incoming", lambda _: pytest.fail("it was decoded"))
    made.decode_ahead()


def test_an_event_that_comes_twice_is_refused() -> None:
    (new,) = as_new_events([persona("a")])
    with pytest.raises(InvalidValue, match="same id"):
        incoming.incoming([new, new])


@pytest.mark.parametrize("name", sorted(name for name, kind in EVENTS.items() if kind.daemon_only))
def test_what_only_the_daemon_records_is_refused_from_clients(name: str) -> None:
    with pytest.raises(Forbidden, match=f"the daemon alone records {name}"):
        commit(persona("a"), (name, {})).events()


def test_the_daemon_records_what_only_it_may() -> None:
    (made,) = incoming.own(v1.ActorRefused(id="actor.notes", wanted="rebuild"))
    assert made.name == "v1.ActorRefused"
    assert made.event == v1.ActorRefused(at=made.event.at, id="actor.notes", wanted="rebuild")


def test_what_the_daemon_records_fits_the_contract() -> None:
    with pytest.raises(InvalidValue):
        incoming.own(v1.ActorRefused(id="", wanted="rebuild"))


def test_what_is_no_commit_is_refused() -> None:
    with pytest.raises(PjaiError):
        IncomingCommit(b"nonsense").events()
