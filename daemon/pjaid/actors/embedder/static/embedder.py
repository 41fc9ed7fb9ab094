"""Owns what the static table makes of texts: the sum of its pieces' vectors."""

from __future__ import annotations

from collections.abc import Sequence

import anyio.lowlevel
import msgspec
import numpy as np

from pjai_wire.methods import EmbedderKind
from pjaid.actors.embedder.embedding import EmbedderFails, Model, Vectors, of_unit_length
from pjaid.actors.embedder.static.table import Table, read_table
from pjaid.actors.embedder.word_pieces import WordPieces

PIECES_MAX = 2048
"""Of a text; what comes after them is left out."""

CHARACTERS_MAX = 8 * PIECES_MAX

TEXTS_BETWEEN_OTHERS = 16
"""After so many texts others have their turn: a search, or a sign of life. The longest take 10 ms each."""


class StaticEmbedder:
    """Looks word pieces up; about 20 µs a turn of a conversation, and no model."""

    kind: EmbedderKind = "static"
    leaves_machine = False
    texts_at_once = 256

    def __init__(self) -> None:
        self._opened: tuple[Table, WordPieces] | None = None

    async def open(self) -> Model:
        """As `Embedder`."""
        table, _ = self._at_hand()
        return Model(table.model, table.codes.shape[1])

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """As `Embedder`."""
        table, pieces = self._at_hand()
        vectors = np.zeros((len(texts), table.codes.shape[1]), np.float32)
        for row, text in enumerate(texts):
            if row % TEXTS_BETWEEN_OTHERS == TEXTS_BETWEEN_OTHERS - 1:
                await anyio.lowlevel.checkpoint()
            numbers = pieces.numbers(text[:CHARACTERS_MAX], PIECES_MAX)
            if numbers:
                vectors[row] = table.scales[numbers] @ table.codes[numbers].astype(np.float32)
        return of_unit_length(vectors)

    def _at_hand(self) -> tuple[Table, WordPieces]:
        if self._opened is None:
            try:
                table = read_table()
            except (OSError, msgspec.DecodeError) as error:
                raise EmbedderFails(f"the static table is damaged: {type(error).__name__}") from error
            self._opened = table, WordPieces(table.pieces)
        return self._opened
