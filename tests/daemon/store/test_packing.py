"""Tests of the form of packed values: what comes out is what went in, and what is damaged is found so."""

from __future__ import annotations

import random
from contextlib import suppress
from typing import Any

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from pjai_wire import limits
from pjai_wire.codec import encode
from pjaid.store.packing import (
    PLAIN_BYTES_MAX,
    Damaged,
    Dictionary,
    is_any_packed,
    is_packed,
    plain_bytes,
    version_of,
)
from tests.prose import prose, trained
from tests.strategies import documents

FIRST, SECOND = Dictionary(1, trained(0)), Dictionary(2, trained(1))
PACKED = FIRST.pack(encode(prose(7)))

contents = (
    documents | st.integers(0, 500).map(prose) | st.binary(max_size=70_000).map(lambda data: {"d": data})
)


@given(content=contents)
def test_any_content_comes_out_as_it_went_in(content: dict[str, Any]) -> None:
    plain = encode(content)
    packed = FIRST.pack(plain)
    assert FIRST.unpack(packed) == plain
    assert is_packed(packed)
    assert version_of(packed) == 1


@given(content=contents)
def test_no_content_looks_packed(content: dict[str, Any]) -> None:
    assert not is_packed(encode(content))


@given(packed=st.lists(st.booleans(), max_size=5))
def test_a_packed_value_is_found_among_others(packed: list[bool]) -> None:
    plain = encode({})
    assert is_any_packed([FIRST.pack(plain) if one else plain for one in packed]) == any(packed)


@pytest.mark.parametrize("size", [1, 127, 255, 256, 257, 2_048, 2_049, 65_791, 65_792, 200_000])
@pytest.mark.parametrize("version", [1, 255, 256, 65_535])
def test_values_of_any_size_tell_how_long_they_are(size: int, version: int) -> None:
    known = Dictionary(version, trained())
    for plain in (b"\x80" * size, bytes([0x80]) + random.Random(size).randbytes(size - 1)):
        packed = known.pack(plain)
        assert (version_of(packed), plain_bytes(packed)) == (version, size)
        assert known.unpack(packed) == plain


@given(content=contents)
def test_what_an_earlier_program_packed_comes_out(content: dict[str, Any]) -> None:
    plain = encode(content)
    parameters = zstandard.ZstdCompressionParameters.from_level(
        9, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_dict_id=False, write_checksum=True
    )
    data = zstandard.ZstdCompressionDict(trained(), dict_type=zstandard.DICT_TYPE_FULLDICT)
    frame = zstandard.ZstdCompressor(dict_data=data, compression_params=parameters).compress(plain)
    payload = (1).to_bytes(2) + frame
    first, width = next((first, n) for first, n in ((0xC7, 1), (0xC8, 2), (0xC9, 4)) if len(payload) < 256**n)
    packed = b"%c%b\x5a%b" % (first, len(payload).to_bytes(width), payload)
    assert is_packed(packed)
    assert (version_of(packed), plain_bytes(packed), FIRST.unpack(packed)) == (1, len(plain), plain)


def test_a_short_value_takes_little_beside_what_it_holds() -> None:
    plain = encode(prose(7))
    parameters = zstandard.ZstdCompressionParameters.from_level(
        9, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_dict_id=False, write_checksum=True
    )
    data = zstandard.ZstdCompressionDict(trained(), dict_type=zstandard.DICT_TYPE_FULLDICT)
    whole = zstandard.ZstdCompressor(dict_data=data, compression_params=parameters).compress(plain)
    assert len(PACKED) < len(whole)


def test_prose_takes_less_than_half() -> None:
    assert len(PACKED) < len(encode(prose(7))) / 2


@given(at=st.integers(0, len(PACKED) - 1), bit=st.integers(0, 7))
def test_a_wrong_bit_never_makes_another_value(at: int, bit: int) -> None:
    wrong = bytearray(PACKED)
    wrong[at] ^= 1 << bit
    if not is_packed(bytes(wrong)):
        return  # Authentication of the database's pages keeps that bit from turning.
    with suppress(Damaged):
        # Some bits of a frame mean nothing.
        assert FIRST.unpack(bytes(wrong)) == encode(prose(7))


@given(kept=st.integers(1, len(PACKED) - 1))
def test_a_value_that_was_cut_off_is_damaged(kept: int) -> None:
    with pytest.raises(Damaged):
        FIRST.unpack(PACKED[:kept])


def test_a_value_with_something_behind_it_is_damaged() -> None:
    with pytest.raises(Damaged):
        FIRST.unpack(PACKED + b"\0")


def test_the_wrong_dictionary_is_noticed() -> None:
    with pytest.raises(Damaged):
        SECOND.unpack(PACKED)


@pytest.mark.parametrize("size", [PLAIN_BYTES_MAX + 1, 2**31])
def test_a_bomb_is_not_unpacked(size: int) -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        3, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_checksum=True
    )
    bomb = zstandard.ZstdCompressor(compression_params=parameters).compressobj(size=size)
    frame = bomb.compress(bytes(min(size, 2**24)))
    if size <= 2**24:
        frame += bomb.flush()
    else:
        frame += bomb.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
    payload = (1).to_bytes(2) + frame
    with pytest.raises(Damaged, match="its size is more"):
        FIRST.unpack(b"\xc9" + len(payload).to_bytes(4) + b"\x5a" + payload)


def test_a_frame_that_does_not_tell_its_size_is_not_unpacked() -> None:
    parameters = zstandard.ZstdCompressionParameters.from_level(
        3, format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=False
    )
    payload = (1).to_bytes(2) + zstandard.ZstdCompressor(compression_params=parameters).compress(b"\x80" * 99)
    with pytest.raises(Damaged):
        FIRST.unpack(b"\xc7" + len(payload).to_bytes(1) + b"\x5a" + payload)


def test_the_largest_content_is_packed_and_comes_out() -> None:
    plain = encode({"text": "x" * (PLAIN_BYTES_MAX - 12)})
    assert len(plain) <= PLAIN_BYTES_MAX
    assert FIRST.unpack(FIRST.pack(plain)) == plain


@pytest.mark.parametrize("data", [b"x", b"bread " * 100, bytes.fromhex("37a430ec"), trained()[:100]])
def test_what_is_no_dictionary_is_found_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a dictionary"):
        Dictionary(1, data).check()


def test_a_trained_dictionary_passes() -> None:
    Dictionary(1, trained()).check()


def test_a_dictionary_may_come_compressed_itself() -> None:
    other = Dictionary(1, zstandard.ZstdCompressor().compress(trained()))
    other.check()
    assert other.unpack(PACKED) == encode(prose(7))


@pytest.mark.parametrize(
    "data",
    [
        zstandard.ZstdCompressor().compress(bytes(limits.DICTIONARY_BYTES_MAX + 1)),
        zstandard.ZstdCompressor().compress(trained())[:-1],
        zstandard.ZstdCompressor(write_content_size=False).compress(trained()),
        bytes.fromhex("28b52ffd"),
    ],
)
def test_what_is_no_compressed_dictionary_is_found_so(data: bytes) -> None:
    with pytest.raises(ValueError, match="not a dictionary"):
        Dictionary(1, data)
