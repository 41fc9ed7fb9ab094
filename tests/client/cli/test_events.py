"""`pjai events` and `pjai rebuild`: the audit trail, and whether the state is what it says."""

from __future__ import annotations

import json

import anyio
import msgspec
import pytest
from msgspec import Raw

import pjai
from pjai import v1
from pjai.testing import Daemon
from pjai_wire.codec import encode
from pjai_wire.methods import EventsResult, LoggedEvent, RebuildResult, TableComparison
from tests.client.cli.shell import PJAI, House, Shell, running
from tests.client.fake_daemon import FakeDaemon


def test_the_trail_is_told_in_full_to_programs(shell: Shell, house: House) -> None:
    found = shell("events", "--persona", house.persona, "--json").lines

    assert [event["seq"] for event in found] == list(range(house.seq - 3, house.seq + 1))
    assert found[0].keys() == {field.encode_name for field in msgspec.structs.fields(LoggedEvent)}
    assert found[0]["args"]["id"] == house.persona
    assert len(bytes.fromhex(found[0]["hash"])) == 32
    assert len(bytes.fromhex(found[0]["argsHash"])) == 32


def test_the_trail_is_a_line_an_event_for_people(shell: Shell, house: House) -> None:
    rows = shell("events", "--persona", house.persona).table

    assert [row["name"] for row in rows] == ["v1.PersonaCreated", *["v1.MemoryEntityCreated"] * 3]
    assert {row["client"] for row in rows} == {"house"}
    assert json.loads(rows[1]["args"])["id"] == house.memories[0]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--limit", "2"], [0, 1]),
        (["--reverse"], [3, 2, 1, 0]),
        (["--reverse", "--limit", "1"], [3]),
        (["--name", "PersonaCreated"], [0]),
        (["--name", "v1.PersonaCreated", "--name", "v1.MemoryEntityCreated"], [0, 1, 2, 3]),
        (["--table", "memories"], [1, 2, 3]),
        (["--client", "nobody"], []),
        (["--since", "2020-01-01"], [0, 1, 2, 3]),
        (["--since", "2999-01-01T00:00Z"], []),
        (["--until", "0"], []),
    ],
)
def test_the_trail_is_filtered(shell: Shell, house: House, options: list[str], expected: list[int]) -> None:
    found = shell("events", "--persona", f"Ada {house.persona}", "--json", *options).lines

    assert [event["seq"] - house.seq + 3 for event in found] == expected


def test_the_trail_is_cut_by_seq(shell: Shell, house: House) -> None:
    found = shell("events", "--after", str(house.seq - 2), "--before", str(house.seq), "--json").lines

    assert [event["seq"] for event in found] == [house.seq - 1]


def test_a_long_trail_is_read_in_pages(shell: Shell, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pjai_wire.limits.EVENTS_PAGE_MAX", 2)
    asked = ("events", "--persona", house.persona, "--json")

    forward = shell(*asked).lines
    assert len(forward) == 4
    assert shell(*asked, "--reverse").lines == forward[::-1]
    assert shell(*asked, "--limit", "3").lines == forward[:3]


def test_a_trail_that_holds_is_verified(shell: Shell, house: House) -> None:
    verified = shell("events", "--verify", "--json").document

    assert verified["intact"] is True
    assert verified["events"] >= house.seq
    assert shell("events", "--verify").out.startswith("the chain holds: ")


def tampered_trail() -> EventsResult:
    event = LoggedEvent(
        seq=1,
        id="e1",
        commit_id="c1",
        name="v1.PersonaActivated",
        args=Raw(encode({"id": "ada"})),
        args_hash=bytes(32),
        recorded_at=0,
        client="tests",
        session="s",
        device="d",
        persona_id=None,
        hash=bytes(32),
    )
    return EventsResult(seq=1, events=[event], next=None)


async def test_the_first_event_that_was_tampered_with_is_named(
    fake: FakeDaemon, environment: dict[str, str]
) -> None:
    fake.answers["events"] = lambda _: tampered_trail()
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    shown = await anyio.run_process([PJAI, "events", "--verify"], env=environment, check=False)
    told = await anyio.run_process([PJAI, "events", "--verify", "--json"], env=environment, check=False)

    assert (shown.returncode, told.returncode) == (1, 1)
    assert b"event 1" in shown.stderr
    assert json.loads(told.stdout)["intact"] is False
    assert json.loads(told.stdout)["seq"] == 1


async def test_erased_arguments_are_shown_as_such(fake: FakeDaemon, environment: dict[str, str]) -> None:
    page = tampered_trail()
    erased = msgspec.structs.replace(page.events[0], args=Raw(encode(None)))
    fake.answers["events"] = lambda _: msgspec.structs.replace(page, events=[erased])
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    shown = await anyio.run_process([PJAI, "events"], env=environment)
    told = await anyio.run_process([PJAI, "events", "--json"], env=environment)

    assert shown.stdout.endswith(b"\t(erased)\n")
    assert json.loads(told.stdout)["args"] is None


def test_new_events_are_followed(daemon: Daemon, environment: dict[str, str], house: House) -> None:
    options = ("--follow", "--after", str(house.seq - 1), "--persona", house.persona, "--limit", "2")
    with (
        pjai.blocking.connect(daemon.endpoint) as db,
        running(environment, "events", *options, "--json") as following,
    ):
        assert following.line()["seq"] == house.seq
        other = pjai.new_id()
        db.commit(v1.PersonaCreated(id=other, name=other))
        db.commit(v1.PersonaActivated(id=house.persona))

        assert following.line()["name"] == "v1.PersonaActivated"
        assert following.ended().code == 0


@pytest.mark.parametrize(
    "options",
    [
        ["--verify", "--limit", "1"],
        ["--verify", "--persona", "Ada"],
        ["--verify", "--follow"],
        ["--follow", "--reverse"],
        ["--follow", "--before", "5"],
        ["--since", "yesterday"],
        ["--name", "PersonaMurdered"],
        ["--table", "nothing"],
        ["--limit", "0"],
    ],
)
def test_options_that_mean_nothing_are_told(shell: Shell, options: list[str]) -> None:
    assert shell("events", *options).code == 2


def test_a_rebuild_is_compared_table_by_table(shell: Shell, house: House) -> None:
    rebuilt = shell("rebuild", "--json").document
    shown = shell("rebuild")

    assert rebuilt["identical"] is True
    assert rebuilt["replaced"] is False
    assert rebuilt["tables"]["memories"]["rows"] >= len(house.memories)
    assert "personas\t" in shown.out
    assert shown.out.endswith(": identical\n")


def test_a_rebuild_can_take_the_states_place(shell: Shell, house: House) -> None:
    before = shell("query", "memories", "--where", f"persona_id={house.persona}", "--json").out

    assert shell("rebuild", "--replace", "--json").document["replaced"] is True
    assert shell("rebuild", "--replace").out.endswith("the live state was replaced\n")
    assert shell("query", "memories", "--where", f"persona_id={house.persona}", "--json").out == before


@pytest.mark.parametrize("options", [[], ["--json"]])
async def test_a_rebuild_that_comes_out_different_fails(
    fake: FakeDaemon, environment: dict[str, str], options: list[str]
) -> None:
    tables = {"personas": TableComparison(rows=1, differences=1)}
    fake.answers["rebuild"] = lambda _: RebuildResult(
        seq=1, events=1, tables=tables, identical=False, replaced=False
    )
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    ended = await anyio.run_process([PJAI, "rebuild", *options], env=environment, check=False)

    assert ended.returncode == 1
    assert b"identical" in ended.stdout
