"""Owns the test vectors: bytes beside their meaning, for whoever writes a client in another language.

python -m pjai_wire.vectors [FILE]
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Raw, structs

from pjai_wire.chain import ORIGIN, arguments_hash, link
from pjai_wire.codec import decode_any, encode
from pjai_wire.envelope import Reply, Request
from pjai_wire.errors import ActorFailed, PjaiError
from pjai_wire.events import Event, event_name
from pjai_wire.examples.events import EVENTS, new_event
from pjai_wire.examples.refused import REFUSED
from pjai_wire.examples.replies import REPLIES
from pjai_wire.examples.requests import REQUESTS
from pjai_wire.examples.story import EMBEDDING, NUMBERS, TOPIC
from pjai_wire.examples.unusual import UNUSUAL
from pjai_wire.examples.updates import FEED_UPDATES, PULSES, UPDATES
from pjai_wire.version import PROTOCOL

Json = dict[str, Any]

_REQUEST_ID = 7


def vectors() -> Json:
    """Every vector, as it stands in `shared/vectors.json`."""
    return {
        "protocol": PROTOCOL,
        "understood": [*_requests(), *_replies(), *_errors(), *_updates(), *_events(), *_unusual()],
        "refused": [
            {"name": name, "bytes": data.hex(), "error": error.code} for name, data, error in REFUSED
        ],
        "framing": _framing(),
        "float32": [{"numbers": list(NUMBERS), "bytes": EMBEDDING.hex()}],
        "chain": _chain(),
    }


def meaning_of(data: bytes) -> Any:
    """What MessagePack says, as JSON: binary as base64 text, a whole number as an integer."""
    return _whole(msgspec.json.decode(msgspec.json.encode(decode_any(data))))


def _whole(value: Any) -> Any:
    match value:
        case dict():
            return {key: _whole(item) for key, item in value.items()}
        case list():
            return [_whole(item) for item in value]
        case float() if value.is_integer():
            return int(value)
        case _:
            return value


def _vector(name: str, kind: str, data: bytes, *, canonical: bool = True) -> Json:
    return {
        "name": name,
        "type": kind,
        "meaning": meaning_of(data),
        "bytes": data.hex(),
        "canonical": canonical,
    }


def _requests() -> list[Json]:
    return [
        _vector(name, f"{method.name}.request", _request(method.name, encode(params)))
        for name, method, params in REQUESTS
    ]


def _request(method: str, params: bytes) -> bytes:
    return encode(Request(v=PROTOCOL, id=_REQUEST_ID, method=method, params=Raw(params)))


def _replies() -> list[Json]:
    return [
        _vector(
            name,
            f"{method.name}.reply",
            encode(Reply(v=PROTOCOL, id=_REQUEST_ID, result=Raw(encode(result)))),
        )
        for name, method, result in REPLIES
    ]


def _errors() -> list[Json]:
    return [
        _vector(
            code,
            "error.reply",
            # Only a request that cannot be read at all has no id.
            encode(Reply(v=PROTOCOL, id=None if code == "malformed" else _REQUEST_ID, error=_example(kind))),
        )
        for code, kind in PjaiError.by_code.items()
    ]


def _example(kind: type[PjaiError]) -> Any:
    error = kind("what went wrong", hint="what to do next")
    error.actor = "notes" if kind is ActorFailed else ""
    return error.body()


def _updates() -> list[Json]:
    return [
        *(_vector(name, "update", encode(update)) for name, update in UPDATES.items()),
        *(_vector(name, "feed.update", encode(update)) for name, update in FEED_UPDATES.items()),
        *(_vector(name, "pulse", encode(pulse)) for name, pulse in PULSES.items()),
    ]


def _events() -> list[Json]:
    return [
        vector
        for event in EVENTS
        for vector in (
            _vector("with its fields", event_name(event), encode(event)),
            _vector("only what must be there", event_name(event), encode(_smallest(event)), canonical=False),
        )
    ]


def _smallest(event: Event) -> Json:
    """The event's required fields and its instant, without which every reading would differ."""
    return {
        field.encode_name: getattr(event, field.name)
        for field in structs.fields(event)
        if field.required or field.name == "at"
    }


def _unusual() -> list[Json]:
    return [_vector(name, kind, data, canonical=False) for name, kind, data in UNUSUAL]


def _framing() -> list[Json]:
    request = _request("health", b"\x80").hex()
    update = encode(UPDATES["insert"]).hex()
    return [
        {
            "name": "a REQ socket's request on the wire: the delimiter is the socket's own",
            "frames": ["", request],
        },
        {"name": "a DEALER socket's request: the client sends the delimiter", "frames": ["", request]},
        {"name": "a SUB socket's message: topic and update", "frames": [TOPIC.encode().hex(), update]},
    ]


def _chain() -> list[Json]:
    links: list[Json] = []
    previous = ORIGIN
    for seq, event in enumerate(EVENTS[:3], start=1):
        recorded = new_event(seq, event)
        arguments = bytes(recorded.args)
        args_hash = arguments_hash(arguments)
        previous = link(previous, seq, recorded.id, recorded.name, args_hash)
        links.append(
            {
                "seq": seq,
                "id": recorded.id,
                "name": recorded.name,
                "args": arguments.hex(),
                "argsHash": args_hash.hex(),
                "hash": previous.hex(),
            }
        )
    return links


def text() -> str:
    """The vectors as they stand in `shared/vectors.json`."""
    return json.dumps(vectors(), indent=2, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(text(), encoding="utf-8")
    else:
        sys.stdout.write(text())
