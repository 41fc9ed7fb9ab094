"""Owns the embedding of what is searched for, by the actor that embeds."""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Raw

from pjai_wire.codec import encode
from pjai_wire.errors import NoEmbedder
from pjai_wire.methods import EMBEDDER_EMBED, EmbedderEmbedParams, EmbedderEmbedResult
from pjaid.calls.calls import Calls
from pjaid.methods.clients import DAEMON
from pjaid.search.meaning import Embedded

WITHIN_MS = 2_000
"""How long a search waits for its vector; then words must do."""

EMBEDDER = EMBEDDER_EMBED.name.partition(".")[0]
"""The actor that embeds."""

_result = msgspec.msgpack.Decoder(EmbedderEmbedResult).decode


class QueryEmbedding:
    """Embeds texts that are searched for.

    Args:
        calls: bring them to the actor.
    """

    def __init__(self, calls: Calls) -> None:
        self._calls: Final = calls

    async def __call__(self, text: str) -> Embedded:
        """What a text means.

        Raises:
            NoEmbedder: nothing embeds texts.
            PjaiError: what does cannot now.
        """
        if not self._calls.serves(EMBEDDER_EMBED.name):
            raise NoEmbedder("no embedder runs", hint="the daemon's setting `actors` says which actors do")
        params = Raw(encode(EmbedderEmbedParams(texts=(text,), is_query=True)))
        answer = _result(
            await self._calls.call(EMBEDDER_EMBED.name, params, client=DAEMON.client, within_ms=WITHIN_MS)
        )
        return Embedded(answer.model, answer.vectors, answer.unlike)
