"""Owns the form of packed values: one Zstandard frame, told from a plain value by its first byte (pure).

A plain value is the MessagePack in which it travels; a free map begins with 80 to 8f, de or df. A packed one
is a MessagePack extension, with which no value of the contract begins:

    c7 length(1) | c8 length(2) | c9 length(4)     the extension's header, its length big-endian

Of a short one's frame all is left out that follows from the rest, which is a part of it that can be felt:

    5b | 5c                                        its type
    version(1)                                     of the dictionary
    check(2)                                       the lower half of the plain value's CRC-32, big-endian
    size(1 | 2)                                    of the plain value, as the frame's header has it
    block                                          the frame's only one, compressed, without its header

Any other, and all that earlier programs packed:

    5a                                             its type
    version(2)                                     of the dictionary, big-endian
    frame                                          without magic number, with the plain size and a checksum
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cached_property, partial
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeGuard
from zlib import crc32

from pjai_wire import limits

if TYPE_CHECKING:
    from zstandard import ZstdCompressor

PLAIN_BYTES_MAX = limits.EVENT_BYTES_MAX
"""What is larger is not packed: some values take more as they are stored than in the event that brought them,
which may hold numbers in half the bytes."""

LEVEL = 9
"""Of Zstandard's 22: a kilobyte takes some 30 µs; 19 takes four times as long and saves a hundredth more."""

SHORT_BYTES_MAX = 512
SHORT_LEVEL = 19
"""What is so short is packed in 20 µs at this level, which saves two hundredths more."""

_EXTENSIONS: Final = {0xC7: 1, 0xC8: 2, 0xC9: 4}
"""The first byte of a packed value, and how many bytes its length takes."""

_first = itemgetter(0)

_FRAME: Final = 0x5A
_VERSION_BYTES: Final = 2

_BLOCKS: Final = {0x5B: (b"\x20", 1), 0x5C: (b"\x60", 2)}
"""By the type: what begins the frame's header, and how many bytes its size takes (RFC 8878, 3.1.1.1)."""

_CHECK_BYTES: Final = 2
_CHECK_MASK: Final = 0xFFFF
_BLOCK_AT: Final = 1 + _CHECK_BYTES
"""Where the size of a block's form stands."""

_BLOCK_HEADER_BYTES: Final = 3
_LAST_COMPRESSED: Final = 0b101
"""The lower bits of a block's header: it is the last one, and compressed (RFC 8878, 3.1.1.2)."""

_SIZE_BIAS: Final = 256
"""What a size of two bytes stands for when it is zero."""

_BLOCK_VERSION_MAX: Final = 255
_BLOCK_BYTES_MAX: Final = 128 * 2**10

_FRAME_MAGIC: Final = bytes.fromhex("28b52ffd")


class Damaged(Exception):
    """A packed value is not what was packed."""


def is_packed(stored: object) -> TypeGuard[bytes]:
    """Whether a stored value is packed."""
    return isinstance(stored, bytes) and stored[0] in _EXTENSIONS


def is_any_packed(stored: Iterable[bytes]) -> bool:
    """Whether one of many stored values is; a C loop."""
    return not _EXTENSIONS.keys().isdisjoint(map(_first, stored))


def version_of(packed: bytes) -> int:
    """The version of the dictionary that a packed value needs.

    Raises:
        Damaged: it is not whole.
    """
    kind, at = _opened(packed)
    return int.from_bytes(packed[at : at + _VERSION_BYTES]) if kind == _FRAME else packed[at]


def plain_bytes(packed: bytes) -> int:
    """How long a packed value is once it is unpacked, which it tells itself.

    Raises:
        Damaged: it is not whole.
    """
    kind, at = _opened(packed)
    if kind == _FRAME:
        return _content_size(packed[at + _VERSION_BYTES :])
    width, at = _BLOCKS[kind][1], at + _BLOCK_AT
    size = int.from_bytes(packed[at : at + width], "little")
    return size if width == 1 else size + _SIZE_BIAS


