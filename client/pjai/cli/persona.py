"""Owns `pjai persona`: what people ask of personas, and of the actor that looks after them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import click
import msgspec
from msgspec import UNSET, Struct, UnsetType

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.persona_fields import PersonaChoice, describing_persona
from pjai.cli.persona_secrets import reveal, set_secret
from pjai.cli.personas import existing_persona
from pjai.cli.rows import by_wire_name
from pjai.cli.values import size
from pjai.database import Database
from pjai_wire import limits
from pjai_wire.errors import InvalidValue
from pjai_wire.methods import PersonaChanged, PersonaInsights
from pjai_wire.tables import personas

_LISTED = (personas.id, personas.name, personas.is_active, personas.usage_count, personas.last_used_at)

WITHIN_S = 3_600.0
"""A persona may have a million memories."""


@click.group()
def persona() -> None:
    """Personas, by name or id: what they are, which is active, what they keep to themselves."""


persona.add_command(set_secret)
persona.add_command(reveal)


@persona.command("list")
@invoked
async def list_personas(invocation: Invocation) -> None:
    """The personas, by name."""
    asked = personas.order_by("name").select(*_LISTED).limit(limits.QUERY_ROWS_MAX)
    async with invocation.connect() as db:
        rows = [by_wire_name(_LISTED, row) async for page in db.pages(asked) for row in page]
    if invocation.output.as_json:
        invocation.output.document(rows)
    else:
        invocation.output.rows([column.name for column in _LISTED], rows)


@persona.command()
@invoked
@click.argument("name")
async def show(invocation: Invocation, name: str) -> None:
    """All fields of a persona but its secrets."""
    async with invocation.connect() as db:
        found = await existing_persona(db, name)
        (row,) = await db.query(personas.where(id=found.id).select(*personas.columns))
    fields = by_wire_name(personas.columns, row)
    if invocation.output.as_json:
        invocation.output.document(fields)
    else:
        invocation.output.fields(fields)


@persona.command()
@invoked
@click.argument("name")
@describing_persona
async def create(invocation: Invocation, choice: PersonaChoice, name: str) -> None:
    """Makes a persona, inactive."""
    async with invocation.connect() as db:
        made = await db.persona.create(
            name,
            description="" if choice.description is UNSET else choice.description,
            personality=_whole(choice.personality),
            settings=_whole(choice.settings),
        )
    _tell(invocation, "created", made)


@persona.command()
@invoked
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="What it is called from now on.")
@describing_persona
async def update(invocation: Invocation, choice: PersonaChoice, name: str, new_name: str | None) -> None:
    """Changes what is given of a persona, and leaves the rest."""
    if new_name is None and choice.is_empty:
        raise InvalidValue("there is nothing to change", hint="see: pjai persona update --help")
    async with invocation.connect() as db:
        found = await existing_persona(db, name)
        done = await db.persona.update(
            found.id,
            name=UNSET if new_name is None else new_name,
            description=choice.description,
            personality=choice.personality,
            settings=choice.settings,
        )
    _tell(invocation, "updated", done)


@persona.command()
@invoked
@click.argument("name")
@click.option("--name", "new_name", metavar="NAME", help="By default the same with a number.")
@click.option("--with-memories", is_flag=True, help="Copies its memories too.")
async def duplicate(invocation: Invocation, name: str, new_name: str | None, *, with_memories: bool) -> None:
    """Makes another persona like one, but for its secrets."""
    async with invocation.connect() as db:
        found = await existing_persona(db, name)
        with invocation.output.progress(counted=False) as progress:
            progress.add_task("copying")
            made = await db.persona.duplicate(
                found.id,
                name=UNSET if new_name is None else new_name,
                with_memories=with_memories,
                timeout=WITHIN_S,
            )
    if invocation.output.as_json:
        invocation.output.document(made)
        return
    copied = f" with {made.memories} memories and {made.links} links" if with_memories else ""
    invocation.output.say(f"created {made.name}{copied}: {made.id}; seq {made.seq}")


@persona.command()
@invoked
@click.argument("name")
async def insights(invocation: Invocation, name: str) -> None:
    """Its memories as a whole: types, tiers, ages, growth."""
    async with invocation.connect() as db:
        found = await db.persona.insights((await existing_persona(db, name)).id)
    if invocation.output.as_json:
        invocation.output.document(found)
    else:
        invocation.output.fields(_described(found))


@persona.command()
@invoked
@click.argument("name")
@click.confirmation_option(prompt="Delete it with its memories, conversations, workflows and secrets?")
async def delete(invocation: Invocation, name: str) -> None:
    """Deletes a persona with all that it owns."""
    async with invocation.connect() as db:
        found = await existing_persona(db, name)
        with invocation.output.progress(counted=False) as progress:
            progress.add_task("deleting")
            done = await db.persona.delete(found.id, timeout=WITHIN_S)
    _tell(invocation, "deleted", done)


Call = Callable[[Database, str], Awaitable[PersonaChanged]]


def _about_one(name: str, help_text: str, said: str, call: Call) -> None:
    """A command that needs no more than a persona."""

    @persona.command(name, help=help_text)
    @invoked
    @click.argument("name")
    async def command(invocation: Invocation, name: str) -> None:
        async with invocation.connect() as db:
            done = await call(db, (await existing_persona(db, name)).id)
        _tell(invocation, said, done)


_about_one("activate", "Makes it the active persona.", "activated", lambda db, one: db.persona.activate(one))
_about_one(
    "deactivate",
    "Makes it the active persona no longer.",
    "deactivated",
    lambda db, one: db.persona.deactivate(one),
)


def _whole(change: Struct | UnsetType) -> Mapping[str, object] | UnsetType:
    """What changes as a map, whose other fields have their defaults."""
    return UNSET if change is UNSET else msgspec.to_builtins(change)


def _described(found: PersonaInsights) -> dict[str, object]:
    return {
        "memories": found.memories,
        "by type": _counts(found.by_type),
        "by tier": _counts(found.by_tier),
        "importance": found.importance_average,
        "made within": _counts({bucket.name: bucket.memories for bucket in found.ages}),
        "last 30 days": " ".join(map(str, found.growth)),
        "links": found.links,
        "in the log": f"{size(found.log_bytes)}, {size(found.log_bytes_lately)} of it within 30 days",
        "conversations": found.conversations,
    }


def _counts(counts: dict[str, int]) -> str:
    return ", ".join(f"{name} {number}" for name, number in counts.items()) or "none"


def _tell(invocation: Invocation, said: str, done: PersonaChanged) -> None:
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        invocation.output.say(f"{said}: {done.id}; seq {done.seq}")
