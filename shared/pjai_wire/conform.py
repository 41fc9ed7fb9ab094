"""Owns the second look at a message that did not fit its type at first.

Some encoders send every large integer as a float64 (a common JavaScript one does so past 2^32, hence every
instant), and msgspec tells of one unknown field at a time. So a message that fails is read without types
and walked along its type: integral floats become integers where integers are asked, structs lose nothing,
and all unknown fields are collected.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Raw
from msgspec import inspect as schema

from pjai_wire import limits


def conform(declared: schema.Type, value: Any, path: str, unknown: list[str]) -> Any:
    """A copy of `value` with integers where `declared` asks for them.

    Args:
        declared: the type that the value should have.
        value: what MessagePack said, without types.
        path: where in the message the value stands.
        unknown: receives the path of each field that a struct does not have.
    """
    match declared:
        case schema.Metadata(type=inner):
            return conform(inner, value, path, unknown)
        case schema.IntType() if _is_exact_integer(value):
            return int(value)
        case schema.RawType():
            return Raw(msgspec.msgpack.encode(value))
        case schema.UnionType(types=kinds):
            return conform(_chosen(kinds, value), value, path, unknown)
        case schema.StructType(array_like=False) if isinstance(value, dict):
            return _struct(declared, value, path, unknown)
        case schema.DictType(value_type=inner) if isinstance(value, dict):
            return {key: conform(inner, item, f"{path}.{key}", unknown) for key, item in value.items()}
        case schema.TupleType(item_types=kinds) if isinstance(value, list) and len(value) == len(kinds):
            return [
                conform(kind, item, f"{path}[{index}]", unknown)
                for index, (kind, item) in enumerate(zip(kinds, value, strict=True))
            ]
        case schema.VarTupleType(item_type=inner) | schema.ListType(item_type=inner) if isinstance(
            value, list
        ):
            return [conform(inner, item, f"{path}[{index}]", unknown) for index, item in enumerate(value)]
        case _:
            return value


def _is_exact_integer(value: Any) -> bool:
    """Whether a value is a float that stands for one integer alone, which larger ones do not."""
    return isinstance(value, float) and value.is_integer() and abs(value) <= limits.INTEGER_MAX


def _struct(
    declared: schema.StructType, value: dict[Any, Any], path: str, unknown: list[str]
) -> dict[Any, Any]:
    fields = {field.encode_name: field.type for field in declared.fields}
    if declared.forbid_unknown_fields:
        unknown.extend(f"{path}.{key}"[:200] for key in value if key not in fields)
    return {
        key: conform(fields[key], item, f"{path}.{key}", unknown) if key in fields else item
        for key, item in value.items()
    }


def _chosen(kinds: tuple[schema.Type, ...], value: Any) -> schema.Type:
    """The member of a union that a value of this shape is about."""
    plain = [kind.type if isinstance(kind, schema.Metadata) else kind for kind in kinds]
    shapes: tuple[type[schema.Type], ...]
    match value:
        case dict():
            shapes = (schema.StructType, schema.DictType)
        case list():
            shapes = (schema.TupleType, schema.VarTupleType, schema.ListType)
        case _:
            shapes = (schema.IntType,)
    return next((kind for kind in plain if isinstance(kind, shapes)), schema.AnyType())
