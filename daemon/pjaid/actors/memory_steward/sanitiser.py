"""Owns the sanitising of what is to be remembered: counted or taken out, by the persona's policy (pure)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from msgspec import Struct

from pjai_wire.fields import PersonaSettings, PrivacyLevel, SanitiserPolicy
from pjaid.actors.memory_steward.sensitive import NAMES_SECRET, findings

_BY_PRIVACY: dict[PrivacyLevel, SanitiserPolicy] = {"high": "redact", "medium": "mark", "low": "off"}


class Sanitised(Struct, frozen=True):
    """A value, and what was found in it."""

    value: Any
    found: dict[str, int]
    """How many of each kind."""


def policy_of(settings: PersonaSettings) -> SanitiserPolicy:
    """What becomes of findings: what the persona says, or else what its privacy level does."""
    return settings.sanitiser or _BY_PRIVACY[settings.privacy_level]


def sanitised(value: Any, policy: SanitiserPolicy) -> Sanitised:
    """A text, or every text in maps and lists, as the policy has it.

    To sanitise what was redacted finds nothing more.

    Args:
        value: what MessagePack holds; bytes and numbers stay as they are.
        policy: `redact` puts `[redacted: kind]` in the place of each finding; `mark` counts them only.
    """
    if policy == "off":
        return Sanitised(value, {})
    found: Counter[str] = Counter()
    redacted = _walked(value, lambda text: _redacted(text, found), found)
    return Sanitised(redacted if policy == "redact" else value, dict(sorted(found.items())))


def _walked(value: Any, redact: Callable[[str], str], found: Counter[str]) -> Any:
    match value:
        case str():
            return redact(value)
        case dict():
            return _map(value, redact, found)
        case list() | tuple():
            return type(value)(_walked(item, redact, found) for item in value)
        case _:
            return value


def _map(value: dict[str, Any], redact: Callable[[str], str], found: Counter[str]) -> dict[str, Any]:
    walked: dict[str, Any] = {}
    numbers: Counter[str] = Counter()
    for key, item in value.items():
        told = name = redact(key)
        while name in walked:
            # Two keys that were redacted are two keys yet. There may be many, so it counts on from the last.
            numbers[told] += 1
            name = f"{told} ({numbers[told] + 1})"
        if isinstance(item, str) and item and NAMES_SECRET.fullmatch(key) and not _is_redacted(item):
            found["password"] += 1
            walked[name] = _placeholder("password")
        else:
            walked[name] = _walked(item, redact, found)
    return walked


def _redacted(text: str, found: Counter[str]) -> str:
    parts: list[str] = []
    at = 0
    for one in findings(text):
        found[one.kind] += 1
        parts += (text[at : one.start], _placeholder(one.kind))
        at = one.end
    return "".join((*parts, text[at:])) if parts else text


def _placeholder(kind: str) -> str:
    return f"[redacted: {kind}]"


def _is_redacted(text: str) -> bool:
    return text.startswith("[redacted: ")
