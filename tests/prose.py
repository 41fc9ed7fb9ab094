"""Owns prose: contents of memories that have enough in common to be packed with a dictionary."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

import zstandard

from pjai_wire.codec import encode

_WHO = ("Ada", "Bo", "the neighbour", "her brother", "a colleague", "the baker at the corner")
_WHAT = ("feeds the starter", "plans the garden", "reads about fermentation", "calls the landlord", "bakes")
_WHEN = ("on Sundays", "before work", "when the children sleep", "in the evening", "twice a month")
_WHY = ("because bread needs time", "as the doctor said", "so that nothing is forgotten", "for the feast")

DICTIONARY_BYTES = 2_048


def prose(seed: int, sentences: int = 6) -> dict[str, Any]:
    """A content with some sentences; the same for the same seed."""
    chance = random.Random(seed)
    said = [" ".join(map(chance.choice, (_WHO, _WHAT, _WHEN, _WHY))) for _ in range(sentences)]
    return {"speaker": chance.choice(_WHO), "text": f"{'. '.join(said)}.", "turn": seed}


@cache
def trained(seed: int = 0) -> bytes:
    """A dictionary of such contents; another one for another seed."""
    samples: list[bytes | bytearray | memoryview[int]] = [
        encode(prose(number)) for number in range(1_000 * seed, 1_000 * seed + 300)
    ]
    return zstandard.train_dictionary(DICTIONARY_BYTES, samples).as_bytes()
