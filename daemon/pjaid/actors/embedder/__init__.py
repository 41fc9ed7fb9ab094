"""Owns the embedder: the actor that makes vectors of texts, for search by meaning.

embedding      what an embedder is
static         the one that needs nothing: a table of vectors of word pieces
minilm         all-MiniLM-L6-v2 as its makers publish it, of which that table is made
onnx_embedder  one that runs a model here, from a folder (onnx_folder) that `minilm` exports
endpoint       the one that asks a server, with its API key (api_key) over HTTP (http)
choosing       which of them works, by the settings
word_pieces    how a text becomes pieces of words (pure)
unlikeness     how near to each other a model puts texts that have nothing to do with each other
work           an embedder at work: for those who ask, and for the store
making         what that needs, imported once, where the actor's process is forked from
patience       when to try again what failed (pure)
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import anyio

from pjai import Database
from pjai.actor import Actor, Permissions
from pjai_wire.errors import NoEmbedder
from pjai_wire.methods import EmbedderEmbedParams, EmbedderEmbedResult, EmbedderStatusResult, Nothing

if TYPE_CHECKING:
    # Imported where there is an embedder: numpy takes some megabytes.
    from pjaid.actors.embedder.work import Work

embedder = Actor("embedder", may=Permissions(methods=("embedding_take", "embedding_put")))


@embedder.serves
async def embed(_db: Database, params: EmbedderEmbedParams) -> EmbedderEmbedResult:
    """Makes vectors of texts."""
    work = _work()
    if work is None:
        raise NoEmbedder("there is no embedder", hint="the daemon's setting `embedder` says which there is")
    return await work.embed(params.texts, is_query=params.is_query)


@embedder.serves
async def status(_db: Database, _params: Nothing) -> EmbedderStatusResult:
    """What makes vectors, and how far it is."""
    work = _work()
    return work.status() if work is not None else _without_embedder()


@embedder.runs
async def make_vectors(db: Database) -> None:
    """Gives texts in the store their vectors."""
    work = _work()
    if work is not None:
        await work.last(db)
    await anyio.sleep_forever()


@cache
def _work() -> Work | None:
    """What this process does, by its settings."""
    if embedder.settings["embedder"] == "none":
        return None
    from pjaid.actors.embedder.making import Work, chosen

    return Work(chosen(embedder.settings), embedder.counts, embedder.gauges)


def _without_embedder() -> EmbedderStatusResult:
    return EmbedderStatusResult(
        kind="none",
        state="none",
        model=None,
        dimension=None,
        leaves_machine=False,
        waiting=0,
        embedded=0,
        refused=0,
        last_error="",
        tries_again_at=None,
    )
