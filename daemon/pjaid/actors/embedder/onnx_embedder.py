"""Owns the embedder that runs a model on this machine, by ONNX Runtime in this process."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import msgspec
import numpy as np
from msgspec import Struct

from pjai_wire.methods import EmbedderKind
from pjaid.actors.embedder.embedding import EmbedderFails, Model, Vectors, of_unit_length
from pjaid.actors.embedder.onnx_folder import DESCRIPTION_FILE, MODEL_FILE, VOCABULARY_FILE, Description
from pjaid.actors.embedder.word_pieces import WordPieces

if TYPE_CHECKING:
    # Imported where a model is run: it takes tens of megabytes.
    from onnxruntime import InferenceSession

PIECES_AT_ONCE = 512
"""Word pieces that are run at once, padding with them: more take more memory, and hardly less time."""

THREADS_AT_ONCE = 2
"""So that one who searches need not wait for what is committed."""

CHARACTERS_A_PIECE = 16
"""Word pieces are shorter than that, nearly all of them."""

BEGIN, END = "[CLS]", "[SEP]"


class _Opened(Struct, frozen=True):
    description: Description
    session: InferenceSession | Any
    pieces: WordPieces
    begin: int
    end: int


class OnnxEmbedder:
    """Runs a model.

    Args:
        folder: as `minilm.export` makes it.
    """

    kind: EmbedderKind = "onnx"
    leaves_machine = False
    texts_at_once = 32

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._opening = anyio.Lock()
        self._opened: _Opened | None = None
        self._threads = anyio.CapacityLimiter(THREADS_AT_ONCE)

    async def open(self) -> Model:
        """As `Embedder`."""
        opened = await self._at_hand()
        return Model(opened.description.model, opened.description.dimension)

    async def embed(self, texts: Sequence[str], *, is_query: bool) -> Vectors:
        """As `Embedder`."""
        opened = await self._at_hand()
        numbers = [_numbers(opened, text) for text in texts]
        vectors = np.empty((len(texts), opened.description.dimension), np.float32)
        for rows in _batches([len(of_text) for of_text in numbers]):
            batch = [numbers[row] for row in rows]
            vectors[rows] = await anyio.to_thread.run_sync(_run, opened, batch, limiter=self._threads)
        return of_unit_length(vectors)

    async def _at_hand(self) -> _Opened:
        async with self._opening:
            if self._opened is None:
                self._opened = await anyio.to_thread.run_sync(_open, self._folder)
        return self._opened


def _open(folder: Path) -> _Opened:
    try:
        import onnxruntime
    except ImportError as missing:
        raise EmbedderFails('onnxruntime is not installed: pip install "pjai[onnx]"') from missing
    options = onnxruntime.SessionOptions()
    # What an arena has once taken it keeps, for the longest text that ever came.
    options.enable_cpu_mem_arena = False
    options.enable_mem_pattern = False
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    try:
        described = msgspec.json.decode((folder / DESCRIPTION_FILE).read_bytes(), type=Description)
        vocabulary = (folder / VOCABULARY_FILE).read_text(encoding="utf-8").rstrip("\n").split("\n")
        session = onnxruntime.InferenceSession(
            folder / MODEL_FILE, options, providers=["CPUExecutionProvider"]
        )
        begin, end = vocabulary.index(BEGIN), vocabulary.index(END)
    except Exception as problem:
        # ONNX Runtime's own errors have no common type, and texts full of paths.
        raise EmbedderFails(f"embedder_model_dir has no usable model: {type(problem).__name__}") from problem
    return _Opened(described, session, WordPieces(vocabulary), begin, end)


def _numbers(opened: _Opened, text: str) -> list[int]:
    room = opened.description.pieces_max - 2
    return [opened.begin, *opened.pieces.numbers(text[: CHARACTERS_A_PIECE * room], room), opened.end]


def _batches(lengths: Sequence[int]) -> Iterator[list[int]]:
    """Which texts to run together: those of about one length, so that little is padding."""
    rows: list[int] = []
    for row in sorted(range(len(lengths)), key=lengths.__getitem__):
        if rows and (len(rows) + 1) * lengths[row] > PIECES_AT_ONCE:
            yield rows
            rows = []
        rows.append(row)
    yield rows


def _run(opened: _Opened, batch: Sequence[Sequence[int]]) -> Vectors:
    longest = max(map(len, batch))
    pieces = np.zeros((len(batch), longest), np.int64)
    mask = np.zeros_like(pieces)
    for row, numbers in enumerate(batch):
        pieces[row, : len(numbers)] = numbers
        mask[row, : len(numbers)] = 1
    (vectors,) = opened.session.run(None, {"pieces": pieces, "mask": mask})
    made: Vectors = vectors
    return made
