"""Owns what a program does with a connected daemon: commit, query, watch, read the trail."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, aclosing
from typing import Any, Final, TypeVar

from msgspec import Raw

from pjai import trail
from pjai.connection import Connection
from pjai.documents import Document
from pjai.exchange import decoded
from pjai.live import LiveQueries
from pjai.live_query import LiveQuery
from pjai.rows import RowAnswer, RowsAnswer, reader
from pjai_wire.codec import encode
from pjai_wire.errors import InvalidQuery
from pjai_wire.events import Event, event_name
from pjai_wire.ids import new_id
from pjai_wire.methods import (
    COMMIT,
    COUNT,
    GET,
    HEALTH,
    QUERY,
    REBUILD,
    CommitParams,
    CountParams,
    GetParams,
    HealthResult,
    HelloResult,
    LoggedEvent,
    EventsResult,
    NewEvent,
    Nothing,
    RebuildParams,
    RebuildResult,
    Receipt,
)
from pjai_wire.records import Record
from pjai_wire.select import Select
from pjai_wire.tables import Table, personas

T = TypeVar("T")
RecordT = TypeVar("RecordT", bound=Record)
