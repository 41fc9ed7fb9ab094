"""Owns what can be done with a document's value: merge a patch into it, fill in defaults, copy it."""

from __future__ import annotations

from typing import Any, TypeVar, cast

T = TypeVar("T")


def merged(target: Any, patch: Any) -> Any:
    """`target` after a merge patch (RFC 7396): maps merge, null removes, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = merged(result.get(key), value)
    return result


def filled(value: Any, defaults: Any) -> Any:
    """`value` with what it lacks taken from `defaults`, map by map; it shares nothing with the defaults."""
    if not isinstance(value, dict) or not isinstance(defaults, dict):
        return value
    lacking = {key: copied(default) for key, default in defaults.items() if key not in value}
    return {**lacking, **{key: filled(item, defaults.get(key)) for key, item in value.items()}}


def copied(value: T) -> T:
    """`value` with maps and lists of its own, at every depth; what is neither is shared."""
    # Exact types: a subclass may hold more than its items.
    own: Any = value
    if type(own) is dict:
        own = {key: copied(item) for key, item in own.items()}
    elif type(own) is list:
        own = [copied(item) for item in own]
    return cast("T", own)
