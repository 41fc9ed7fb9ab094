"""Owns what a free value may hold: what every language can read, and nothing that none but its maker can."""

from __future__ import annotations

import math
from typing import Any

from pjai_wire import limits
from pjai_wire.errors import InvalidValue, LimitExceeded


def check_free(value: Any, depth: int = 0) -> None:
    """Checks a map of the client's own, or a value in one.

    Raises:
        InvalidValue: a key that is not text, a number that not every language holds, or an extension type.
        LimitExceeded: nested too deeply.
    """
    match value:
        case None | bool() | str() | bytes():
            return
        case int() if abs(value) > limits.INTEGER_MAX:
            raise InvalidValue(
                "a free value has an integer past 2^53 - 1",
                hint="send it as text",
            )
        case float() if not math.isfinite(value):
            raise InvalidValue("a free value has a number that is not finite", hint="send null or a text")
        case int() | float():
            return
    if depth >= limits.FREE_DEPTH_MAX:
        raise LimitExceeded(f"free values nest at most {limits.FREE_DEPTH_MAX} deep")
    match value:
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise InvalidValue("a free map has a key that is not text", hint="use texts as keys")
                check_free(item, depth + 1)
        case list():
            for item in value:
                check_free(item, depth + 1)
        case _:
            raise InvalidValue("a free value has an extension type", hint="an instant is an integer here")
