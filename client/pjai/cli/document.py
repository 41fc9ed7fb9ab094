"""Owns `pjai document`: a program's own state, which is in no shared log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click
import msgspec

from pjai.cli.invocation import CLIENT, Invocation, invoked
from pjai.cli.standard_input import given_or_read
from pjai_wire.errors import InvalidValue

FunctionT = TypeVar("FunctionT", bound=Callable[..., Any])


def _client_option(function: FunctionT) -> FunctionT:
    return click.option(
        "--client", default=CLIENT, show_default=True, metavar="NAME", help="Whose document it is."
    )(function)


@click.group()
def document() -> None:
    """State of one program's own, such as its window's."""


@document.command("get")
@invoked
@click.argument("name")
@_client_option
async def get_document(invocation: Invocation, name: str, client: str) -> None:
    """Prints a document, as JSON."""
    async with invocation.connect(client) as db:
        invocation.output.document(await db.document(name).get())


@document.command("set")
@invoked
@click.argument("name")
@click.argument(
    "changes",
    metavar="[JSON]",
    required=False,
    callback=given_or_read("which changes? Give them as a JSON map"),
)
@_client_option
async def set_document(invocation: Invocation, name: str, changes: bytes, client: str) -> None:
    """Merges changes into a document and prints it: maps merge, null removes, anything else replaces.

    The changes are a JSON map, from standard input where they are not given.
    """
    try:
        merged = msgspec.json.decode(changes, type=dict[str, Any])
    except (msgspec.DecodeError, UnicodeError) as problem:
        raise InvalidValue(f"the changes: {problem}", hint='a JSON map, such as {"theme": "dark"}') from None
    async with invocation.connect(client) as db:
        invocation.output.document(await db.document(name).merge(merged))
