"""Owns what remembering a file means: the file's text, and its passages as memories with ids of their own."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from uuid import UUID, uuid5

from msgspec import Struct

from pjai.cli.cutting import Passage, cut, tags_of
from pjai.database import Database
from pjai_wire import limits
from pjai_wire.errors import InvalidValue, LimitExceeded
from pjai_wire.events import v1
from pjai_wire.fields import MemoryType
from pjai_wire.select import either
from pjai_wire.tables import memories

FILE_BYTES_MAX = 16 * 2**20

_IDS = UUID("b1f5a3f2-6d0e-5d0b-9c58-0f6d1f0c7a51")
"""The name space of the ids: with another one, nothing would be known that was remembered before."""


class Source(Struct, frozen=True):
    """A file's text."""

    name: str
    text: str


class Found(Struct, frozen=True):
    """A passage of a source, and the id under which a persona remembers it."""

    id: str
    source: str
    passage: Passage


def read_source(path: Path) -> Source:
    """The text of a file.

    Raises:
        InvalidValue: it is not text in UTF-8.
        LimitExceeded: it is larger than what is taken for a text.
    """
    # A name may hold bytes that are no text.
    name = path.name.encode(errors="replace").decode()
    with path.open("rb") as file:
        data = file.read(FILE_BYTES_MAX + 1)
    if len(data) > FILE_BYTES_MAX:
        raise LimitExceeded(f"{name} is larger than {FILE_BYTES_MAX} bytes", hint="split it")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = "\0"
    if "\0" in text:
        raise InvalidValue(f"{name} is not a text file in UTF-8", hint="nothing was remembered")
    return Source(name, text)


def found_in(source: Source, persona_id: str) -> list[Found]:
    """The passages of a source.

    The ids follow from persona, file name and text, so that the same text is the same memory whenever it
    is remembered; where a text comes several times in a file, each time is one.
    """
    seen: Counter[str] = Counter()
    found: list[Found] = []
    for passage in cut(source.name, source.text):
        identity = "\0".join((persona_id, source.name, passage.text, str(seen[passage.text])))
        seen[passage.text] += 1
        found.append(Found(str(uuid5(_IDS, identity)), source.name, passage))
    return found


async def unknown(db: Database, found: Iterable[Found]) -> list[Found]:
    """Those that are not remembered yet, each once; what was deleted is not brought back."""
    by_id = {one.id: one for one in found}
    ids = list(by_id)
    for begin in range(0, len(ids), limits.QUERY_LIST_MAX):
        some = ids[begin : begin + limits.QUERY_LIST_MAX]
        # To name the column makes the query see deleted rows too.
        deleted_or_not = either(memories.deleted_at.is_null(), memories.deleted_at.is_null(answer=False))
        known = memories.where(memories.id.in_(some), deleted_or_not).limit(len(some))
        for row in await db.query(known.select(memories.id)):
            del by_id[row["id"]]
    return list(by_id.values())


def created(found: Found, persona_id: str, kind: MemoryType, importance: int) -> v1.MemoryEntityCreated:
    """The event that a persona remembers a passage, now."""
    passage = found.passage
    return v1.MemoryEntityCreated(
        id=found.id,
        persona_id=persona_id,
        type=kind,
        name=passage.name,
        summary=passage.summary,
        content={
            "text": passage.text,
            "source": found.source,
            "heading": list(passage.heading),
            "position": passage.position,
        },
        tags=tags_of(found.source),
        importance=importance,
    )
