"""Owns the contract's document: AsyncAPI 3.0, generated from the code, so that nothing is written twice.

python -m pjai_wire.document [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from msgspec import Struct, structs

from pjai_wire import limits
from pjai_wire.endpoints import CHANGES_SOCKET, REQUESTS_SOCKET
from pjai_wire.envelope import LiveUpdate
from pjai_wire.errors import ErrorBody, PjaiError
from pjai_wire.feed import FeedUpdate
from pjai_wire.methods import METHODS, Method
from pjai_wire.pulse import Pulse
from pjai_wire.schemas import Json, first_paragraph, reference, schemas
from pjai_wire.tables import TABLES, Table
from pjai_wire.version import FEATURES, PROTOCOL

_REQUESTS = "#/channels/requests"
_CHANGES = "#/channels/changes"

_DESCRIPTION = """\
The protocol of the PJai daemon, told from the daemon's side: it receives requests, replies to each, and \
sends the changes of live queries and feeds. PROTOCOL.md explains it.

The schemas describe a message's meaning as JSON, in which binary is base64 text. On the wire every message \
is MessagePack, and binary is its bin type."""


def document() -> Json:
    """The whole contract as AsyncAPI."""
    exchanges = _exchanges()
    kinds: dict[str, type[Struct]] = {"update": LiveUpdate, "feed.update": FeedUpdate, "pulse": Pulse}
    updates = {name: _update(name, kind) for name, kind in kinds.items()}
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "PJai",
            "version": str(PROTOCOL),
            "description": _DESCRIPTION,
            "license": {"name": "MIT"},
        },
        "defaultContentType": "application/msgpack",
        "servers": {
            "requests": _server(REQUESTS_SOCKET, "A ROUTER socket: connect REQ or DEALER."),
            "changes": _server(CHANGES_SOCKET, "An XPUB socket: connect SUB."),
        },
        "channels": {
            "requests": {
                "address": None,
                "description": "One message for each request and one for each reply.",
                "servers": [{"$ref": "#/servers/requests"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in exchanges},
            },
            "changes": {
                "address": "{topic}",
                "description": "Two frames: the topic, then the update.",
                "parameters": {"topic": {"description": "What `watch` or `feed` answered."}},
                "servers": [{"$ref": "#/servers/changes"}],
                "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in updates},
            },
        },
        "operations": {method.name: _operation(method) for method in METHODS.values()}
        | {
            "publish": {
                "action": "send",
                "channel": {"$ref": _CHANGES},
                "messages": [{"$ref": f"{_CHANGES}/messages/{name}"} for name in updates],
            }
        },
        "components": {"messages": exchanges | updates, "schemas": schemas()},
        "x-errors": {
            code: {"summary": first_paragraph(kind), "retry": kind.retry}
            for code, kind in PjaiError.by_code.items()
        },
        "x-features": list(FEATURES),
        "x-limits": {name: value for name, value in vars(limits).items() if name.isupper()},
        "x-tables": {table.table_name: _table(table) for table in TABLES.values()},
    }


def _server(socket: str, description: str) -> Json:
    return {
        "host": "{directory}/" + socket,
        "protocol": "zeromq",
        "protocolVersion": "3.1",
        "description": description,
        "variables": {"directory": {"description": "The daemon's runtime directory; the transport is ipc."}},
    }


def _operation(method: Method[Any, Any]) -> Json:
    answers = (f"{method.name}.reply", "error.reply")
    return {
        "action": "receive",
        "channel": {"$ref": _REQUESTS},
        "messages": [{"$ref": f"{_REQUESTS}/messages/{method.name}.request"}],
        "reply": {
            "channel": {"$ref": _REQUESTS},
            "messages": [{"$ref": f"{_REQUESTS}/messages/{answer}"} for answer in answers],
        },
        "x-needs": method.needs.value,
        "x-repeatable": method.repeatable,
    }


def _exchanges() -> Json:
    """What travels through the requests socket, by the message's name."""
    messages = {
        "error.reply": _message("error.reply", first_paragraph(ErrorBody), "Reply", required=["error"])
    }
    for method in METHODS.values():
        request, reply = f"{method.name}.request", f"{method.name}.reply"
        has_required = any(field.required for field in structs.fields(method.params))
        messages[request] = _message(
            request,
            first_paragraph(method.params),
            "Request",
            properties={"method": {"const": method.name}, "params": reference(method.params.__name__)},
            required=["params"] if has_required else [],
        )
        messages[reply] = _message(
            reply,
            first_paragraph(method.result),
            "Reply",
            properties={"result": reference(method.result.__name__)},
            required=["result"],
        )
    return messages


def _update(name: str, kind: type[Struct]) -> Json:
    """A message that a topic publishes."""
    return {"name": name, "summary": first_paragraph(kind), "payload": reference(kind.__name__)}


def _message(name: str, summary: str, envelope: str, **narrowed: Any) -> Json:
    """A message whose payload is an envelope with one kind of content."""
    return {
        "name": name,
        "summary": summary,
        "correlationId": {"location": "$message.payload#/id"},
        "payload": {"allOf": [reference(envelope), narrowed]},
    }


def _table(table: Table[Any]) -> Json:
    return {
        "row": reference(table.record.__name__),
        "columns": [
            {
                "name": column.name,
                "kind": column.kind,
                "nullable": column.nullable,
                "onRequest": column.on_request,
            }
            for column in table.columns
        ],
    }


def text() -> str:
    """The document as it stands in `shared/asyncapi.json`."""
    return json.dumps(document(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