class Dictionary:
    """What packs values, and unpacks them.

    Used by one thread at a time. What Zstandard needs is made when it is first asked for, and kept.

    Args:
        version: of the dictionary.
        data: what was trained.
    """

    def __init__(self, version: int, data: bytes) -> None:
        # Imported when something packed is met: a store without that does without the library.
        import zstandard

        self._version = version
        if data.startswith(_FRAME_MAGIC):
            data = _unwrapped(data)
        self._data = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        self._compressors: dict[tuple[int, bool], ZstdCompressor] = {}
        self._problem = zstandard.ZstdError

    @cached_property
    def _decompress(self) -> Callable[[bytes], bytes]:
        import zstandard

        decompressor = zstandard.ZstdDecompressor(
            dict_data=self._data, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        )
        return partial(decompressor.decompress, allow_extra_data=False)

    def check(self) -> None:
        """Makes sure that it packs.

        Raises:
            ValueError: what was said to be trained is no dictionary.
        """
        import zstandard

        try:
            self._data.precompute_compress(level=LEVEL)
        except zstandard.ZstdError:
            raise ValueError("not a dictionary of Zstandard's") from None

    def pack(self, plain: bytes) -> bytes:
        """A value, packed; nothing promises that it is the shorter."""
        if self._version <= _BLOCK_VERSION_MAX and len(plain) <= SHORT_BYTES_MAX:
            frame = self._compressor(SHORT_LEVEL, is_checked=False).compress(plain)
            for kind, (header, width) in _BLOCKS.items():
                if frame.startswith(header) and (block := _only_block(frame, len(header) + width)):
                    check = (crc32(plain) & _CHECK_MASK).to_bytes(_CHECK_BYTES)
                    size = frame[len(header) : len(header) + width]
                    return _extension(kind, self._version.to_bytes(1) + check + size + block)
        frame = self._compressor(LEVEL, is_checked=True).compress(plain)
        return _extension(_FRAME, self._version.to_bytes(_VERSION_BYTES) + frame)

    def unpack(self, packed: bytes) -> bytes:
        """What was packed.

        Raises:
            Damaged: it is not whole, or says that it is larger than anything that is ever packed.
        """
        kind, at = _opened(packed)
        if kind == _FRAME:
            frame = packed[at + _VERSION_BYTES :]
            if _content_size(frame) > PLAIN_BYTES_MAX:
                raise Damaged("its size is more than anything that is packed has")
            plain = self._decompressed(frame)
        else:
            plain = self._decompressed(_framed(kind, packed, at + _BLOCK_AT))
            if crc32(plain) & _CHECK_MASK != packed[at + 1] << 8 | packed[at + 2]:
                raise Damaged("it is not what was packed")
        if not plain or is_packed(plain):
            raise Damaged("what it holds is no plain value")
        return plain

    def _decompressed(self, frame: bytes) -> bytes:
        try:
            return self._decompress(frame)
        except self._problem:
            raise Damaged("it does not decompress") from None

    def _compressor(self, level: int, *, is_checked: bool) -> ZstdCompressor:
        import zstandard

        known = self._compressors.get((level, is_checked))
        if known is None:
            parameters = zstandard.ZstdCompressionParameters.from_level(
                level,
                dict_size=len(self._data),
                format=zstandard.FORMAT_ZSTD1_MAGICLESS,
                write_dict_id=False,
                write_checksum=is_checked,
            )
            known = zstandard.ZstdCompressor(dict_data=self._data, compression_params=parameters)
            self._compressors[level, is_checked] = known
        return known


def _content_size(frame: bytes) -> int:
    import zstandard

    try:
        told: int = zstandard.get_frame_parameters(
            frame, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        ).content_size
    except zstandard.ZstdError:
        raise Damaged("it is no frame") from None
    return told


def _unwrapped(data: bytes) -> bytes:
    """A dictionary that came as a frame.

    Raises:
        ValueError: the frame is damaged, or holds more than a dictionary may have.
    """
    import zstandard

    try:
        if zstandard.get_frame_parameters(data).content_size <= limits.DICTIONARY_BYTES_MAX:
            return zstandard.ZstdDecompressor().decompress(data, allow_extra_data=False)
    except zstandard.ZstdError:
        pass
    raise ValueError("not a dictionary of Zstandard's")


def _only_block(frame: bytes, at: int) -> bytes:
    """What a frame's one block holds, which begins there; nothing where there are more, or it is plain."""
    block = frame[at + _BLOCK_HEADER_BYTES :]
    return block if frame[at : at + _BLOCK_HEADER_BYTES] == _block_header(block) else b""


def _block_header(block: bytes) -> bytes:
    return (len(block) << 3 | _LAST_COMPRESSED).to_bytes(_BLOCK_HEADER_BYTES, "little")


def _framed(kind: int, packed: bytes, at: int) -> bytes:
    """The frame of a value of which a block was kept, and its size, which stands there.

    Raises:
        Damaged: there is none.
    """
    header, width = _BLOCKS[kind]
    block = packed[at + width :]
    if not 0 < len(block) <= _BLOCK_BYTES_MAX:
        raise Damaged("it is not whole")
    return header + packed[at : at + width] + _block_header(block) + block


def _extension(kind: int, payload: bytes) -> bytes:
    first, width = next(
        (first, width) for first, width in _EXTENSIONS.items() if len(payload) < 1 << 8 * width
    )
    return b"%c%b%c%b" % (first, len(payload).to_bytes(width), kind, payload)


def _opened(packed: bytes) -> tuple[int, int]:
    """A packed value's type, and where its payload begins.

    Raises:
        Damaged: it is not as long as it says, or something else.
    """
    width = _EXTENSIONS[packed[0]]
    start = 1 + width + 1
    length = int.from_bytes(packed[1 : 1 + width])
    kind = packed[start - 1] if len(packed) == start + length > start + _VERSION_BYTES else None
    if kind != _FRAME and kind not in _BLOCKS:
        raise Damaged("it is not whole")
    return kind, start
