"""Owns the way from MessagePack to typed structs, and says what is wrong with a message that does not fit."""

from __future__ import annotations

import re
from typing import Any, Generic, TypeVar

import msgspec
from msgspec import inspect as schema

from pjai_wire import limits
from pjai_wire.conform import conform
from pjai_wire.errors import InvalidValue, Malformed, UnknownField

T = TypeVar("T")

SECOND_LOOK_BYTES_MAX = limits.EVENT_BYTES_MAX
"""Without types a message takes many times its size in memory."""

# Greedy, because the value that msgspec quotes may itself look like the place that stands behind it.
_QUOTED_VALUE = re.compile(r"Invalid (?:enum )?value (?:.*(?= - at `\$[^`]*`\Z)|.*)", re.DOTALL)

ERROR_CHARACTERS_MAX = 300

encode = msgspec.msgpack.Encoder().encode
"""MessagePack of any value of the contract."""


class Decoder(Generic[T]):
    """Decodes one type, strictly: unknown fields and wrong types are errors that say where.

    Args:
        kind: the type to decode.
        root: what error messages call the message itself.
    """

    def __init__(self, kind: type[T], root: str = "request") -> None:
        self._kind = kind
        self._root = root
        self._decoder = msgspec.msgpack.Decoder(kind)
        self._declared: schema.Type | None = None

    def decode(self, data: bytes | memoryview | msgspec.Raw) -> T:
        """The value that `data` encodes.

        Raises:
            Malformed: not MessagePack, or nested too deeply.
            UnknownField: a struct has fields that the contract lacks.
            InvalidValue: a value of the wrong type or outside its limits.
        """
        try:
            return self._decoder.decode(data)
        except msgspec.ValidationError as problem:
            if len(memoryview(data)) > SECOND_LOOK_BYTES_MAX:
                raise self._invalid(problem) from None
            return self._second_look(data)
        except RecursionError:
            raise Malformed("the message is nested too deeply") from None
        except (msgspec.DecodeError, UnicodeError):
            raise Malformed("the message is not MessagePack", hint="one map, its text in UTF-8") from None

    def _second_look(self, data: bytes | memoryview | msgspec.Raw) -> T:
        if self._declared is None:
            self._declared = schema.type_info(self._kind)
        unknown: list[str] = []
        try:
            untyped = msgspec.msgpack.decode(data)
            fitting = conform(self._declared, untyped, self._root, unknown)
            if unknown:
                raise UnknownField(f"unknown: {', '.join(unknown[:20])}", hint="PROTOCOL.md names the fields")
            # Without `builtin_types` text would pass for binary, as base64.
            return msgspec.convert(fitting, self._kind, builtin_types=(bytes,))
        except msgspec.ValidationError as problem:
            raise self._invalid(problem) from None
        except RecursionError:
            raise Malformed("the message is nested too deeply") from None
        except (msgspec.DecodeError, UnicodeError, TypeError, ValueError):
            raise Malformed("the message has keys or values that the contract does not know") from None

    def _invalid(self, problem: msgspec.ValidationError) -> InvalidValue:
        """The error that says where the problem is, without the value that it quotes."""
        text = _QUOTED_VALUE.sub("Not one of the known values", str(problem))
        said = text.replace("`$", f"`{self._root}")[:ERROR_CHARACTERS_MAX]
        return InvalidValue(said, hint="PROTOCOL.md gives the type")


def decode_any(data: bytes | memoryview | msgspec.Raw) -> Any:
    """The value that `data` encodes, without a type.

    Raises:
        Malformed: not MessagePack, or nested too deeply.
    """
    try:
        return msgspec.msgpack.decode(data)
    except (msgspec.MsgspecError, RecursionError, ValueError, TypeError):
        raise Malformed("the message is not MessagePack") from None
