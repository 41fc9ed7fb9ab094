"""PJai: a local data daemon for personal AI assistants.

    import pjai
    from pjai import memories, v1

    async with pjai.connect() as db:
        await db.commit(v1.PersonaCreated(id=pjai.new_id(), name="Ada"))

What talks to a daemon is imported when it is first used, so that `import pjai` stays light.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from pjai_wire import records, version
from pjai_wire.errors import (
    AlreadyExists,
    Conflict,
    InvalidQuery,
    InvalidValue,
    LimitExceeded,
    NotFound,
    NotRunning,
    Overloaded,
    PjaiError,
    RequestError,
    StateError,
    TimedOut,
    Unavailable,
    UnknownColumn,
    UnknownTable,
    UnsupportedVersion,
)
from pjai_wire.events import Event, v1, v2
from pjai_wire.ids import new_id, now_ms
from pjai_wire.methods import NewEvent, Receipt
from pjai_wire.select import Select, average, both, count, either, largest, negated, smallest, total
from pjai_wire.tables import (
    Table,
    client_documents,
    conversations,
    dictionaries,
    indexes,
    memories,
    memory_links,
    messages,
    metric_points,
    personas,
    plugins,
    system_config,
    user_preferences,
    warnings,
    workflows,
)

if TYPE_CHECKING:
    from pjai import blocking, differences, feed, queries, testing
    from pjai.database import Database, new_event
    from pjai.derived import Computed, computed
    from pjai.differences import Difference
    from pjai.documents import Document
    from pjai.exchange import MissedChanges
    from pjai.live_query import LiveQuery
    from pjai.live_value import LiveValue
    from pjai.opening import connect
    from pjai.signals import Signal, signal
    from pjai.trail import BrokenTrail

__version__ = version.PACKAGE

_MODULES = ("blocking", "differences", "feed", "queries", "testing")
_PLACES = {
    "BrokenTrail": "trail",
    "Computed": "derived",
    "Database": "database",
    "Difference": "differences",
    "Document": "documents",
    "LiveQuery": "live_query",
    "LiveValue": "live_value",
    "MissedChanges": "exchange",
    "Signal": "signals",
    "computed": "derived",
    "connect": "opening",
    "new_event": "database",
    "signal": "signals",
}

__all__ = [
    # the connection
    "connect",
    "blocking",
    "testing",
    "Database",
    "Document",
    # what is live
    "LiveQuery",
    "LiveValue",
    "Difference",
    "differences",
    "feed",
    "Computed",
    "computed",
    "Signal",
    "signal",
    # what is committed
    "Event",
    "NewEvent",
    "Receipt",
    "new_event",
    "new_id",
    "now_ms",
    "v1",
    "v2",
    # what is asked
    "queries",
    "Select",
    "Table",
    "records",
    "client_documents",
    "conversations",
    "dictionaries",
    "indexes",
    "memories",
    "memory_links",
    "messages",
    "metric_points",
    "personas",
    "plugins",
    "system_config",
    "user_preferences",
    "warnings",
    "workflows",
    "average",
    "both",
    "count",
    "either",
    "largest",
    "negated",
    "smallest",
    "total",
    # what goes wrong
    "PjaiError",
    "AlreadyExists",
    "BrokenTrail",
    "Conflict",
    "InvalidQuery",
    "InvalidValue",
    "LimitExceeded",
    "MissedChanges",
    "NotFound",
    "NotRunning",
    "Overloaded",
    "RequestError",
    "StateError",
    "TimedOut",
    "Unavailable",
    "UnknownColumn",
    "UnknownTable",
    "UnsupportedVersion",
    "__version__",
]


if not TYPE_CHECKING:
    # A type checker would take it to mean that every name exists.

    def __getattr__(name: str) -> Any:
        if name in _MODULES:
            return import_module(f"pjai.{name}")
        if name in _PLACES:
            return getattr(import_module(f"pjai.{_PLACES[name]}"), name)
        raise AttributeError(f"module 'pjai' has no attribute {name!r}")
