"""Owns the JSON Schemas of the contract's types, with what the source says of each field.

They are in the dialect of AsyncAPI 3.0, which is JSON Schema draft 7.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import msgspec
from msgspec import Raw, Struct, structs

from pjai_wire.envelope import LiveUpdate, Reply, Request
from pjai_wire.events import EVENTS
from pjai_wire.feed import FeedUpdate
from pjai_wire.methods import METHODS
from pjai_wire.pulse import Pulse
from pjai_wire.tables import TABLES

Json = dict[str, Any]

_PLACE = "#/components/schemas/"


def reference(name: str) -> Json:
    """A reference to the schema called `name`."""
    return {"$ref": _PLACE + name}


def first_paragraph(kind: type) -> str:
    """The first paragraph of a type's docstring, on one line."""
    return " ".join(inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0].split())


def schemas() -> dict[str, Json]:
    """The schema of every type of the contract: an event's under its wire name, others' under the type's."""
    kinds = _kinds()
    references, components = msgspec.json.schema_components(kinds.values(), ref_template="{name}")
    names = {name: name.removeprefix("_").removesuffix("_Raw_") for name in components}
    names |= {one["$ref"]: name for one, name in zip(references, kinds, strict=True)}
    named = {
        names[name]: _draft_7(schema, names) | {"title": names[name]} for name, schema in components.items()
    }
    wire_names: dict[type[Struct], str] = {kind: name for name, kind in EVENTS.items()}
    for kind in _declared(Struct):
        name = wire_names.get(kind, kind.__name__.removeprefix("_"))
        if name in named:
            _describe(named[name], kind)
    named["NewEvent"]["oneOf"] = [
        {"properties": {"name": {"const": name}, "args": reference(name)}} for name in EVENTS
    ]
    return named


def _kinds() -> dict[str, type[Struct]]:
    """The types that stand in the contract by themselves; those that they hold are found from them."""
    kinds: list[type[Struct]] = [Reply, LiveUpdate, FeedUpdate, Pulse]
    kinds += [kind for method in METHODS.values() for kind in (method.params, method.result)]
    kinds += [table.record for table in TABLES.values()]
    return {"Request": _request()} | {kind.__name__: kind for kind in kinds} | EVENTS


def _request() -> type[Struct]:
    """`Request` with a plain map for params, because msgspec makes no schema of a default that is Raw."""
    return msgspec.defstruct(
        "Request",
        [
            (field.name, dict[str, Any], msgspec.field(default_factory=dict))
            if field.type is Raw
            else (field.name, field.type, msgspec.field(default=field.default, name=field.encode_name))
            for field in structs.fields(Request)
        ],
        namespace={"__doc__": Request.__doc__},
        forbid_unknown_fields=True,
    )


def _declared(parent: type[Struct]) -> Iterator[type[Struct]]:
    """The structs that the package's source declares below `parent`."""
    for kind in parent.__subclasses__():
        if kind.__module__.startswith(f"{__package__}.") and kind.__module__ != __name__:
            yield kind
        yield from _declared(kind)


def _draft_7(node: Any, names: dict[str, str]) -> Any:
    """A schema in draft 7, which knows tuples by an older keyword than msgspec does."""
    match node:
        case {"$ref": str(name)}:
            return reference(names[name])
        case {"prefixItems": list(items), **others}:
            rest = {"additionalItems": others.pop("items")} if "items" in others else {}
            return _draft_7({**others, **rest, "items": items}, names)
        case dict():
            converted = {key: _draft_7(value, names) for key, value in node.items()}
            if isinstance(description := node.get("description"), str):
                converted["description"] = inspect.cleandoc(description)
            return converted
        case list():
            return [_draft_7(value, names) for value in node]
        case _:
            return node


def _describe(schema: Json, kind: type[Struct]) -> None:
    """Adds what the source says of each field; the places of a row or a change get their names."""
    sentences = _sentences(kind)
    fields = structs.fields(kind)
    if "items" in schema:
        places = schema["items"][-len(fields) :]
        for field, place in zip(fields, places, strict=True):
            place["title"] = field.encode_name
    else:
        places = [schema["properties"][field.encode_name] for field in fields]
    for field, place in zip(fields, places, strict=True):
        if field.name in sentences:
            place["description"] = sentences[field.name]


def _sentences(kind: type[Struct]) -> dict[str, str]:
    """The docstrings below a struct's fields, its ancestors' first."""
    sentences: dict[str, str] = {}
    for ancestor in reversed(kind.__mro__):
        if not ancestor.__module__.startswith(f"{__package__}."):
            continue
        (declaration,) = ast.parse(textwrap.dedent(inspect.getsource(ancestor))).body
        assert isinstance(declaration, ast.ClassDef)
        for above, below in pairwise(declaration.body):
            match above, below:
                case ast.AnnAssign(target=ast.Name(field)), ast.Expr(ast.Constant(str(sentence))):
                    sentences[field] = inspect.cleandoc(sentence)
    return sentences
