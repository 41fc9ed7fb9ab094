"""Owns examples of requests and results of the embedder's methods."""

from __future__ import annotations

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request
from pjai_wire.examples.story import EMBEDDING, NOON

EMBEDDER_REQUESTS = (
    Request(
        "a question",
        methods.EMBEDDER_EMBED,
        methods.EmbedderEmbedParams(texts=("how do I feed the starter?",), is_query=True),
    ),
    Request("no params", methods.EMBEDDER_STATUS, methods.Nothing()),
)

EMBEDDER_REPLIES = (
    Reply(
        "a vector",
        methods.EMBEDDER_EMBED,
        methods.EmbedderEmbedResult(model="example-3", dimension=3, vectors=EMBEDDING, unlike=0.0625),
    ),
    Reply(
        "a server that does not answer",
        methods.EMBEDDER_STATUS,
        methods.EmbedderStatusResult(
            kind="endpoint",
            state="failing",
            model="example-3",
            dimension=3,
            leaves_machine=False,
            waiting=12,
            embedded=480,
            refused=1,
            last_error="127.0.0.1:11434 does not answer",
            tries_again_at=NOON,
        ),
    ),
)
