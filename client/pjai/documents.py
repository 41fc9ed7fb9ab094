"""Owns client documents: state of one program's own, such as its window's, that is in no shared log."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from copy import deepcopy
from typing import Any, Final

from pjai.connection import Connection
from pjai.derived import computed
from pjai.live import LiveQueries
from pjai.live_value import LiveValue
from pjai_wire.documents import filled
from pjai_wire.methods import DOCUMENT_GET, DOCUMENT_SET, DocumentGetParams, DocumentSetParams
from pjai_wire.records import ClientDocument
from pjai_wire.tables import client_documents

Value = dict[str, Any]


class Document:
    """One document of the connected program; two programs, told apart by `client`, share none.

    Args:
        connection: asks for it.
        live: watches it.
        name: tells it from the program's other documents.
        defaults: fill in what it lacks whenever it is read, and are not stored.
    """

    def __init__(
        self, connection: Connection, live: LiveQueries, name: str, defaults: Mapping[str, Any]
    ) -> None:
        self.name: Final = name
        self.defaults: Final[Value] = deepcopy(dict(defaults))
        self._connection = connection
        self._live = live

    async def get(self, *, timeout: float | None = None) -> Value:
        """The document; all defaults where nothing was stored yet."""
        params = DocumentGetParams(name=self.name, defaults=self.defaults)
        return (await self._connection.call(DOCUMENT_GET, params, timeout)).value

    async def merge(self, changes: Mapping[str, Any], *, timeout: float | None = None) -> Value:
        """The document once `changes` are merged in: maps merge, None removes, anything else replaces."""
        params = DocumentSetParams(name=self.name, value=dict(changes), defaults=self.defaults)
        return (await self._connection.call(DOCUMENT_SET, params, timeout)).value

    async def set(self, /, **changes: Any) -> Value:
        """`merge` with the changes as keywords."""
        return await self.merge(changes)

    @asynccontextmanager
    async def watch(
        self, label: str = "", *, timeout: float | None = None
    ) -> AsyncGenerator[LiveValue[Value]]:
        """The document, kept up to date inside the block; no stored document is all defaults."""
        stored = client_documents.where(client=self._connection.introduction.client, name=self.name)
        async with (
            self._live.watch(stored, label, timeout) as live,
            computed(self._with_defaults, live) as document,
        ):
            yield document

    def _with_defaults(self, stored: list[ClientDocument]) -> Value:
        value: Value = filled(stored[0].value if stored else {}, self.defaults)
        return value
