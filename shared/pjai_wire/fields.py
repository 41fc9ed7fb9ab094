"""Owns the types of fields, with the constraints that the daemon enforces before anything is written.

Type checkers let a plain mapping stand where a structured field is asked, because an event is checked by
the daemon, not where it is made: `personality={"traits": ["curious"]}`.
"""

from __future__ import annotations

import math
import sys
from array import array
from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any, Literal

from msgspec import Meta, Struct

from pjai_wire import limits

Id = Annotated[str, Meta(min_length=1, max_length=limits.ID_CHARACTERS_MAX)]
"""UUIDv7 text made by the client; a foreign id is kept as it is."""

ClientName = Annotated[str, Meta(pattern=r"^[A-Za-z0-9][A-Za-z0-9._ -]{0,99}$(?!\n)")]
"""A client's or a document's name: letters, digits, dot, dash, underscore and space."""

Instant = Annotated[int, Meta(ge=0, le=limits.INTEGER_MAX, description="milliseconds since the epoch, UTC")]
Count = Annotated[int, Meta(ge=0, le=limits.INTEGER_MAX)]
Version = Annotated[int, Meta(ge=1, le=limits.INTEGER_MAX)]
Importance = Annotated[int, Meta(ge=0, le=100)]
Weight = Annotated[float, Meta(ge=0, le=1)]
Amount = Annotated[float, Meta(ge=0, le=limits.INTEGER_MAX)]

SEAL_BYTES = 29
"""By which what is sealed is longer than the secret: a version, a nonce and a proof."""

PersonaName = Annotated[str, Meta(min_length=1, max_length=200)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.NAME_CHARACTERS_MAX)]
Description = Annotated[str, Meta(max_length=limits.DESCRIPTION_CHARACTERS_MAX)]
Avatar = Annotated[str, Meta(max_length=10_000, description="a URL, a data URL or a name of the client's")]
Word = Annotated[str, Meta(min_length=1, max_length=limits.TAG_CHARACTERS_MAX)]
Words = Annotated[tuple[Word, ...], Meta(max_length=limits.TAGS_MAX)]
IndexColumns = Annotated[tuple[Word, ...], Meta(min_length=1, max_length=limits.INDEX_COLUMNS_MAX)]
MessageText = Annotated[str, Meta(max_length=limits.MESSAGE_CHARACTERS_MAX)]
Vector = Annotated[
    bytes,
    Meta(
        min_length=4,
        max_length=4 * limits.VECTOR_DIMENSIONS_MAX,
        description="little-endian float32, every number finite",
    ),
]

DictionaryVersion = Annotated[int, Meta(ge=1, le=limits.DICTIONARIES_MAX)]
DictionaryData = Annotated[
    bytes,
    Meta(
        min_length=1,
        max_length=limits.DICTIONARY_BYTES_MAX,
        description="a dictionary of Zstandard's, or a frame of Zstandard's that holds one",
        extra={"binary": True},
    ),
]

Ids = Annotated[tuple[Id, ...], Meta(min_length=1, max_length=limits.IDS_PER_EVENT_MAX)]
ContentHash = Annotated[
    str, Meta(min_length=32, max_length=32, description="tells equal contents, to whoever made it")
]
PrivateMemory = Annotated[str, Meta(min_length=1, max_length=limits.PRIVATE_MEMORY_CHARACTERS_MAX)]
ApiKey = Annotated[str, Meta(min_length=1, max_length=limits.API_KEY_CHARACTERS_MAX)]
ApiKeys = Annotated[dict[Word, ApiKey], Meta(min_length=1, max_length=limits.API_KEYS_MAX)]
Sealed = Annotated[
    bytes,
    Meta(
        min_length=SEAL_BYTES,
        max_length=limits.SECRET_BYTES_MAX + SEAL_BYTES,
        description="a secret as the daemon sealed it, which only that daemon opens",
    ),
]

MemoryType = Literal["person", "concept", "event", "task", "conversation", "knowledge"]
MemoryTier = Literal["hot", "warm", "cold"]
TierReason = Literal["pinned", "frequent_and_important", "frequent", "important", "old_and_unimportant"]
"""Why a memory moves to a tier."""

Role = Literal["user", "assistant", "system"]
Sentiment = Literal["positive", "neutral", "negative"]
IndexState = Literal["proposed", "created", "rejected", "dropped"]
PrivacyLevel = Literal["low", "medium", "high"]
SanitiserPolicy = Literal["off", "mark", "redact"]
"""What becomes of card numbers, keys and the like in what is remembered: nothing; counted; taken out."""
Resolution = Literal["1s", "1min", "1h"]

Document = dict[str, Any]
"""A free map of the client's."""


Manner = Annotated[str, Meta(max_length=200)]
RetentionDays = Annotated[int, Meta(ge=0, le=36_500, description="days; 0 is for ever")]


class Personality(Struct, frozen=True, kw_only=True, rename="camel"):
    """How a persona speaks and behaves."""

    traits: Words = ()
    temperament: Manner = ""
    communication_style: Manner = ""


class PersonaSettings(Struct, frozen=True, kw_only=True, rename="camel"):
    """What a persona may keep, and for how long."""

    memory_retention: RetentionDays = 365
    privacy_level: PrivacyLevel = "medium"
    auto_learn: bool = True
    sanitiser: SanitiserPolicy | None = None
    """None is what the privacy level says: `redact` for high, `mark` for medium, `off` for low."""


class _PersonalityAsked(Personality, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A personality in an event: there, unlike in an answer, an unknown field is an error."""


class _PersonaSettingsAsked(PersonaSettings, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A persona's settings in an event."""


if TYPE_CHECKING:
    PersonalityLike = Personality | Mapping[str, object]
    PersonaSettingsLike = PersonaSettings | Mapping[str, object]
    WordsLike = tuple[str, ...] | list[str]
else:
    PersonalityLike = _PersonalityAsked
    PersonaSettingsLike = _PersonaSettingsAsked
    WordsLike = Words


def check_vector(embedding: object, model: object) -> None:
    """Checks what a type cannot say of an embedding.

    Raises:
        ValueError: not whole float32 numbers, not all of them finite, or no model named beside it.
    """
    if not isinstance(embedding, bytes):
        return
    if len(embedding) % 4:
        raise ValueError("an embedding is little-endian float32: its length is a multiple of 4 bytes")
    if not isinstance(model, str):
        raise ValueError("an embedding needs embeddingModel beside it")
    numbers = array("f", embedding)
    if sys.byteorder == "big":
        numbers.byteswap()
    # A sum of finite float32 in double precision cannot overflow, and NaN or infinity survives it.
    if not math.isfinite(sum(numbers)):
        raise ValueError("an embedding's numbers must be finite")
