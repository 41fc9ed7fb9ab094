"""Owns how near to each other a model puts texts that have nothing to do with each other.

By some models their cosines are near 0, by others near 0.7: what a cosine says counts from there on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from typing import Protocol

from pjaid.actors.embedder.embedding import TextsRefused, Vectors

SEARCHED = (
    "how long does sourdough have to rise?",
    "the rules of chess for beginners",
    "why is my car's engine so loud?",
    "songs by the Beatles",
    "when do I hand in my tax return?",
    "symptoms of a broken wrist",
    "cheap flights to Lisbon",
    "what eats the roses in my garden?",
)
"""Each is about something that no other of these texts is about, nor any of those that are searched."""

TEXTS = (
    "The meeting with the lawyers was moved to Thursday afternoon.",
    "My sister adopted two kittens from the shelter.",
    "Install the package before you run the tests.",
    "They painted the bedroom in a pale green.",
    "The volcano erupted for the first time in a century.",
    "He prefers tea without sugar.",
    "Our team lost the final by one point.",
    "Grandmother's letters are in the wooden box upstairs.",
)


class _Vectors(Protocol):
    def __call__(self, texts: Sequence[str], *, is_query: bool) -> Awaitable[Vectors]:
        """A vector of unit length for each text."""


async def unlikeness(vectors: _Vectors) -> float:
    """The mean cosine of texts that have nothing to do with each other, at least 0.

    Args:
        vectors: makes those of texts, as `Embedder.embed` does.

    Raises:
        EmbedderFails: it can't, for now.
    """
    try:
        searched = await vectors(SEARCHED, is_query=True)
        texts = await vectors(TEXTS, is_query=False)
    except (TextsRefused, FloatingPointError):
        # What it makes of other texts may be as good as ever.
        return 0.0
    return max(0.0, float((searched @ texts.T).mean()))
