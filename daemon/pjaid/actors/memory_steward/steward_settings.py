"""Owns the steward's settings: rows of `system_config`, so that every client can see and change them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct, structs

from pjai import Database, system_config

PREFIX = "memory."


class StewardSettings(Struct, frozen=True, kw_only=True, rename="camel"):
    """What can be set, each by the row `memory.` and its name: `memory.purgeAfterDays`."""

    clean_up_hours: Annotated[int, Meta(ge=1, le=8_760)] = 12
    """Hours from one clean-up to the next."""
    purge_after_days: Annotated[int, Meta(ge=0, le=36_500)] = 7
    """How long a deleted memory keeps its row."""
    archive_after_days: Annotated[int, Meta(ge=0, le=36_500)] = 90
    """How long a conversation may rest before it is archived; 0 is for ever."""
    growth_megabytes: Annotated[int, Meta(ge=1, le=1_000_000)] = 10
    """How much may be recorded of a persona in 30 days."""
    index_percent: Annotated[int, Meta(ge=1, le=100)] = 20
    """Which part of the database indexes may be."""
    saved_percent: Annotated[int, Meta(ge=0, le=100)] = 40
    """How much packing should save of the contents that are packed."""


class Read(Struct, frozen=True):
    """The settings in force."""

    settings: StewardSettings
    ignored: tuple[str, ...]
    """Rows whose value is none that the setting may have; its default is in force."""


_FIELDS: Final = {PREFIX + field.encode_name: field for field in structs.fields(StewardSettings)}


def by_row(settings: StewardSettings) -> dict[str, int]:
    """The settings' values by the ids of their rows."""
    return {row_id: getattr(settings, field.name) for row_id, field in _FIELDS.items()}


def settings_of(rows: Mapping[str, Any]) -> Read:
    """The settings that rows of `system_config` make: their values by their ids."""
    values: dict[str, Any] = {}
    ignored: list[str] = []
    for row_id, field in _FIELDS.items():
        if row_id in rows:
            try:
                values[field.name] = msgspec.convert(rows[row_id], field.type)
            except msgspec.ValidationError:
                ignored.append(row_id)
    return Read(StewardSettings(**values), tuple(ignored))


async def read_settings(db: Database) -> Read:
    """The settings in force now."""
    rows = await db.query(system_config.where(system_config.id.in_(list(_FIELDS))))
    return settings_of({row.id: row.value for row in rows})
