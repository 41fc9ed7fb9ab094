"""The guard: an actor does what it declared, and what it is refused stands on the audit trail."""

from __future__ import annotations

import pytest

from pjai_wire.errors import Forbidden, Overloaded
from pjai_wire.methods import Permissions
from pjaid.methods.clients import KNOWN_MAX, Client, Clients
from pjaid.methods.guard import ALWAYS, FOR_ACTORS, RECORDED_KINDS_MAX, Guard
from pjaid.store.recorder import Origin

MAY = Permissions(methods=("count", "commit", "weather.today"), events=("v1.PersonaUsed",))
ACTOR = Client(b"1", Origin(client="actor.notes", session="s"), MAY)
ANYBODY = Client(b"2", Origin(client="app", session="s"))


class Trail:
    """Keeps what is put on it."""

    def __init__(self) -> None:
        self.recorded: list[tuple[str, str]] = []
        self.is_full = False

    def record(self, actor: str, wanted: str) -> None:
        if self.is_full:
            raise Overloaded("too many commits wait")
        self.recorded.append((actor, wanted))


@pytest.fixture
def trail() -> Trail:
    return Trail()


@pytest.fixture
def guard(trail: Trail) -> Guard:
    return Guard(trail.record)


def test_whoever_is_no_actor_may_ask_for_anything(guard: Guard, trail: Trail) -> None:
    guard.check_method(ANYBODY, "rebuild")
    guard.check_events(ANYBODY, ["v1.PersonaDeleted"])
    assert trail.recorded == []


@pytest.mark.parametrize("method", sorted(FOR_ACTORS))
def test_what_is_for_actors_is_for_those_that_declare_it(guard: Guard, trail: Trail, method: str) -> None:
    with pytest.raises(Forbidden, match=f"{method} is for actors"):
        guard.check_method(ANYBODY, method)
    assert trail.recorded == []
    with pytest.raises(Forbidden, match="did not declare"):
        guard.check_method(ACTOR, method)
    assert trail.recorded == [("actor.notes", method)]
    guard.check_method(Client(b"3", ACTOR.origin, Permissions(methods=(method,))), method)


@pytest.mark.parametrize("method", sorted({*MAY.methods, *ALWAYS}))
def test_an_actor_may_call_what_it_declared_and_what_it_serves_by(
    guard: Guard, trail: Trail, method: str
) -> None:
    guard.check_method(ACTOR, method)
    assert trail.recorded == []


@pytest.mark.parametrize("method", ["query", "rebuild", "actor_restart", "weather.tomorrow", "notes.total"])
def test_an_actor_is_refused_any_other_method(guard: Guard, trail: Trail, method: str) -> None:
    with pytest.raises(Forbidden, match=f"actor.notes did not declare that it needs {method}"):
        guard.check_method(ACTOR, method)
    assert trail.recorded == [("actor.notes", method)]


def test_an_actor_commits_the_events_that_it_declared_and_no_others(guard: Guard, trail: Trail) -> None:
    guard.check_events(ACTOR, ["v1.PersonaUsed", "v1.PersonaUsed"])
    with pytest.raises(Forbidden, match=r"v1\.PersonaDeleted"):
        guard.check_events(ACTOR, ["v1.PersonaUsed", "v1.PersonaDeleted"])
    assert trail.recorded == [("actor.notes", "v1.PersonaDeleted")]


def test_a_refusal_that_repeats_is_recorded_once_in_a_while(guard: Guard, trail: Trail) -> None:
    for method in ("query", "query", "get", "query"):
        with pytest.raises(Forbidden):
            guard.check_method(ACTOR, method)
    assert trail.recorded == [("actor.notes", "query"), ("actor.notes", "get")]


def test_what_could_not_be_recorded_is_refused_and_recorded_the_next_time(guard: Guard, trail: Trail) -> None:
    trail.is_full = True
    with pytest.raises(Overloaded):
        guard.check_method(ACTOR, "query")
    trail.is_full = False
    with pytest.raises(Forbidden):
        guard.check_method(ACTOR, "query")
    assert trail.recorded == [("actor.notes", "query")]


def test_an_actor_that_wants_ever_new_things_takes_bounded_room_on_the_trail(
    guard: Guard, trail: Trail
) -> None:
    for number in range(2 * RECORDED_KINDS_MAX):
        with pytest.raises(Forbidden):
            guard.check_method(ACTOR, f"notes.m{number}")
    assert len(trail.recorded) == RECORDED_KINDS_MAX
    another = Client(b"3", Origin(client="actor.weather", session="s"), MAY)
    with pytest.raises(Forbidden):
        guard.check_method(another, "query")
    assert trail.recorded[-1] == ("actor.weather", "query"), "it takes nobody else's room"


def test_an_actor_stays_bounded_however_many_clients_come_after_it() -> None:
    clients = Clients()
    clients.restrict(b"actor", "actor.notes", MAY)
    for number in range(KNOWN_MAX + 1):
        clients.introduce(b"%d" % number, Origin(client="app", session="s"))
    assert clients.get(b"actor").may == MAY
    assert clients.get(b"0").origin.client == "anonymous", "and room is bounded"


def test_an_actor_keeps_its_name_and_its_bounds_whatever_it_says_later() -> None:
    clients = Clients()
    clients.introduce(b"1", Origin(client="anything", session="first"))
    clients.restrict(b"1", "actor.notes", MAY)
    clients.introduce(b"1", Origin(client="app", session="second"))
    assert clients.get(b"1") == Client(b"1", Origin(client="actor.notes", session="second"), MAY)


@pytest.mark.parametrize("name", ["pjaid", "actor.notes", "actor."])
def test_nobody_takes_the_name_of_the_daemon_or_of_an_actor(name: str) -> None:
    clients = Clients()
    clients.introduce(b"1", Origin(client=name, session="s"))
    assert clients.get(b"1") == Client(b"1", Origin(client="anonymous", session="s"))
    clients.restrict(b"1", "actor.notes", MAY)
    assert clients.get(b"1").origin == Origin(client="actor.notes", session="s")
