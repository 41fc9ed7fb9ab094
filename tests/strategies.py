"""Owns hypothesis strategies made from the contract: any event, any value of a field, any history."""

from __future__ import annotations

import struct
from typing import Any

from hypothesis import strategies as st
from msgspec import Raw
from msgspec import inspect as schema

from pjai_wire.codec import encode
from pjai_wire.events import EVENTS
from pjai_wire.fields import SEAL_BYTES
from pjai_wire.ids import new_id
from pjai_wire.methods import NewEvent
from tests.prose import prose, trained

PERSONAS = ("p1", "p2", "p3")
MEMORIES = ("m1", "m2", "m3", "m4", "m5")
_POOLS: dict[str, tuple[str, ...]] = {
    "Persona": PERSONAS,
    "MemoryEntity": MEMORIES,
    "MemoryPinned": MEMORIES,
    "MemoryUnpinned": MEMORIES,
    "Memories": PERSONAS,
    "Conversation": ("c1", "c2", "c3"),
    "Workflow": ("w1", "w2"),
    "Plugin": ("g1", "g2"),
    "Actor": ("actor.a", "actor.b"),
    "Embedder": ("actor.embedder",),
    "PageCache": ("readers",),
    "Index": ("auto_memories_by_type", "auto_personas_by_name"),
    "Statistics": ("memories",),
    "SystemConfig": ("s1", "s2"),
    "UserPreference": ("u1", "u2"),
    "Dictionary": ("d1", "d2"),
    "Warning": ("storage.a", "storage.b"),
}
_FIELD_POOLS: dict[str, tuple[str, ...]] = {
    "personaId": PERSONAS,
    "conversationId": ("c1", "c2", "c3"),
    "fromId": MEMORIES,
    "toId": MEMORIES,
    "ofTable": ("memories", "personas"),
}
_ID_POOLS: dict[str, tuple[str, ...]] = {
    "VectorsStored": ("memories", "messages"),
    "MemoryEntityLinked": ("l1", "l2", "l3"),
    "MemoryEntityUnlinked": ("l1", "l2", "l3"),
    "ConversationMessageAdded": tuple(f"x{n}" for n in range(8)),
}

texts = st.text(alphabet=st.characters(codec="utf-8"), max_size=12)
scalars = st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | texts
documents = st.dictionaries(texts, scalars | st.lists(scalars, max_size=3), max_size=3)


def values(declared: schema.Type) -> st.SearchStrategy[Any]:
    """Values, as they travel, of a type of the contract."""
    match declared:
        case schema.Metadata(type=inner):
            return values(inner)
        case schema.StrType(pattern=None, min_length=shortest, max_length=longest):
            return st.text(
                alphabet=st.characters(codec="utf-8"),
                min_size=shortest or 0,
                max_size=min(longest or 12, (shortest or 0) + 12),
            )
        case schema.StrType():
            return st.from_regex(r"[A-Za-z0-9]{1,10}", fullmatch=True)
        case schema.IntType(ge=least, le=most):
            return st.integers(least or 0, most or 2**53 - 1)
        case schema.FloatType(ge=least, le=most):
            return st.floats(least, most, allow_nan=False)
        case schema.BoolType():
            return st.booleans()
        case schema.NoneType():
            return st.none()
        case schema.LiteralType(values=choices):
            return st.sampled_from(choices)
        case schema.BytesType(min_length=least) if (least or 0) >= SEAL_BYTES:
            return st.binary(min_size=least or 0, max_size=SEAL_BYTES + 12)
        case schema.BytesType():
            return st.lists(st.floats(-1, 1, width=32), min_size=1, max_size=4).map(
                lambda numbers: struct.pack(f"<{len(numbers)}f", *numbers)
            )
        case schema.VarTupleType(item_type=inner):
            return st.lists(values(inner), max_size=3)
        case schema.DictType():
            return documents
        case schema.UnionType(types=kinds):
            return st.one_of([values(kind) for kind in kinds])
        case schema.StructType(fields=fields):
            return st.fixed_dictionaries({}, optional={f.encode_name: values(f.type) for f in fields})
        case _:
            return scalars | documents


def _arguments(name: str) -> st.SearchStrategy[dict[str, Any]]:
    event = name.partition(".")[2]
    declared = schema.type_info(EVENTS[name])
    assert isinstance(declared, schema.StructType)
    fields = {field.encode_name: values(field.type) for field in declared.fields}
    own = _ID_POOLS.get(event) or next(pool for prefix, pool in _POOLS.items() if event.startswith(prefix))
    fields["id"] = st.sampled_from(own)
    if "ids" in fields:
        fields["ids"] = st.lists(st.sampled_from(MEMORIES), min_size=1, max_size=2)
    if "before" in fields:
        fields["before"] = st.just(2**53 - 1)
    for field, pool in _FIELD_POOLS.items():
        if field in fields:
            fields[field] = st.sampled_from(pool)
    if "name" in fields and event.startswith("Persona"):
        fields["name"] = st.sampled_from(["Ada", "Bo", "Cy", "Di"])
    if event == "IndexProposed":
        fields["onColumns"] = st.sampled_from([["type"], ["name"]])
    if "version" in fields and event.startswith("Memory"):
        fields["version"] = st.integers(1, 4)
    required = {field.encode_name for field in declared.fields if field.required}
    if "dictionary" in fields:
        fields["dictionary"] = st.integers(1, 2)
    if event.startswith("Dictionary"):
        fields["version"] = st.integers(1, 2)
        fields["data"] = st.integers(0, 1).map(trained)
    if "content" in fields and event.startswith("Memory"):
        fields["content"] = documents | st.integers(0, 9).map(prose)
    if "embedding" in fields:
        required.add("embeddingModel")
        fields["embeddingModel"] = st.just("model")
    return st.fixed_dictionaries(
        {name: fields[name] for name in sorted(required)},
        optional={name: strategy for name, strategy in fields.items() if name not in required},
    )


_COMMON = (
    "v1.PersonaCreated",
    "v1.MemoryEntityCreated",
    "v1.ConversationStarted",
    "v1.ConversationMessageAdded",
)
events: st.SearchStrategy[tuple[str, dict[str, Any]]] = st.sampled_from(
    [*sorted(EVENTS), *(_COMMON * 3)]
).flatmap(lambda name: st.tuples(st.just(name), _arguments(name)))
"""An event's name and its arguments, as they travel; ids come from small pools, so that they meet."""

commits = st.lists(events, min_size=1, max_size=3)
histories = st.lists(commits, min_size=1, max_size=25)


def as_new_events(commit: list[tuple[str, dict[str, Any]]]) -> tuple[NewEvent, ...]:
    """A commit as the contract has it, with fresh event ids."""
    return tuple(NewEvent(id=new_id(), name=name, args=Raw(encode(args))) for name, args in commit)
