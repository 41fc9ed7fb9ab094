"""Owns `pjai persona set-secret` and `reveal`: secrets are typed unseen or read, never given as arguments.

What stands on a command line, the shell keeps in its history and other programs may read.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import cast

import click
import msgspec

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.personas import existing_persona
from pjai.cli.standard_input import read_all
from pjai.cli.values import visible
from pjai_wire.methods import PersonaSecret

_SECRETS: dict[str, PersonaSecret] = {"private-memory": "privateMemory", "api-keys": "apiKeys"}

_secret_argument = click.argument("secret", type=click.Choice(list(_SECRETS)))

Secret = str | dict[str, str]


def _reading_first(run: Callable[..., None]) -> Callable[..., None]:
    """Reads the secret before anything else, where an interrupt ends that."""

    @functools.wraps(run)
    def read_first(*, secret: str, remove: bool, **options: object) -> None:
        run(secret=secret, value=None if remove else _read(secret), **options)

    return read_first


@click.command("set-secret")
@_reading_first
@invoked
@click.argument("name")
@_secret_argument
@click.option("--remove", is_flag=True, help="Removes it.")
async def set_secret(invocation: Invocation, name: str, secret: str, value: Secret | None) -> None:
    """Sets a secret, typed unseen or from standard input.

    There, api-keys are a JSON map of names to keys: all of them, as those that were set before go.
    """
    async with invocation.connect() as db:
        persona_id = (await existing_persona(db, name)).id
        if _SECRETS[secret] == "apiKeys":
            done = await db.persona.set_secrets(persona_id, api_keys=cast("dict[str, str] | None", value))
        else:
            done = await db.persona.set_secrets(persona_id, private_memory=cast("str | None", value))
    if invocation.output.as_json:
        invocation.output.document(done)
    else:
        said = "removed" if value is None else "set"
        invocation.output.say(f"{said} {secret}: {done.id}; seq {done.seq}")


@click.command()
@invoked
@click.argument("name")
@_secret_argument
async def reveal(invocation: Invocation, name: str, secret: str) -> None:
    """Prints a secret; the audit trail will say so."""
    output = invocation.output
    async with invocation.connect() as db:
        told = await db.persona.reveal((await existing_persona(db, name)).id, _SECRETS[secret])
    output.note(f"the audit trail says that you were told: seq {told.seq}")
    if output.as_json:
        output.document(told)
    elif told.api_keys is not None:
        output.fields(told.api_keys)
    elif told.private_memory is not None:
        lines = told.private_memory.split("\n")
        output.say("\n".join(map(visible, lines)) if output.is_terminal else told.private_memory)


def _read(secret: str) -> Secret:
    """The secret, typed unseen at a terminal, or else what standard input holds."""
    is_map = _SECRETS[secret] == "apiKeys"
    if sys.stdin is not None and sys.stdin.isatty():
        return _asked_keys() if is_map else _asked("the private memory")
    given = read_all("which secret? Type it at a terminal")
    try:
        return (
            msgspec.json.decode(given, type=dict[str, str]) if is_map else given.decode().removesuffix("\n")
        )
    except msgspec.DecodeError as problem:
        raise click.UsageError(f'the API keys: {problem}; a JSON map, such as {{"weather": "..."}}') from None
    except UnicodeDecodeError:
        raise click.UsageError("the secret is not text in UTF-8") from None


def _asked_keys() -> dict[str, str]:
    keys: dict[str, str] = {}
    while name := click.prompt("name of a key (none ends)", default="", show_default=False, err=True):
        keys[name] = _asked(f"the key {name}")
    return keys


def _asked(what: str) -> str:
    typed: str = click.prompt(what, hide_input=True, err=True)
    return typed
