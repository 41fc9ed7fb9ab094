"""Owns how an event of the audit trail reads: for people, for tools that read lines, and as JSON."""

from __future__ import annotations

from typing import Any

import msgspec
from rich.text import Text

from pjai.cli.values import local_time, to_json, visible
from pjai_wire.codec import decode_any
from pjai_wire.events import WITHHELD
from pjai_wire.methods import LoggedEvent

HEADER = ("seq", "recordedAt", "name", "client", "personaId", "args")


def as_json(event: LoggedEvent) -> dict[str, Any]:
    """The event as JSON says it: hashes in hexadecimal, arguments as a map, null where they are not told."""
    made = {field.encode_name: getattr(event, field.name) for field in msgspec.structs.fields(event)}
    return {
        **made,
        "args": decode_any(event.args),
        "argsHash": event.args_hash.hex(),
        "hash": event.hash.hex(),
    }


def as_line(event: LoggedEvent) -> str:
    """The event as one line, tabs between the fields of the header."""
    fields = (
        str(event.seq),
        local_time(event.recorded_at),
        event.name,
        event.client,
        event.persona_id or "",
        _arguments_text(event),
    )
    return "\t".join(map(visible, fields))


def as_text(event: LoggedEvent) -> Text:
    """The event as one line for people, as much of it as fits."""
    return Text.assemble(
        (f"{event.seq:>7}  {local_time(event.recorded_at)}  ", "dim"),
        (f"{visible(event.name):<28}", "bold"),
        f"  {visible(event.client):<12}  ",
        (_arguments_text(event, in_short=True), "dim"),
    )


def _arguments_text(event: LoggedEvent, *, in_short: bool = False) -> str:
    """The arguments as JSON; in short without the instant, and without what is empty."""
    arguments = decode_any(event.args)
    if in_short and isinstance(arguments, dict):
        arguments = {name: value for name, value in arguments.items() if name != "at" and value}
    if arguments is None:
        return "(withheld)" if event.name in WITHHELD else "(erased)"
    return visible(to_json(arguments).decode())
