"""Owns the vectors of what is searched for: who makes them, and which are kept."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from msgspec import Struct

from pjai_wire.errors import ActorFailed, InternalError, PjaiError

VECTORS_KEPT_MAX = 1_000
"""Vectors of searches that are kept, the one not asked for longest goes first: 1.5 MB at 384 dimensions."""


class Embedded(Struct, frozen=True):
    """What a text means."""

    model: str
    vector: bytes
    """Little-endian float32."""
    unlike: float = 0.0
    """The cosine of texts that have nothing to do with each other, by this model; 0 where nobody says."""
    is_brought: bool = False
    """Whether the client made it, and not the embedder."""

    @property
    def dimension(self) -> int:
        """How many numbers the vector has."""
        return len(self.vector) // 4


Embed = Callable[[str], Awaitable[Embedded]]
"""Embeds a text that is searched for. Raises `PjaiError`."""


def passes(problem: PjaiError) -> bool:
    """Whether a text may have a vector later that has none because of a problem."""
    return problem.retry or isinstance(problem, ActorFailed | InternalError)


class QueryVectors:
    """The vectors of texts that are searched for.

    Args:
        embed: makes one.
        on_embedded: called when it has.
    """

    def __init__(self, embed: Embed, on_embedded: Callable[[], None] = lambda: None) -> None:
        self._embed: Final = embed
        self._on_embedded: Final = on_embedded
        self._kept: OrderedDict[str, Embedded] = OrderedDict()
        self._model = ("", 0)

    async def of(self, text: str) -> Embedded:
        """The vector of a text.

        Raises:
            PjaiError: nobody embeds texts now.
        """
        kept = self._kept.get(text)
        if kept is not None:
            self._kept.move_to_end(text)
            return kept
        made = await self._embed(text)
        if (model := (made.model, made.dimension)) != self._model:
            # The embedder has another model by now, and what the last one made compares to nothing.
            self._kept.clear()
            self._model = model
        self._kept[text] = made
        if len(self._kept) > VECTORS_KEPT_MAX:
            self._kept.popitem(last=False)
        self._on_embedded()
        return made
