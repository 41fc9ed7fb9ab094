"""Owns a persona's life: create, update, activate, deactivate, touch."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, TypeVar

import anyio
from msgspec import UNSET, Struct, UnsetType, structs

from pjai import Database, v1
from pjai_wire.errors import InvalidValue
from pjai_wire.fields import Personality
from pjai_wire.ids import new_id
from pjai_wire.methods import PersonaChanged, PersonaCreateParams, PersonaParams, PersonaUpdateParams
from pjaid.actors.persona import names
from pjaid.actors.persona.declaration import changed, existing, persona

StructT = TypeVar("StructT", bound=Struct)

_updating = anyio.Lock()
"""An update reads what it changes part of, so that two of them take turns."""


@persona.serves
async def create(db: Database, params: PersonaCreateParams) -> PersonaChanged:
    """A persona begins, inactive."""
    assert isinstance(params.personality, Personality)
    created = v1.PersonaCreated(
        id=new_id() if params.id is UNSET else params.id,
        name=names.name(params.name),
        description=names.text(params.description),
        avatar=params.avatar,
        personality=_tidy(params.personality),
        settings=params.settings,
        memory_config=params.memory_config,
    )
    return await changed(db, created.id, created)


@persona.serves
async def update(db: Database, params: PersonaUpdateParams) -> PersonaChanged:
    """Some fields change, those within personality and settings too."""
    if not _given(params).keys() - {"id"}:
        raise InvalidValue("there is nothing to change", hint="give the fields that change")
    async with _updating:
        before = await existing(db, params.id)
        assert not isinstance(params.personality, Mapping)
        assert not isinstance(params.settings, Mapping)
        personality = _replaced(before.personality, params.personality)
        updated = v1.PersonaUpdated(
            id=params.id,
            name=UNSET if params.name is UNSET else names.name(params.name),
            description=UNSET if params.description is UNSET else names.text(params.description),
            avatar=params.avatar,
            personality=UNSET if personality is UNSET else _tidy(personality),
            settings=_replaced(before.settings, params.settings),
            memory_config=params.memory_config,
        )
        return await changed(db, params.id, updated)


@persona.serves
async def activate(db: Database, params: PersonaParams) -> PersonaChanged:
    """It becomes the active one; one event switches, so that watchers see one update."""
    return await changed(db, params.id, v1.PersonaActivated(id=params.id))


@persona.serves
async def deactivate(db: Database, params: PersonaParams) -> PersonaChanged:
    """It is the active one no longer."""
    return await changed(db, params.id, v1.PersonaDeactivated(id=params.id))


@persona.serves
async def touch(db: Database, params: PersonaParams) -> PersonaChanged:
    """It served its user."""
    return await changed(db, params.id, v1.PersonaUsed(id=params.id))


def _tidy(given: Personality) -> Personality:
    return Personality(
        traits=names.traits(given.traits),
        temperament=names.text(given.temperament),
        communication_style=names.text(given.communication_style),
    )


def _replaced(before: StructT, change: Struct | UnsetType) -> StructT | UnsetType:
    """What was there with what changes of it; left out where nothing is to."""
    return change if change is UNSET else structs.replace(before, **_given(change))


def _given(change: Struct) -> dict[str, Any]:
    return {name: value for name, value in structs.asdict(change).items() if value is not UNSET}
