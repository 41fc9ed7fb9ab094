"""The hash chain binds every part of an event and its place, and not the arguments themselves."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import pytest

from pjai_wire.chain import ORIGIN, arguments_hash, link

EVENT: dict[str, Any] = {
    "previous": ORIGIN,
    "seq": 1,
    "event_id": "e1",
    "name": "v1.PersonaUsed",
    "args_hash": arguments_hash(b"\x81\xa2id\xa1a"),
}


def test_a_link_is_the_hash_that_its_formula_says() -> None:
    args_hash = sha256(b"\x81\xa2id\xa1a").digest()
    bound = bytes(32) + b"\0\0\0\0\0\0\0\1" + b"e1\0v1.PersonaUsed\0" + args_hash
    assert link(**EVENT) == sha256(bound).digest()


@pytest.mark.parametrize(
    "changed",
    [
        {"previous": bytes(31) + b"\1"},
        {"seq": 2},
        {"event_id": "e2"},
        {"name": "v1.PersonaDeleted"},
        {"args_hash": arguments_hash(b"\x81\xa2id\xa1b")},
        {"event_id": "e", "name": "1v1.PersonaUsed"},
    ],
)
def test_a_change_to_any_part_changes_the_hash(changed: dict[str, Any]) -> None:
    assert link(**EVENT | changed) != link(**EVENT)


def test_a_change_is_seen_in_every_later_link() -> None:
    def end(first: str) -> bytes:
        head = link(ORIGIN, 1, first, "v1.PersonaUsed", arguments_hash(b"\x80"))
        for seq in range(2, 5):
            head = link(head, seq, f"e{seq}", "v1.PersonaUsed", arguments_hash(b"\x80"))
        return head

    assert end("e1") != end("e0")


def test_erased_arguments_leave_the_chain_whole() -> None:
    kept = arguments_hash(b"\x80")
    assert link(ORIGIN, 1, "e1", "v1.PersonaUsed", kept) == link(
        ORIGIN, 1, "e1", "v1.PersonaUsed", arguments_hash(b"\x80")
    )
    assert len(kept) == len(link(**EVENT)) == 32
