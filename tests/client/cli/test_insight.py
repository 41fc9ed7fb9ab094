"""`pjai explain` and `pjai live`: how the daemon goes about what it is asked."""

from __future__ import annotations

from msgspec import convert

import pjai
from pjai import memories, v1
from pjai.testing import Daemon
from pjai_wire.methods import ExplainResult, LiveQueryInfo, LiveResult
from tests.client.cli.shell import House, Shell

MARKER = "only who asks may see this"


def explaining(*options: str) -> tuple[str, ...]:
    return ("explain", "memories", "--where", f"personaId={MARKER}", "--where", "importance>=50", *options)


def test_explain_tells_programs_how_a_query_is_answered(shell: Shell) -> None:
    told = shell(*explaining("--json"))
    explained = convert(told.document, ExplainResult)

    assert explained.sql.startswith("SELECT ")
    assert explained.indexes == ("memories_by_importance",)
    assert any("memories_by_importance" in step for step in explained.plan)
    assert explained.why
    assert MARKER not in told.out


def test_explain_tells_people_a_step_a_line(shell: Shell) -> None:
    explained = convert(shell(*explaining("--select", "id", "--json")).document, ExplainResult)
    shown = shell(*explaining("--select", "id"))

    fields = [line.split("\t") for line in shown.out.splitlines()]
    assert [text for name, text in fields if name == "plan"] == list(explained.plan)
    assert {name: text for name, text in fields if name != "plan"} == {
        "sql": explained.sql,
        "indexes": ", ".join(explained.indexes),
        "live": f"{explained.mode}: {explained.why}",
        "found by": ", ".join(explained.found_by) or "every change of the table",
    }


def test_explain_says_where_no_index_helps(shell: Shell) -> None:
    shown = shell("explain", "memories", "--group-by", "type", "--aggregate", "n=count:*")

    assert "indexes\tnone" in shown.out.splitlines()


def test_explain_takes_the_options_of_query(shell: Shell) -> None:
    grouped = shell("explain", "memories", "--group-by", "type", "--aggregate", "n=count:*", "--json")
    ordered = shell("explain", "memories", "--order-by", "importance:desc", "--limit", "7", "--json")

    assert "GROUP BY" in grouped.document["sql"]
    assert "ORDER BY" in ordered.document["sql"]


def opened(shell: Shell, label: str) -> list[LiveQueryInfo]:
    """The live queries of a label, as a program is told of them."""
    found = convert(shell("live", "--json").document, LiveResult)
    assert found.views <= len(found.queries)
    return [one for one in found.queries if one.label == label]


def test_live_tells_programs_of_each_open_live_query(shell: Shell, daemon: Daemon, house: House) -> None:
    asked = memories.where(persona_id=house.persona)
    label = pjai.new_id()
    with (
        pjai.blocking.connect(daemon.endpoint, client="the watcher") as db,
        pjai.blocking.connect(daemon.endpoint, client="the watcher") as another,
        db.watch(asked, label) as first,
        another.watch(asked, label) as second,
    ):
        receipt = db.commit(v1.MemoryEntityUpdated(id=house.memories[0], name="Changed"))
        first.reached(receipt.seq)
        second.reached(receipt.seq)
        one, other = opened(shell, label)
        told = shell("live", "--json").out

    for query in (one, other):
        assert (query.client, query.table, query.rows, query.updates) == ("the watcher", "memories", 3, 1)
        assert query.subscribers == 2
        assert (query.mode, query.why) == (
            "incremental",
            "the rows are kept in order, with some beyond the limit",
        )
        assert query.seq >= receipt.seq
        assert query.opened_at > 0
        assert not query.behind
    assert one.shape.startswith("SELECT ")
    assert house.persona not in told
    assert first.topic not in told
    assert opened(shell, label) == []


def test_live_shows_people_a_live_query_a_row(shell: Shell, daemon: Daemon, house: House) -> None:
    label = pjai.new_id()
    with (
        pjai.blocking.connect(daemon.endpoint, client="the watcher") as db,
        db.watch(memories.where(persona_id=house.persona).limit(2), label),
    ):
        shown = shell("live")

    (row,) = [row for row in shown.table if row["label"] == label]
    assert row.pop("time spent").endswith("s")
    assert row.pop("mode") in ("incremental", "rerun")
    assert row == {
        "label": label,
        "client": "the watcher",
        "table": "memories",
        "rows": "2",
        "updates": "0",
        "subscribers": "1",
    }
    assert " open, computed as " in shown.err
