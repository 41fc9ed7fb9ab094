"""Owns the materializers: pure functions from an event, and the rows that it reads, to writes."""

from __future__ import annotations

from importlib import import_module

from pjaid.store.materializers.registry import MATERIALIZERS, Materializer, Read

for _room in (
    "personas",
    "memories",
    "conversations",
    "workflows",
    "configuration",
    "warnings",
    "dictionaries",
    "indexes",
    "page_cache",
    "vectors",
):
    import_module(f"{__name__}.{_room}")

__all__ = ["MATERIALIZERS", "Materializer", "Read"]
