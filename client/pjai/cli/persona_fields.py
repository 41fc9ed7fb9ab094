"""Owns the options that describe a persona, and what they say of its fields."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, TypeVar, cast, get_args

import click
from msgspec import UNSET, Struct, UnsetType, structs

from pjai.cli.invocation import Body, Invocation
from pjai_wire.fields import PrivacyLevel, SanitiserPolicy
from pjai_wire.methods import PersonalityChange, PersonaSettingsChange

StructT = TypeVar("StructT", bound=Struct)

_OPTIONS: tuple[Callable[[Body], Body], ...] = (
    click.option("--description", metavar="TEXT"),
    click.option("--trait", "traits", multiple=True, metavar="TRAIT", help="May be given several times."),
    click.option("--temperament", metavar="TEXT"),
    click.option("--style", "communication_style", metavar="TEXT", help="How it communicates."),
    click.option(
        "--retention", "memory_retention", type=click.IntRange(min=0), metavar="DAYS", help="0 is for ever."
    ),
    click.option("--privacy", "privacy_level", type=click.Choice(get_args(PrivacyLevel))),
    click.option("--auto-learn/--no-auto-learn", default=None),
    click.option("--sanitiser", type=click.Choice(get_args(SanitiserPolicy))),
)


class PersonaChoice(Struct, frozen=True):
    """What the options say; what was not given is left out."""

    description: str | UnsetType
    personality: PersonalityChange | UnsetType
    settings: PersonaSettingsChange | UnsetType

    @property
    def is_empty(self) -> bool:
        """Whether nothing was given."""
        return all(value is UNSET for value in structs.astuple(self))


def describing_persona(body: Body) -> Body:
    """Gives a command the options that describe a persona, and what they say."""

    @functools.wraps(body)
    async def run(
        invocation: Invocation,
        *,
        description: str | None,
        traits: tuple[str, ...],
        temperament: str | None,
        communication_style: str | None,
        memory_retention: int | None,
        privacy_level: PrivacyLevel | None,
        auto_learn: bool | None,
        sanitiser: SanitiserPolicy | None,
        **options: object,
    ) -> None:
        choice = PersonaChoice(
            description=UNSET if description is None else description,
            personality=_given(
                PersonalityChange,
                traits=traits or None,
                temperament=temperament,
                communication_style=communication_style,
            ),
            settings=_given(
                PersonaSettingsChange,
                memory_retention=memory_retention,
                privacy_level=privacy_level,
                auto_learn=auto_learn,
                sanitiser=sanitiser,
            ),
        )
        await body(invocation, choice, **options)

    return functools.reduce(lambda command, option: option(command), reversed(_OPTIONS), cast("Body", run))


def _given(kind: type[StructT], **options: Any) -> StructT | UnsetType:
    """What was given, None was not; left out where that is nothing."""
    given = {name: value for name, value in options.items() if value is not None}
    return kind(**given) if given else UNSET
