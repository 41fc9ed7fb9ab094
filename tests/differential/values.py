"""Owns the values of rows and conditions: so few that rows tie, meet conditions and come back."""

from __future__ import annotations

from random import Random
from typing import Any

from pjai_wire.columns import Column
from pjai_wire.limits import INTEGER_MAX

WORDS = ("a", "A", "ab", "b", "a\0b", "é", "\uffee", "\U0001f600")
"""The last two stand in one order by UTF-8 and in the other by UTF-16."""

NUMBERS = (0, 1, 2, 3, 5, INTEGER_MAX)
WEIGHTS = (-0.0, 0.0, 0.1, 0.25, 0.5, 1.0)
PERSONAS = ("p0", "p1", "p2", "p3")

_IDS: dict[str, tuple[str, ...]] = {
    "personas": PERSONAS,
    "memories": tuple(f"m{number}" for number in range(0, 40, 3)),
    "memory_links": tuple(f"l{number}" for number in range(6)),
    "conversations": tuple(f"c{number}" for number in range(6)),
    "messages": tuple(f"x{number}" for number in range(10)),
    "workflows": tuple(f"w{number}" for number in range(6)),
    "client_documents": ("d0", "d1"),
}
_REFERENCES = {
    "personaId": "personas",
    "fromId": "memories",
    "toId": "memories",
    "conversationId": "conversations",
}


def sought(chance: Random, table_name: str, column: Column) -> Any:
    """A value, as a client writes it, that a comparable column of a table is compared with."""
    if column.name == "id":
        return chance.choice(_IDS[table_name])
    if column.name in _REFERENCES:
        return chance.choice(_IDS[_REFERENCES[column.name]])
    if column.choices:
        return chance.choice(column.choices)
    match column.kind:
        case "boolean":
            return chance.random() < 0.5
        case "integer":
            number = chance.choice(NUMBERS)
            return float(number) if number < INTEGER_MAX and chance.random() < 0.2 else number
        case "real":
            return chance.choice((*WEIGHTS, 1, -1, float("inf")))
        case _:
            return chance.choice(("", *WORDS))
