"""Owns what a program asks of the embedder."""

from __future__ import annotations

from collections.abc import Sequence

from pjai.connection import Connection
from pjai_wire.methods import (
    EMBEDDER_EMBED,
    EMBEDDER_STATUS,
    EmbedderEmbedParams,
    EmbedderEmbedResult,
    EmbedderStatusResult,
    Nothing,
)


class EmbedderCalls:
    """The embedder of a daemon, `db.embedder`, which makes vectors of texts.

    Every method takes a `timeout` in seconds, by default that of the connection, and raises `UnknownMethod`
    where the daemon does not run it.

    Args:
        connection: asks the daemon.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    async def embed(
        self, texts: Sequence[str], *, is_query: bool = False, timeout: float | None = None
    ) -> EmbedderEmbedResult:
        """The vectors of texts, as `db.search` and the store's own have them.

        Args:
            texts: 1 to 64, each of at most 20,000 characters.
            is_query: whether they are searched for, and not searched in: some models tell the two apart.
            timeout: seconds.

        Raises:
            NoEmbedder: by the daemon's settings there is none.
            Unavailable: it fails, as where a server does not answer.
        """
        params = EmbedderEmbedParams(texts=tuple(texts), is_query=is_query)
        return await self._connection.call(EMBEDDER_EMBED, params, timeout)

    async def status(self, *, timeout: float | None = None) -> EmbedderStatusResult:
        """What makes vectors, whether it works, and how many texts wait for theirs."""
        return await self._connection.call(EMBEDDER_STATUS, Nothing(), timeout)
