"""Owns the form of packed values: one Zstandard frame, told from a plain value by its first byte (pure).

A plain value is the MessagePack in which it travels; a free map begins with 80 to 8f, de or df. A packed one
is a MessagePack extension, with which no value of the contract begins:

    c7 length(1) | c8 length(2) | c9 length(4)     the extension's header, its length big-endian
    5a                                             its type
    version(2)                                     of the dictionary, big-endian
    frame                                          without magic number, with the plain size and a checksum
"""

from __future__ import annotations

from collections.abc import Iterable
from operator import itemgetter
from typing import TYPE_CHECKING, Final, TypeGuard

from pjai_wire import limits

if TYPE_CHECKING:
    from zstandard import ZstdCompressor, ZstdDecompressor

PLAIN_BYTES_MAX = limits.EVENT_BYTES_MAX
"""What is larger is not packed: some values take more as they are stored than in the event that brought them,
which may hold numbers in half the bytes."""

LEVEL = 9
"""Of Zstandard's 22: a kilobyte takes some 30 µs; 19 takes four times as long and saves a hundredth more."""

_EXTENSIONS: Final = {0xC7: 1, 0xC8: 2, 0xC9: 4}
"""The first byte of a packed value, and how many bytes its length takes."""

_first = itemgetter(0)

_TYPE: Final = 0x5A
_VERSION_BYTES: Final = 2


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
    return int.from_bytes(packed[(start := _payload_at(packed)) : start + _VERSION_BYTES])


def plain_bytes(packed: bytes) -> int:
    """How long a packed value is once it is unpacked, which its frame tells.

    Raises:
        Damaged: it is not whole.
    """
    import zstandard

    frame = memoryview(packed)[_payload_at(packed) + _VERSION_BYTES :]
    try:
        size: int = zstandard.get_frame_parameters(
            frame, format=zstandard.FORMAT_ZSTD1_MAGICLESS
        ).content_size
    except zstandard.ZstdError:
        raise Damaged("it is no frame") from None
    return size


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

        self._version = version.to_bytes(_VERSION_BYTES)
        self._data = zstandard.ZstdCompressionDict(data, dict_type=zstandard.DICT_TYPE_FULLDICT)
        self._compressor: ZstdCompressor | None = None
        self._decompressor: ZstdDecompressor | None = None

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
        import zstandard

        if self._compressor is None:
            parameters = zstandard.ZstdCompressionParameters.from_level(
                LEVEL,
                dict_size=len(self._data),
                format=zstandard.FORMAT_ZSTD1_MAGICLESS,
                write_dict_id=False,
                write_checksum=True,
            )
            self._compressor = zstandard.ZstdCompressor(dict_data=self._data, compression_params=parameters)
        payload = self._version + self._compressor.compress(plain)
        first, width = next(
            (first, width) for first, width in _EXTENSIONS.items() if len(payload) < 1 << 8 * width
        )
        return b"%c%b%c%b" % (first, len(payload).to_bytes(width), _TYPE, payload)

    def unpack(self, packed: bytes) -> bytes:
        """What was packed.

        Raises:
            Damaged: it is not whole, or says that it is larger than anything that is ever packed.
        """
        import zstandard

        frame = memoryview(packed)[_payload_at(packed) + _VERSION_BYTES :]
        if self._decompressor is None:
            self._decompressor = zstandard.ZstdDecompressor(
                dict_data=self._data, format=zstandard.FORMAT_ZSTD1_MAGICLESS
            )
        try:
            size = zstandard.get_frame_parameters(frame, format=zstandard.FORMAT_ZSTD1_MAGICLESS).content_size
            if size > PLAIN_BYTES_MAX:
                raise Damaged("its size is more than anything that is packed has")
            plain = self._decompressor.decompress(frame, allow_extra_data=False)
        except zstandard.ZstdError:
            raise Damaged("it does not decompress") from None
        if not plain or is_packed(plain):
            raise Damaged("what it holds is no plain value")
        return plain


def _payload_at(packed: bytes) -> int:
    """Where the payload begins.

    Raises:
        Damaged: it is not as long as it says, or something else.
    """
    width = _EXTENSIONS[packed[0]]
    start = 1 + width + 1
    length = int.from_bytes(packed[1 : 1 + width])
    if len(packed) != start + length or length <= _VERSION_BYTES or packed[start - 1] != _TYPE:
        raise Damaged("it is not whole")
    return start
