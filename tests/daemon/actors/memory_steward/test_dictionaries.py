"""Tests of dictionaries: when one is due, and what it saves on contents that it has not seen."""

from __future__ import annotations

import random

import pytest
import zstandard

from pjai_wire.codec import encode
from pjai_wire.records import Dictionary
from pjaid.actors.memory_steward import dictionaries
from pjaid.actors.memory_steward.dictionaries import Packer, Reason, Saving, due, trained
from tests.prose import prose

PROSE = [encode(prose(seed)) for seed in range(400)]


def last(*, samples: int = 2_000, saved: float = 0.6) -> Dictionary:
    return Dictionary(id="d1", version=1, size=16_384, samples=samples, saved=saved, trained_at=0)


def lately(contents: int, packed: int) -> Saving:
    saving = Saving()
    for _ in range(contents):
        saving.add(100, packed)
    return saving


@pytest.mark.parametrize(
    ("known", "untried", "packed", "saving", "reason"),
    [
        (None, 49, 0, lately(0, 0), None),
        (None, 50, 0, lately(0, 0), "first"),
        (last(samples=100), 300, 99, lately(0, 0), None),
        (last(samples=100), 300, 100, lately(0, 0), "grown"),
        (last(), 90_000, 0, lately(0, 0), None),
        (last(), 1, 0, lately(499, 90), None),
        (last(), 1, 0, lately(500, 90), "drifted"),
        (last(), 1, 0, lately(500, 51), None),
        (last(saved=0.1), 1, 0, lately(500, 91), None),
    ],
)
def test_a_dictionary_is_due_when_there_is_more_to_learn(
    known: Dictionary | None, untried: int, packed: int, saving: Saving, reason: Reason | None
) -> None:
    assert due(known, untried, packed, saving) == reason


def test_a_dictionary_saves_most_of_contents_that_it_has_not_seen() -> None:
    found = trained(PROSE)
    assert found is not None
    unseen = [encode(prose(seed)) for seed in range(10_000, 10_100)]
    saved = 1 - sum(Packer(found.data).sizes(unseen)) / sum(map(len, unseen))
    assert saved > 0.6
    assert abs(saved - found.saved) < 0.05
    assert found.samples == len(PROSE)


def test_a_dictionary_is_small_beside_what_it_is_trained_on() -> None:
    found = trained(PROSE * 10)
    assert found is not None
    assert len(found.data) <= sum(map(len, PROSE)) * 10 / dictionaries.DICTIONARY_SHARE
    largest = trained([encode(prose(seed, sentences=200)) for seed in range(300)])
    assert largest is not None
    assert len(largest.data) <= dictionaries.DICTIONARY_BYTES_MAX
    # It is compressed itself, and packs all the same.
    plain = zstandard.ZstdDecompressor().decompress(largest.data)
    assert len(largest.data) < len(plain) <= dictionaries.DICTIONARY_BYTES_MAX
    assert Packer(plain).sizes(PROSE) == Packer(largest.data).sizes(PROSE)


def test_noise_teaches_nothing_or_what_saves_nothing() -> None:
    chance = random.Random(1)
    found = trained([chance.randbytes(300) for _ in range(200)])
    assert found is None or found.saved < 0.05


def test_contents_too_much_alike_or_too_short_make_no_error() -> None:
    for samples in ([b"\x80"] * 200, [PROSE[0]] * 200):
        found = trained(samples)
        assert found is None or 0 <= found.saved <= 1


def test_a_saving_of_lately_forgets_what_was_before() -> None:
    some = Saving(2)
    for packed in (1, 50, 50):
        some.add(100, packed)
    assert (some.contents, some.share) == (2, 0.5)


def test_what_grows_under_packing_saved_nothing() -> None:
    assert lately(3, 200).share == 0
    assert lately(0, 0).share == 0
