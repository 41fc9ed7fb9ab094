"""Owns the methods of client documents: document_get, document_set."""

from __future__ import annotations

from msgspec import field

from pjai_wire.fields import ClientName, Document
from pjai_wire.methods.method import Method, Params, Result, Scope


class DocumentGetParams(Params, frozen=True, kw_only=True):
    """Which document of the asking client."""

    name: ClientName
    defaults: Document = field(default_factory=dict)
    """Fills in what the document lacks."""


class DocumentSetParams(Params, frozen=True, kw_only=True):
    """A change to a document of the asking client."""

    name: ClientName
    value: Document
    """Merged into the document (RFC 7396): maps merge, null removes, anything else replaces."""
    defaults: Document = field(default_factory=dict)
    """Fills in what the document then lacks, in the answer."""


class DocumentResult(Result, frozen=True, kw_only=True):
    """A client document."""

    seq: int
    """Counts changes to client documents; not the shared log's."""
    value: Document


DOCUMENT_GET = Method("document_get", DocumentGetParams, DocumentResult, needs=Scope.READ)
DOCUMENT_SET = Method("document_set", DocumentSetParams, DocumentResult, needs=Scope.WRITE)
