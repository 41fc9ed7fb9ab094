"""`pjai status`, `health`, `query`, `count` and `get`: for people and for programs."""

from __future__ import annotations

import json
from pathlib import Path

import anyio
import pytest
from msgspec import convert, structs

import pjai
from pjai import v1
from pjai.testing import Daemon
from pjai_wire import limits
from pjai_wire.measures import Measures
from pjai_wire.methods import HealthResult, MetersResult
from pjai_wire.tables import TABLES
from tests.client.cli.shell import PJAI, House, Shell
from tests.client.fake_daemon import FakeDaemon

NOON = 1_750_000_000_000


def health_of(fake: FakeDaemon) -> HealthResult:
    """That of a daemon that is well and has done nothing."""
    numbers = dict.fromkeys((field.name for field in structs.fields(HealthResult) if field.type is int), 0)
    texts = dict.fromkeys(
        ("version", "instance", "store_id", "cipher", "sqlite_version", "embedding_model"), ""
    )
    return HealthResult(status="ok", **numbers, **texts, endpoints=fake.endpoints)  # type: ignore[arg-type] # all the fields that there are


def test_status_tells_programs_all_that_health_says(shell: Shell, daemon: Daemon) -> None:
    status = shell("status", "--json").document

    assert convert(status, HealthResult).status == "ok"
    assert status["endpoints"]["requests"] == daemon.endpoint
    assert status["endpoints"]["changes"].endswith("changes.sock")
    health = shell("health", "--json").document
    assert health.pop("findings") == []
    assert health.keys() == status.keys()


def test_status_tells_people_all_of_it_too(shell: Shell, daemon: Daemon) -> None:
    shown = shell("status")

    fields = dict(line.split("\t") for line in shown.out.splitlines())
    assert shown.code == 0
    assert fields["status"] == "ok"
    assert fields["requests"] == daemon.endpoint
    # Two endpoints for one field, two lines for the four numbers of the cache, one for the five of vectors.
    assert len(fields) == len(structs.fields(HealthResult)) + 1 - 2 - 4


@pytest.mark.parametrize(
    ("hits", "misses", "rate"),
    [(0, 0, "no query yet"), (90, 30, "75% of 120 queries"), (0, 7, "0% of 7 queries")],
)
async def test_status_tells_people_how_well_the_cache_does(
    fake: FakeDaemon, environment: dict[str, str], hits: int, misses: int, rate: str
) -> None:
    cache = {"cache_entries": 12, "cache_bytes": 40_960, "cache_hits": hits, "cache_misses": misses}
    fake.answers["health"] = lambda _: structs.replace(health_of(fake), **cache)
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    ended = await anyio.run_process([PJAI, "status"], env=environment)

    fields = dict(line.split("\t") for line in ended.stdout.decode().splitlines())
    assert fields["cache"] == "12 kept, 41.0 kB"
    assert fields["cache hits"] == rate


@pytest.mark.parametrize(
    ("model", "told"),
    [
        ("", "no embedder yet; 0 in memory, 0 bytes"),
        ("tiny", "tiny of 3 numbers, 7 rows wait; 5 in memory, 2.1 kB"),
    ],
)
async def test_status_tells_people_of_vectors(
    fake: FakeDaemon, environment: dict[str, str], model: str, told: str
) -> None:
    some = (
        {"embedding_dimension": 3, "embedding_waiting": 7, "codes": 5, "codes_bytes": 2_100} if model else {}
    )
    fake.answers["health"] = lambda _: structs.replace(health_of(fake), embedding_model=model, **some)
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    ended = await anyio.run_process([PJAI, "status"], env=environment)

    assert dict(line.split("\t") for line in ended.stdout.decode().splitlines())["vectors"] == told


def test_health_is_one_word(shell: Shell) -> None:
    assert shell("health").out == "ok\n"


def columns_of(table: str) -> list[str]:
    return [column.name for column in TABLES[table].columns]


def with_actor(fake: FakeDaemon, state: str) -> None:
    """The daemon is well, but for its one actor."""
    actor = {"name": "notes", "state": state, "pid": None, "restarts": 6, "queue": 0, "calls": 0}
    more = {"lastError": "exit 1", "memoryBytes": 0, "startedAt": None, "methods": []}
    fake.answers |= {
        "health": lambda _: health_of(fake),
        "actors": lambda _: {"actors": [actor | more]},
        "meters": lambda _: MetersResult(
            instance="one", at=NOON, uptime_ms=9, happened=0, measures=Measures()
        ),
        "query": lambda query: {"seq": 0, "columns": columns_of(query["table"]), "rows": []},
    }


@pytest.mark.parametrize(("state", "level", "code"), [("down", "wrong", 1), ("backing_off", "warning", 0)])
async def test_health_tells_what_is_lacking_and_fails_where_that_is_wrong(
    fake: FakeDaemon, environment: dict[str, str], state: str, level: str, code: int
) -> None:
    with_actor(fake, state)
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    shown = await anyio.run_process([PJAI, "health"], env=environment, check=False)
    told = await anyio.run_process([PJAI, "health", "--json"], env=environment, check=False)

    assert (shown.returncode, told.returncode) == (code, code)
    status, reason = shown.stdout.decode().splitlines()
    assert status == ("wrong" if code else "ok")
    assert reason.startswith(f"{level}: notes fell")
    assert reason.endswith("exit 1")
    assert "pjai actors restart notes" in shown.stderr.decode()
    (finding,) = json.loads(told.stdout)["findings"]
    assert finding["level"] == level


