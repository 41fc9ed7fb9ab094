"""Owns `pjai commit`: events from the command line or standard input, recorded all or none."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Annotated, Any

import click
import msgspec
from msgspec import Meta, Raw, Struct

from pjai.cli.invocation import Invocation, invoked
from pjai.cli.standard_input import given_or_read
from pjai_wire.errors import InvalidValue
from pjai_wire.events import Event, event_type


class _Line(Struct, frozen=True, forbid_unknown_fields=True):
    """An event as a line of standard input."""

    name: Annotated[str, Meta(max_length=100)]
    args: Raw


@click.command()
@invoked
@click.argument("name", metavar="[EVENT_NAME]", required=False)
@click.argument(
    "args",
    metavar="[ARGS]",
    required=False,
    callback=given_or_read("which event? Give its name and arguments", unless="name"),
)
async def commit(invocation: Invocation, name: str | None, args: bytes) -> None:
    """Records events in one commit: all of them or none.

    Either one event, as in: pjai commit v1.PersonaActivated '{"id": "..."}'. Or, without arguments, those
    that come as lines of standard input: {"name": "v1.PersonaActivated", "args": {"id": "..."}}.
    """
    events = list(_events(args.split(b"\n"))) if name is None else [_event(name, args or b"{}", name)]
    if not events:
        raise InvalidValue("there is no event on standard input", hint='lines of {"name": ..., "args": ...}')
    async with invocation.connect() as db:
        receipt = await db.commit(*events)
    if invocation.output.as_json:
        invocation.output.document(receipt)
    else:
        many = f"{len(events)} events" if len(events) > 1 else "1 event"
        invocation.output.say(f"committed {many}; seq {receipt.seq}")


def _events(lines: Iterable[bytes]) -> Iterable[Event]:
    for number, text in enumerate(lines, start=1):
        if text.strip():
            place = f"line {number}"
            line = _decoded(_Line, text, place)
            yield _event(line.name, bytes(line.args), place)


def _event(name: str, args: bytes, place: str) -> Event:
    event: Event = _decoded(event_type(name), args, place)
    return event


def _decoded(kind: type[Any], data: bytes, place: str) -> Any:
    try:
        return msgspec.json.decode(data, type=kind)
    except (msgspec.DecodeError, UnicodeError) as problem:
        raise InvalidValue(f"{place}: {problem}", hint="PROTOCOL.md lists the events' fields") from None
