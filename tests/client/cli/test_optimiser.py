"""`pjai optimiser`: what is asked, which indexes were thought of, and what became of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from msgspec import convert

from pjai import blocking, memories, v1
from pjai.testing import daemon
from pjai_wire.methods import OptimiserRunResult, OptimiserStatusResult
from tests.client.cli.shell import Shell

MEMORIES = 1_200
READS = 101
BY_NAME = "auto_memories_by_name"
SECRET = "only who asks may see this"  # noqa: S105 # what a test looks for, not what it guards


@pytest.fixture(scope="module")
def asked() -> Iterator[blocking.Database]:
    """A daemon whose optimiser only suggests, and reads of many memories that have no index."""
    with daemon(actors="optimiser") as running, blocking.connect(running.endpoint) as database:
        database.commit(
            v1.SystemConfigSet(id="optimiser.mode", value="suggest"),
            v1.PersonaCreated(id="ada", name="Ada"),
            *(
                v1.MemoryEntityCreated(id=f"m{number}", persona_id="ada", type="task", name=f"name {number}")
                for number in range(MEMORIES)
            ),
        )
        for number in range(READS):
            database.query(memories.where(name=f"{SECRET} {number}").select("id"))
        database.optimiser.run()
        yield database


@pytest.fixture
def db(asked: blocking.Database, shell: Shell, monkeypatch: pytest.MonkeyPatch) -> blocking.Database:
    """The shell asks that daemon."""
    monkeypatch.setenv("PJAI_ENDPOINT", asked.hello.endpoints.requests)
    return asked


def test_programs_are_told_everything(shell: Shell, db: blocking.Database) -> None:
    told = shell("optimiser", "--json")
    found = convert(told.document, OptimiserStatusResult)
    assert found.mode == "suggest"
    shape = next(one for one in found.shapes if one.equal == ("name",))
    assert (shape.table, shape.runs) == ("memories", READS)
    assert BY_NAME in [one.id for one in found.indexes]
    assert SECRET not in told.out


def test_people_see_a_query_a_row_and_then_an_index_a_row(shell: Shell, db: blocking.Database) -> None:
    shown = shell("optimiser")
    queries, advised = shown.out.split("\n\n")
    header, *rows = (line.split("\t") for line in queries.splitlines())
    (slow,) = [row for line in rows if (row := dict(zip(header, line, strict=True)))["where"] == "name ="]
    assert (slow["table"], slow["reads"], slow["looked at"]) == ("memories", str(READS), str(MEMORIES))
    assert (slow["answered"], slow["sorted"]) == ("0", "no")
    header, *rows = (line.split("\t") for line in advised.splitlines())
    (index,) = [row for line in rows if (row := dict(zip(header, line, strict=True)))["index"] == BY_NAME]
    assert index["state"] == "proposed"
    assert index["predicted"].endswith(" x")
    assert "reads looked at" in index["reason"]
    assert "mode suggest" in shown.err
    assert "of the database" in shown.err


def test_a_look_that_finds_nothing_new_says_so(shell: Shell, db: blocking.Database) -> None:
    assert shell("optimiser", "run").out == "nothing to do\n"
    assert convert(shell("optimiser", "run", "--json").document, OptimiserRunResult).proposed == ()


def test_what_is_proposed_can_be_made_and_dropped_by_hand(shell: Shell, db: blocking.Database) -> None:
    assert shell("optimiser", "create", BY_NAME).out == f"{BY_NAME} is there\n"
    assert db.explain(memories.where(name="x")).indexes == (BY_NAME,)
    refused = shell("optimiser", "create", BY_NAME)
    assert (refused.code, "created" in refused.err) == (1, True)
    assert shell("optimiser", "drop", BY_NAME, "--json").document["repeated"] is False
    assert db.explain(memories.where(name="x")).indexes != (BY_NAME,)


def test_the_page_cache_is_shown_and_can_be_resized_by_hand(shell: Shell, db: blocking.Database) -> None:
    assert shell("optimiser", "page-cache", "3").out == "page cache of 3 MiB from now on\n"
    assert db.optimiser.status().page_cache.bytes == 3 * 2**20
    assert "page cache 3" in shell("optimiser").err
    assert shell("optimiser", "page-cache", "2", "--json").document["repeated"] is False
    refused = shell("optimiser", "page-cache", "4096")
    assert (refused.code, "may take" in refused.err) == (2, True)
    assert shell("optimiser", "page-cache", "0").code == 2


def test_an_index_that_nobody_proposed_is_not_made(shell: Shell, db: blocking.Database) -> None:
    refused = shell("optimiser", "create", "memories_by_type")
    assert refused.code == 1
    assert "nobody has proposed" in refused.err


def test_options_before_a_command_are_refused_as_they_would_mean_nothing(shell: Shell) -> None:
    refused = shell("optimiser", "--json", "run")
    assert refused.code == 2
    assert "options stand behind 'run'" in refused.err