@pytest.mark.parametrize("options", [[], ["--json"]])
async def test_health_fails_where_the_daemon_is_not_well(
    fake: FakeDaemon, environment: dict[str, str], options: list[str]
) -> None:
    fake.answers["health"] = lambda _: structs.replace(health_of(fake), status="stopping")
    environment["PJAI_ENDPOINT"] = fake.endpoints.requests

    ended = await anyio.run_process([PJAI, "health", *options], env=environment, check=False)

    assert ended.returncode == 1
    assert b"stopping" in ended.stdout


def test_a_query_answers_rows(shell: Shell, house: House) -> None:
    rows = shell(
        *("query", "memories", "--where", f"persona_id={house.persona}", "--where", "importance>=10"),
        *("--order-by", "importance:desc", "--json"),
    ).document

    assert [row["id"] for row in rows] == house.memories[:0:-1]
    assert list(rows[0]) == [column.name for column in pjai.memories.default_columns]


def test_a_query_shows_people_a_few_columns_of_a_row_a_line(shell: Shell, house: House) -> None:
    shown = shell("query", "memories", "--where", f"personaId={house.persona}", "--order-by", "importance")

    assert [row["id"] for row in shown.table] == house.memories
    assert list(shown.table[0]) == ["id", "type", "importance", "name"]
    assert shown.err == ""


def test_a_query_says_when_there_may_be_more(shell: Shell, house: House) -> None:
    shown = shell("query", "memories", "--where", f"personaId={house.persona}", "--limit", "2")

    assert len(shown.table) == 2
    assert "--limit" in shown.err


@pytest.mark.parametrize(
    ("options", "names"),
    [
        (["--select", "name,persona_id"], ["name", "personaId"]),
        (["--select", "id,embedding", "--offset", "1"], ["id", "embedding"]),
        (["--omit", "content,tags"], None),
    ],
)
def test_columns_can_be_chosen(
    shell: Shell, house: House, options: list[str], names: list[str] | None
) -> None:
    asked = ["query", "memories", "--where", f"personaId={house.persona}", *options]
    expected = names or [
        column.name for column in pjai.memories.default_columns if column.name not in ("content", "tags")
    ]

    assert list(shell(*asked).table[0]) == expected
    assert list(shell(*asked, "--json").document[0]) == expected


def test_rows_can_be_grouped(shell: Shell, house: House) -> None:
    asked = (
        *("query", "memories", "--where", f"persona_id={house.persona}", "--group-by", "type"),
        *("--aggregate", "n=count:*", "--aggregate", "last_used_at=max:importance", "--order-by", "n:desc"),
    )

    assert shell(*asked, "--json").document == [
        {"type": "concept", "n": 2, "last_used_at": 20},
        {"type": "task", "n": 1, "last_used_at": 0},
    ]
    assert [row["n"] for row in shell(*asked).table] == ["2", "1"]
    assert shell(*asked[:4], "--aggregate", "self=count:*", "--json").document == [{"self": 3}]


def test_past_one_answer_rows_are_read_page_by_page(
    shell: Shell, house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pjai.cli.rows.PAGE_ROWS", 2)
    asked = (
        *("query", "memories", "--where", f"persona_id={house.persona}", "--order-by", "importance:desc"),
        *("--limit", str(limits.QUERY_ROWS_MAX + 1), "--select", "name", "--json"),
    )

    assert shell(*asked).document == [{"name": f"Memory {number}"} for number in (2, 1, 0)]
    assert shell(*asked, "--offset", "1").document == [{"name": f"Memory {number}"} for number in (1, 0)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_every_table_can_be_queried_and_counted(shell: Shell, table: str, options: list[str]) -> None:
    assert shell("query", table, *options).code == 0
    assert shell("count", table, *options).code == 0


def test_count_is_a_number(shell: Shell, house: House) -> None:
    asked = ("count", "memories", "--where", f"persona_id={house.persona}", "--where", "tags contains bread")

    assert shell(*asked).out == "3\n"
    assert shell(*asked, "--json").document == {"count": 3}


def test_get_answers_one_row(shell: Shell, house: House) -> None:
    found = shell("get", "memories", house.memories[1], "--json").document
    shown = shell("get", "memories", house.memories[1])

    assert found["id"] == house.memories[1]
    assert found["tags"] == ["bread", "tag-1"]
    assert "tags\tbread, tag-1" in shown.out.splitlines()
    assert "deletedAt\t" in shown.out.splitlines()


def test_a_conversation_comes_with_its_messages(shell: Shell, daemon: Daemon, house: House) -> None:
    talk = pjai.new_id()
    with pjai.blocking.connect(daemon.endpoint) as db:
        db.commit(
            v1.ConversationStarted(id=talk, persona_id=house.persona),
            v1.ConversationMessageAdded(id=pjai.new_id(), conversation_id=talk, role="user", content="Hi"),
        )

    found = shell("get", "conversations", talk, "--json").document

    assert found["messages"][0]["content"] == "Hi"
    assert "Hi" in shell("get", "conversations", talk).out


@pytest.mark.parametrize("options", [[], ["--json"]])
def test_get_fails_where_there_is_no_such_row(shell: Shell, options: list[str]) -> None:
    missing = shell("get", "personas", "nobody", *options)

    assert missing.code == 1
    assert missing.out == ""
    assert "nobody" in missing.err


def test_what_was_remembered_cannot_steer_the_terminal(shell: Shell, daemon: Daemon, tmp_path: Path) -> None:
    row_id = pjai.new_id()
    with pjai.blocking.connect(daemon.endpoint) as db:
        db.commit(v1.PersonaCreated(id=row_id, name=f"\x1b[31mred\n{row_id}\ttab"))

    assert shell("query", "personas", "--where", f"id={row_id}").table[0]["name"] == (
        f"\ufffd[31mred {row_id} tab"
    )
