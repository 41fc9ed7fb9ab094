"""Owns dictionaries: when one is due, how it is trained, and what it saves (pure)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Literal

from msgspec import Struct

from pjai_wire.records import Dictionary

LEVEL = 9
SHORT_LEVEL, SHORT_BYTES_MAX = 19, 512
"""At which the store packs, and what is short for it."""

COVER_SEGMENT_BYTES, COVER_BYTES = 128, 6
"""What a dictionary is put together of, and what is looked for in samples (COVER's k and d): of those from
32 to 2,048 and of 6 and 8 these saved most of real conversations, as turns, as sessions and in between."""

SAMPLES_MIN = 50
"""With fewer contents there is too little to learn from."""

SAMPLES_MAX = 2_000
SAMPLES_BYTES_MAX = 2 * 2**20

DICTIONARY_SHARE = 12
"""A dictionary is the so many-th part of what it is trained on: with more it would learn it by heart. It is
kept and sent compressed itself, at two fifths of that."""

DICTIONARY_BYTES_MIN, DICTIONARY_BYTES_MAX = 4 * 2**10, 64 * 2**10

HELD_OUT = 5
"""Every fifth sample is not trained on: what a dictionary saves is told by those."""

GROWTH = 4
"""A dictionary that learnt from few is replaced once there is so many times as much."""

DRIFT_CONTENTS_MIN = 500
DRIFT_SHARE = 0.8
"""Where so many contents saved less than this part of what the dictionary promised, another is due."""

SHRUNK_SHARE = 0.9
"""A content that takes more than this part of its size is left plain."""

Reason = Literal["first", "grown", "drifted"]


class Trained(Struct, frozen=True):
    """A dictionary that was trained."""

    data: bytes
    samples: int
    saved: float
    """Which part of the held-out samples' bytes it saves."""


class Saving:
    """What packing has saved.

    Args:
        most: of how many contents, the last ones; of all where it is None.
    """

    def __init__(self, most: int | None = None) -> None:
        self._sizes: deque[tuple[int, int]] = deque(maxlen=most)
        self._plain = 0
        self._packed = 0

    @property
    def contents(self) -> int:
        """Of how many contents this tells."""
        return len(self._sizes)

    @property
    def share(self) -> float:
        """Which part of the bytes; never less than nothing."""
        return max(0.0, 1 - self._packed / self._plain) if self._plain else 0.0

    def add(self, plain: int, packed: int) -> None:
        """A content took so many bytes, and takes so many now."""
        if self.contents == self._sizes.maxlen:
            first_plain, first_packed = self._sizes[0]
            self._plain -= first_plain
            self._packed -= first_packed
        packed = min(plain, packed)
        self._sizes.append((plain, packed))
        self._plain += plain
        self._packed += packed


class Packer:
    """What tells how small a content gets.

    Args:
        data: the dictionary's, compressed or not.
    """

    def __init__(self, data: bytes) -> None:
        # Imported by who packs: the steward starts, and mostly waits, without it.
        import zstandard

        if data.startswith(zstandard.FRAME_HEADER):
            data = zstandard.ZstdDecompressor().decompress(data)
        known = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        self._compressor, self._of_short = (
            zstandard.ZstdCompressor(
                dict_data=known,
                compression_params=zstandard.ZstdCompressionParameters.from_level(
                    level, dict_size=len(known), write_dict_id=False
                ),
            )
            for level in (LEVEL, SHORT_LEVEL)
        )

    def sizes(self, contents: Iterable[bytes]) -> list[int]:
        """How many bytes each content takes when it is packed."""
        return [
            len((self._of_short if len(content) <= SHORT_BYTES_MAX else self._compressor).compress(content))
            for content in contents
        ]


def learnt_from_few(dictionary: Dictionary) -> bool:
    """Whether another one could learn more."""
    return dictionary.samples < SAMPLES_MAX


def due(last: Dictionary | None, untried: int, packed: int, lately: Saving) -> Reason | None:
    """Why a dictionary is to be trained; None where the last one does.

    Args:
        last: the last dictionary.
        untried: how many contents are to be packed.
        packed: how many were packed with the last one, where that learnt from few.
        lately: what it saved lately.
    """
    if last is None:
        return "first" if untried >= SAMPLES_MIN else None
    if learnt_from_few(last) and untried + packed >= GROWTH * last.samples:
        return "grown"
    if lately.contents >= DRIFT_CONTENTS_MIN and lately.share < DRIFT_SHARE * last.saved:
        return "drifted"
    return None


def trained(samples: Sequence[bytes]) -> Trained | None:
    """A dictionary of what some contents have in common; None where that is too little."""
    import zstandard

    learnt: list[bytes | bytearray | memoryview[int]] = []
    held_out: list[bytes] = []
    for number, sample in enumerate(samples, start=1):
        if number % HELD_OUT:
            learnt.append(sample)
        else:
            held_out.append(sample)
    size = sum(map(len, samples)) // DICTIONARY_SHARE
    size = max(DICTIONARY_BYTES_MIN, min(size, DICTIONARY_BYTES_MAX))
    try:
        data = zstandard.train_dictionary(
            size, learnt, level=SHORT_LEVEL, k=COVER_SEGMENT_BYTES, d=COVER_BYTES
        ).as_bytes()
    except zstandard.ZstdError:
        return None
    saving = Saving()
    for content, packed in zip(held_out, Packer(data).sizes(held_out), strict=True):
        saving.add(len(content), packed)
    return Trained(zstandard.ZstdCompressor(level=SHORT_LEVEL).compress(data), len(samples), saving.share)
