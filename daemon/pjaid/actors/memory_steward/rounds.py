"""Owns whose memories are looked at in a round, and in which order (pure)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

from pjai_wire.records import Persona

DAY_MS = 86_400_000


def due(
    personas: Iterable[Persona], looked_at: Mapping[str, int], grown: Collection[str], now_ms: int
) -> list[str]:
    """The personas whose turn it is: those in use, and then those not looked at for a day, the longest first.

    Args:
        personas: all of them.
        looked_at: when each was looked at last, by its id.
        grown: those of whom something was recorded since the last round.
        now_ms: the present.
    """
    in_use: list[str] = []
    others: list[str] = []
    for persona in personas:
        used_at = persona.last_used_at or 0
        if persona.is_active or persona.id in grown or used_at > now_ms - DAY_MS:
            in_use.append(persona.id)
        elif looked_at.get(persona.id, 0) <= now_ms - DAY_MS:
            others.append(persona.id)
    return in_use + sorted(others, key=lambda one: looked_at.get(one, 0))
