"""A client of the daemon in Python with plain msgpack and a REQ socket: what it saw, as one line of JSON.

python client.py ipc:///path/of/requests.sock
"""

from __future__ import annotations

import json
import struct
import sys
import uuid
from itertools import count
from typing import Any

import msgpack  # type: ignore[import-untyped] # it ships no types
import zmq

TIMEOUT_MS = 20_000
NUMBERS = [0.25, -1.0, 1.5]


class Refused(Exception):
    """The daemon answered with an error."""


class Requests:
    """Asks one thing after the other."""

    def __init__(self, context: zmq.Context[Any], endpoint: str) -> None:
        self._socket = context.socket(zmq.REQ)
        self._socket.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
        self._socket.connect(endpoint)
        self._ids = count(1)

    def ask(self, method: str, **params: Any) -> Any:
        """The result of a method."""
        request_id = next(self._ids)
        request = {"v": 1, "id": request_id, "method": method, "params": params}
        self._socket.send(msgpack.packb(request))
        reply = msgpack.unpackb(self._socket.recv())
        assert reply["id"] == request_id
        if "error" in reply:
            raise Refused(reply["error"]["code"])
        return reply["result"]


def new_event(event: str, /, **args: Any) -> dict[str, Any]:
    """An event with an id of its own; a UUIDv7 is better, and any unique text will do."""
    return {"id": str(uuid.uuid4()), "name": event, "args": args}


def applied(rows: list[Any], update: dict[str, Any]) -> list[Any]:
    """The rows after a live update."""
    if "rows" in update:
        return list(update["rows"])
    rows = list(rows)
    for kind, position, *rest in update.get("changes", ()):
        match kind:
            case "insert":
                rows.insert(position, rest[0])
            case "update":
                rows[position] = rest[0]
            case "move":
                del rows[position]
                rows.insert(rest[0], rest[1])
            case "delete":
                del rows[position]
    return rows


def main(endpoint: str) -> dict[str, Any]:
    """Does a little of everything."""
    context = zmq.Context()
    requests = Requests(context, endpoint)
    hello = requests.ask("hello", versions={"min": 1, "max": 1}, client="foreign python")

    persona, memory = str(uuid.uuid4()), str(uuid.uuid4())
    name = f"Python {persona}"
    created = [
        new_event("v1.PersonaCreated", id=persona, name=name),
        new_event(
            "v1.MemoryEntityCreated",
            id=memory,
            personaId=persona,
            type="concept",
            name="Bread",
            tags=["baking"],
            embedding=struct.pack("<3f", *NUMBERS),
            embeddingModel="example-3",
            at=1_750_000_000_000,
        ),
    ]
    receipt = requests.ask("commit", events=created)
    again = requests.ask("commit", events=created)

    query = {
        "table": "memories",
        "where": [["personaId", "=", persona], ["tags", "contains", "baking"]],
        "select": ["id", "name", "createdAt", "embedding"],
    }
    found = requests.ask("query", **query)
    row = dict(zip(found["columns"], found["rows"][0], strict=True))
    counted = requests.ask("count", table="memories", where=query["where"])

    watched = {"table": "personas", "where": [["id", "=", persona]], "select": ["name", "isActive"]}
    snapshot = requests.ask("watch", query=watched, label="foreign")
    changes = context.socket(zmq.SUB)
    changes.setsockopt(zmq.RCVTIMEO, TIMEOUT_MS)
    changes.connect(hello["endpoints"]["changes"])
    changes.subscribe(snapshot["topic"])
    _, message = changes.recv_multipart()
    first = msgpack.unpackb(message)

    activated = requests.ask("commit", events=[new_event("v1.PersonaActivated", id=persona)])
    rows, seq, gaps = applied(snapshot["rows"], first), first["seq"], int(first["prev"] != snapshot["seq"])
    while seq < activated["seq"]:
        _, message = changes.recv_multipart()
        update = msgpack.unpackb(message)
        if update["seq"] <= seq:
            continue
        gaps += update["prev"] != seq
        rows, seq = applied(rows, update), update["seq"]

    # What changes nothing of it comes with the pulse alone.
    changes.subscribe(snapshot["pulse"])
    elsewhere = requests.ask("commit", events=[new_event("v1.UserPreferenceSet", id=name, value="dark")])
    while seq < elsewhere["seq"]:
        topic, message = changes.recv_multipart()
        told = msgpack.unpackb(message)
        if topic.decode() == snapshot["pulse"] and snapshot["topic"] not in told.get("behind", ()):
            seq = max(seq, told["seq"])
    requests.ask("unwatch", topic=snapshot["topic"])

    try:
        requests.ask("query", table="personas", where=[["nmae", "=", "Ada"]])
    except Refused as refusal:
        refused = str(refusal)
    context.destroy(linger=0)
    return {
        "version": hello["version"],
        "repeated": again["repeated"] and again["seq"] == receipt["seq"],
        "persona": name,
        "counted": counted["count"],
        "row": row | {"embedding": list(struct.unpack("<3f", row["embedding"]))},
        "before": snapshot["rows"],
        "after": rows,
        "pulsed": seq >= elsewhere["seq"],
        "gaps": gaps,
        "refused": refused,
    }


if __name__ == "__main__":
    json.dump(main(sys.argv[1]), sys.stdout)
