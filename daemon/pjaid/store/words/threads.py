"""Owns which memories are turns of one conversation (pure)."""

from __future__ import annotations

from typing import Any

THREAD_KEYS = ("conversationId", "sessionId")
"""Of a memory's metadata; the first that is there names the thread."""


def thread_of(metadata: dict[str, Any]) -> str:
    """The thread that a memory of type `conversation` is a turn of; empty where its metadata names none."""
    for key in THREAD_KEYS:
        if isinstance(thread := metadata.get(key), str):
            return thread
    return ""
