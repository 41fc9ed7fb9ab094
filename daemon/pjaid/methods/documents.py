"""Owns the methods of client documents: document_get, document_set."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.documents import filled
from pjai_wire.fields import Document
from pjai_wire.free import check_free
from pjai_wire.methods import DocumentGetParams, DocumentResult, DocumentSetParams
from pjaid.methods.clients import Client
from pjaid.methods.router import Answer, Handler
from pjaid.store.documents import StoredDocument
from pjaid.store.store import Store

_get = Decoder(DocumentGetParams, "params")
_set = Decoder(DocumentSetParams, "params")


class DocumentMethods:
    """Methods on the documents of the client that asks.

    Args:
        store: where the documents are.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self.handlers: dict[str, Handler] = {"document_get": self.get, "document_set": self.set}

    def get(self, client: Client, params: Raw) -> Answer:
        """A document, with what it lacks taken from the defaults."""
        asked = _get.decode(params)
        check_free(asked.defaults)
        return self._store.read_document(
            client.origin.client, asked.name, lambda document: _encoded(document, asked.defaults)
        )

    async def set(self, client: Client, params: Raw) -> bytes:
        """A document after a change to it."""
        asked = _set.decode(params)
        check_free(asked.value)
        check_free(asked.defaults)
        document = await self._store.write_document(client.origin.client, asked.name, asked.value)
        return _encoded(document, asked.defaults)


def _encoded(document: StoredDocument, defaults: Document) -> bytes:
    return encode(DocumentResult(seq=document.seq, value=filled(document.value, defaults)))
