"""Owns columns: what a record's field means to a query, and the conditions and orders made of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Final, Literal

from msgspec import Struct
from msgspec import inspect as schema

from pjai_wire.query import Condition, Direction, Operator

Kind = Literal["text", "integer", "real", "boolean", "list", "document", "vector", "binary", "gathered"]
"""How a column is stored and compared; `list` and `document` are MessagePack, `gathered` is other rows."""


BULKY_CHARACTERS = 2_000
_BULKY: frozenset[Kind] = frozenset({"list", "document", "vector", "binary", "gathered"})


class Compared(tuple[str, Operator, Any]):
    """A comparison as the builder makes it, which is neither true nor false.

    Python's `and`, `or` and chained comparisons would silently drop all but one of their conditions.
    """

    __slots__ = ()

    def __bool__(self) -> bool:
        raise TypeError("a condition is neither true nor false: join conditions with both() or either()")


class Ordering(Struct, frozen=True):
    """A column and a direction."""

    column: str
    direction: Direction


class Column:
    """A column of a table; comparing it makes a condition."""

    def __init__(self, python_name: str, name: str, declared: schema.Type) -> None:
        self.python_name: Final = python_name
        self.name: Final = name
        self.extra: Final = _extra(declared)
        self.type: Final = _plain(declared)
        self.nullable: Final = _nullable(declared)
        self.kind: Final[Kind] = _kind(self.type, self.extra)
        self.on_request: Final = bool(self.extra.get("on_request"))
        self.is_bulky: Final = self.kind in _BULKY or _longest(self.type) > BULKY_CHARACTERS
        """Whether a value may be so large that a thousand of them are felt."""
        self.choices: Final = self.type.values if isinstance(self.type, schema.LiteralType) else ()

    def __repr__(self) -> str:
        return f"<column {self.name}: {self.kind}>"

    def _compared(self, operator: Operator, value: object) -> Condition:
        return Compared((self.name, operator, value))

    def __eq__(self, value: object) -> Condition:  # type: ignore[override] # a comparison makes a condition
        return self._compared("=", value)

    def __ne__(self, value: object) -> Condition:  # type: ignore[override] # a comparison makes a condition
        return self._compared("!=", value)

    def __lt__(self, value: object) -> Condition:
        return self._compared("<", value)

    def __le__(self, value: object) -> Condition:
        return self._compared("<=", value)

    def __gt__(self, value: object) -> Condition:
        return self._compared(">", value)

    def __ge__(self, value: object) -> Condition:
        return self._compared(">=", value)

    __hash__ = None  # type: ignore[assignment] # equality makes a condition, so a column is no key

    def in_(self, values: Iterable[object]) -> Condition:
        """The column has one of `values`."""
        return self._compared("in", list(values))

    def not_in(self, values: Iterable[object]) -> Condition:
        """The column has none of `values`."""
        return self._compared("not_in", list(values))

    def like(self, pattern: str) -> Condition:
        """The text fits `pattern`: `%` is any text, `_` any character; case of ASCII letters ignored."""
        return self._compared("like", pattern)

    def contains(self, part: str) -> Condition:
        """The text has `part` in it, or the list has it as a member."""
        return self._compared("contains", part)

    def is_null(self, answer: bool = True) -> Condition:
        """The column has no value, or with `answer=False` has one."""
        return self._compared("is_null", answer)

    def asc(self) -> Ordering:
        """Smallest first."""
        return Ordering(self.name, "asc")

    def desc(self) -> Ordering:
        """Largest first."""
        return Ordering(self.name, "desc")

    def __add__(self, amount: int) -> Increment:
        return Increment(self.python_name, amount)

    def __sub__(self, amount: int) -> Increment:
        return Increment(self.python_name, -amount)


class Increment(Struct, frozen=True):
    """A column's own value plus an amount, for materializers."""

    column: str
    amount: int


def _extra(declared: schema.Type) -> Mapping[str, object]:
    return declared.extra or {} if isinstance(declared, schema.Metadata) else {}


def _plain(declared: schema.Type) -> schema.Type:
    """The type without its metadata and without None."""
    if isinstance(declared, schema.Metadata):
        return _plain(declared.type)
    if isinstance(declared, schema.UnionType):
        (present,) = (kind for kind in declared.types if not isinstance(kind, schema.NoneType))
        return _plain(present)
    return declared


def _nullable(declared: schema.Type) -> bool:
    if isinstance(declared, schema.Metadata):
        return _nullable(declared.type)
    return isinstance(declared, schema.UnionType) and declared.includes_none


def _longest(plain: schema.Type) -> int:
    return plain.max_length or 0 if isinstance(plain, schema.StrType) else 0


_KINDS: tuple[tuple[type[schema.Type], Kind], ...] = (
    (schema.StrType, "text"),
    (schema.LiteralType, "text"),
    (schema.BoolType, "boolean"),
    (schema.IntType, "integer"),
    (schema.FloatType, "real"),
    (schema.BytesType, "vector"),
    (schema.VarTupleType, "list"),
    (schema.Type, "document"),
)


def _kind(plain: schema.Type, extra: Mapping[str, object]) -> Kind:
    if extra.get("gathered"):
        return "gathered"
    if extra.get("binary"):
        return "binary"
    return next(kind for declared, kind in _KINDS if isinstance(plain, declared))
