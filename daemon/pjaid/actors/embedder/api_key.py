"""Owns where an endpoint's API key comes from: a file of the user's alone, or the environment."""

from __future__ import annotations

import os
from pathlib import Path

from pjaid.actors.embedder.embedding import EmbedderFails

VARIABLE = "PJAI_EMBEDDER_KEY"
"""No setting, as those are shown to everybody."""

OTHERS = 0o077
"""What others than its owner may do with a file."""


def api_key(file: Path | None) -> str:
    """The key; empty where there is none.

    Args:
        file: its first line is the key; None is the environment.

    Raises:
        EmbedderFails: it can't be read, others can read it too, or it is no key.
    """
    key = os.environ.get(VARIABLE, "") if file is None else _first_line(file)
    if not key.isascii() or not key.isprintable():
        raise EmbedderFails("the API key has characters that no key has")
    return key


def _first_line(file: Path) -> str:
    try:
        mode = file.stat().st_mode
        text = file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as problem:
        raise EmbedderFails(f"embedder_key_file cannot be read: {type(problem).__name__}") from problem
    if mode & OTHERS:
        raise EmbedderFails("others can read embedder_key_file: make it yours alone (chmod 600)")
    return text.partition("\n")[0].strip()
