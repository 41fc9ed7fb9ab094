"""Tests of the audit trail: filters and pages."""

from __future__ import annotations

from typing import Any

import pytest

from pjai_wire.codec import Decoder, encode
from pjai_wire.envelope import NIL
from pjai_wire.events import EVENTS
from pjai_wire.methods import EventsParams
from pjai_wire.tables import STATE, WITHHELD
from pjaid.store.trail import event_names_of, read_page
from tests.daemon.store.conftest import Ledger


def page(ledger: Ledger, bytes_max: int = 2**20, **params: Any) -> list[int]:
    asked = Decoder(EventsParams).decode(encode(params))
    return [event.seq for event in read_page(ledger.connection, asked, bytes_max).events]


@pytest.fixture
def trail(ledger: Ledger) -> Ledger:
    ledger.commit(("v1.PersonaCreated", {"id": "a", "name": "Ada"}))
    ledger.commit(("v1.PersonaCreated", {"id": "b", "name": "Bo"}))
    ledger.commit(("v1.MemoryEntityCreated", {"id": "m", "personaId": "a", "type": "task", "name": "x"}))
    ledger.commit(("v1.MemoryEntityAccessed", {"id": "m"}))
    ledger.commit(("v1.PersonaUsed", {"id": "b"}))
    return ledger


def test_every_event_is_about_one_table_or_for_the_trail_alone() -> None:
    tables = [table.table_name for table in STATE if table not in WITHHELD]
    about_rows = [name for table in tables for name in event_names_of(table)]
    of_the_cache = ["v1.PageCacheMeasured", "v1.PageCacheProposed", "v1.PageCacheResized"]
    of_the_daemon = ["v1.ActorRefused", "v1.EmbedderReturned", "v1.StatisticsTaken", "v1.VectorsStored"]
    for_the_trail = [*of_the_cache, *of_the_daemon]
    assert sorted([*about_rows, *for_the_trail]) == sorted(EVENTS)
    assert all(event_names_of(table) for table in tables)


@pytest.mark.parametrize(
    ("params", "seqs"),
    [
        ({}, [1, 2, 3, 4, 5]),
        ({"order": "desc", "limit": 2}, [5, 4]),
        ({"after": 2, "limit": 2}, [3, 4]),
        ({"before": 3, "order": "desc"}, [2, 1]),
        ({"personaId": "a"}, [1, 3, 4]),
        ({"table": "memories"}, [3, 4]),
        ({"names": ["v1.PersonaUsed", "v1.PersonaCreated"]}, [1, 2, 5]),
        ({"client": "test"}, [1, 2, 3, 4, 5]),
        ({"client": "other"}, []),
        ({"since": 2**53 - 1}, []),
        ({"until": 0}, []),
        ({"personaId": "a", "table": "personas"}, [1]),
    ],
)
def test_filters_leave_what_fits_all_of_them(trail: Ledger, params: dict[str, Any], seqs: list[int]) -> None:
    assert page(trail, **params) == seqs


def test_a_full_page_says_where_the_next_begins(trail: Ledger) -> None:
    asked = EventsParams(limit=3)
    first = read_page(trail.connection, asked, 2**20)
    assert (first.seq, first.next) == (5, 3)
    assert read_page(trail.connection, EventsParams(limit=3, after=3), 2**20).next is None


def test_a_page_ends_early_where_it_would_grow_too_large(trail: Ledger) -> None:
    small = read_page(trail.connection, EventsParams(), 1)
    assert [event.seq for event in small.events] == [1]
    assert small.next == 1


def test_erased_arguments_are_told_as_null(trail: Ledger) -> None:
    trail.connection.execute("UPDATE events SET args = NULL WHERE seq = 1")
    erased = read_page(trail.connection, EventsParams(limit=1), 2**20).events[0]
    assert erased.args == NIL
    assert len(erased.args_hash) == 32
