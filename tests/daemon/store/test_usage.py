"""How much is stored, and of whom."""

from __future__ import annotations

import secrets

import pytest

from pjai_wire.codec import encode
from pjai_wire.errors import NotFound
from pjaid.store import packing, usage
from pjaid.store.packing import Damaged, Dictionary
from tests.daemon.store.conftest import Ledger, Rows
from tests.daemon.store.test_packed_memories import dictionary, memory, packed
from tests.prose import prose

DAY_MS = usage.DAY_MS


def remember(ledger: Ledger, *names: str, persona: str = "ada") -> None:
    for name in names:
        args = {"id": name, "personaId": persona, "type": "concept", "name": name}
        ledger.commit(("v1.MemoryEntityCreated", args))


def on_days(ledger: Ledger, *days: int) -> None:
    """Gives the log's events the days on which they were recorded."""
    for seq, day in enumerate(days, start=1):
        ledger.connection.execute("UPDATE events SET recorded_at = ? WHERE seq = ?", (day * DAY_MS, seq))


def recorded(rows: Rows, condition: str) -> int:
    return sum(length for (length,) in rows(f"SELECT length(args) FROM events WHERE {condition}"))


def test_the_log_is_added_up_by_persona_and_day(ledger: Ledger, persona: str, rows: Rows) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    remember(ledger, "a")
    remember(ledger, "b", persona="bo")
    ledger.commit(("v1.SystemConfigSet", {"id": "x", "value": 1}))
    on_days(ledger, 1, 1, 2, 2, 2)
    grown = usage.growth(ledger.connection, 0)
    assert (grown.seq, grown.head) == (5, 5)
    assert sorted(grown.rows, key=repr) == sorted(
        [
            ("ada", 1, recorded(rows, "seq = 1")),
            ("bo", 1, recorded(rows, "seq = 2")),
            ("ada", 2, recorded(rows, "seq = 3")),
            ("bo", 2, recorded(rows, "seq = 4")),
            (None, 2, recorded(rows, "seq = 5")),
        ],
        key=repr,
    )


def test_the_log_is_added_up_a_part_at_a_time(
    ledger: Ledger, persona: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "EVENTS_AT_ONCE", 2)
    remember(ledger, "a", "b", "c")
    whole = 0
    after = 0
    seen: list[int] = []
    while (part := usage.growth(ledger.connection, after)).seq > after:
        after = part.seq
        seen.append(after)
        whole += sum(size for _, _, size in part.rows)
    assert seen == [2, 4]
    assert whole == ledger.connection.execute("SELECT sum(length(args)) FROM events").get


def test_a_persona_s_figures_are_those_of_its_memories_and_events(
    ledger: Ledger, persona: str, rows: Rows
) -> None:
    ledger.commit(("v1.PersonaCreated", {"id": "bo", "name": "Bo"}))
    remember(ledger, "a", "b", "c", "d", "gone")
    remember(ledger, "x", persona="bo")
    ledger.commit(("v1.MemoryEntityLinked", {"id": "l", "fromId": "a", "toId": "b"}))
    ledger.commit(("v1.MemoryEntityDeleted", {"id": "gone"}))
    ledger.commit(("v1.MemoryEntityUpdated", {"id": "c", "importance": 90, "memoryTier": "cold"}))
    for name, age_ms in (("a", 0), ("b", -5), ("c", DAY_MS), ("d", 400 * DAY_MS)):
        ledger.connection.execute(
            "UPDATE memories SET created_at = ? WHERE id = ?", (1_000 * DAY_MS - age_ms, name)
        )
    ledger.commit(("v1.ConversationStarted", {"id": "c", "personaId": "ada", "sessionId": "s"}))
    on_days(ledger, 1, 1, 2, 2)
    found = usage.figures(ledger.connection, "ada", at=1_000 * DAY_MS, since=2 * DAY_MS)
    assert sorted(found.memories) == [
        ("concept", "cold", 1, 1, 90, 0),
        ("concept", "hot", 0, 2, 100, 2),
        ("concept", "hot", usage.DAYS_MAX, 1, 50, 0),
    ]
    assert found.conversations == 1
    of_ada = "persona_id = 'ada'"
    assert found.log_bytes == recorded(rows, of_ada)
    assert found.log_bytes_lately == recorded(rows, f"{of_ada} AND seq > 1") < found.log_bytes
    assert usage.figures(ledger.connection, "bo", 0, 0).conversations == 0


def test_who_is_no_persona_has_no_figures(ledger: Ledger, persona: str) -> None:
    with pytest.raises(NotFound, match="there is no such persona"):
        usage.figures(ledger.connection, "nobody", 0, 0)


@pytest.mark.parametrize(("day", "seq"), [(0, 0), (1, 0), (2, 2), (3, 2), (4, 3), (5, 4), (9, 4)])
def test_an_instant_is_found_in_the_log(ledger: Ledger, persona: str, day: int, seq: int) -> None:
    remember(ledger, "a", "b", "c")
    on_days(ledger, 1, 1, 3, 4)
    assert usage.seq_before(ledger.connection, day * DAY_MS) == seq


def test_the_file_is_measured_in_parts(ledger: Ledger, persona: str, rows: Rows) -> None:
    remember(ledger, *map(str, range(50)))
    parts = usage.parts(ledger.connection)
    indexes = (
        "SELECT sum(pgsize) FROM dbstat WHERE name IN (SELECT name FROM sqlite_schema WHERE type = 'index')"
    )
    assert rows(indexes) == [(parts.indexes,)]
    assert rows("SELECT sum(pgsize) FROM dbstat") == [(parts.whole,)]
    assert (parts.packed, parts.unpacked) == (0, 0)


def test_the_saving_is_judged_by_what_is_packed_and_whole(ledger: Ledger, rows: Rows) -> None:
    ledger.commit(
        ("v1.PersonaCreated", {"id": "p1", "name": "Ada"}),
        dictionary(1),
        *map(memory, ("m1", "m2")),
        memory("m3", content={"noise": secrets.token_bytes(500)}),
    )
    ledger.commit(packed("m1", "m2", "m3"))
    ledger.connection.execute("UPDATE memories SET content = substr(content, 1, 20) WHERE id = 'm2'")
    parts = usage.parts(ledger.connection)
    assert rows("SELECT length(content) FROM memories WHERE id = 'm1'") == [(parts.packed,)]
    assert parts.unpacked == len(encode(prose(1)))


def test_the_saving_is_judged_by_contents_of_every_age(
    ledger: Ledger, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(usage, "PACKED_LOOKED_AT", 4)
    ids = [f"m{number:02}" for number in range(40)]
    ledger.commit(("v1.PersonaCreated", {"id": "p1", "name": "Ada"}), dictionary(1), *map(memory, ids))
    ledger.commit(packed(*ids))
    ledger.connection.execute("UPDATE memories SET content = substr(content, 1, 20) WHERE id < 'm20'")
    judged = usage.parts(ledger.connection)
    assert 0 < judged.packed < judged.unpacked, "the newer half of them is whole"


def test_a_packed_value_tells_how_long_it_was(ledger: Ledger) -> None:
    import zstandard

    values = [encode({"text": f"bread rises {secrets.token_hex(4)} " * 20}) for _ in range(64)]
    value = Dictionary(1, zstandard.train_dictionary(2_000, [*values]).as_bytes()).pack(values[0])
    assert packing.plain_bytes(value) == len(values[0])
    with pytest.raises(Damaged):
        packing.plain_bytes(value[:-1])
