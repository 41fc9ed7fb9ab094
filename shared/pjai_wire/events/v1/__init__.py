"""Owns the events of version 1.

A field with a default may be left out; the default is the event's own for ever. In an update, a field that
is left out (`UNSET`) stays as it was.
"""

from pjai_wire.events.v1.actors import ActorRefused, EmbedderReturned
from pjai_wire.events.v1.base import Event
from pjai_wire.events.v1.configuration import (
    PluginDisabled,
    PluginEnabled,
    PluginInstalled,
    PluginRemoved,
    SystemConfigRemoved,
    SystemConfigSet,
    UserPreferenceRemoved,
    UserPreferenceSet,
)
from pjai_wire.events.v1.conversations import (
    ConversationArchived,
    ConversationDeleted,
    ConversationMessageAdded,
    ConversationStarted,
    ConversationUnarchived,
    ConversationUpdated,
)
from pjai_wire.events.v1.dictionaries import DictionaryTrained
from pjai_wire.events.v1.indexes import (
    IndexCreated,
    IndexDropped,
    IndexMeasured,
    IndexProposed,
    IndexRejected,
    StatisticsTaken,
)
from pjai_wire.events.v1.memories import (
    MemoriesDeleted,
    MemoriesExpired,
    MemoriesLeftPlain,
    MemoriesPacked,
    MemoriesPurged,
    MemoriesTiered,
    MemoryEntityAccessed,
    MemoryEntityCreated,
    MemoryEntityDeleted,
    MemoryEntityLinked,
    MemoryEntityUnlinked,
    MemoryEntityUpdated,
    MemoryPinned,
    MemoryUnpinned,
)
from pjai_wire.events.v1.page_cache import PageCacheMeasured, PageCacheProposed, PageCacheResized
from pjai_wire.events.v1.personas import (
    PersonaActivated,
    PersonaCreated,
    PersonaDeactivated,
    PersonaDeleted,
    PersonaSecretRevealed,
    PersonaSecretsSet,
    PersonaUpdated,
    PersonaUsed,
)
from pjai_wire.events.v1.vectors import VectorsStored
from pjai_wire.events.v1.warnings import WarningCleared, WarningRaised
from pjai_wire.events.v1.workflows import WorkflowDeleted, WorkflowExecuted, WorkflowSaved

__all__ = [
    "Event",
    "ActorRefused",
    "PersonaCreated",
    "PersonaUpdated",
    "PersonaActivated",
    "PersonaDeactivated",
    "PersonaUsed",
    "PersonaDeleted",
    "PersonaSecretsSet",
    "PersonaSecretRevealed",
    "MemoryEntityCreated",
    "MemoryEntityUpdated",
    "MemoryEntityAccessed",
    "MemoryEntityLinked",
    "MemoryEntityUnlinked",
    "MemoryEntityDeleted",
    "MemoryPinned",
    "MemoryUnpinned",
    "MemoriesTiered",
    "MemoriesDeleted",
    "MemoriesExpired",
    "MemoriesPurged",
    "MemoriesPacked",
    "MemoriesLeftPlain",
    "DictionaryTrained",
    "ConversationStarted",
    "ConversationMessageAdded",
    "ConversationUpdated",
    "ConversationArchived",
    "ConversationUnarchived",
    "ConversationDeleted",
    "WorkflowSaved",
    "WorkflowExecuted",
    "WorkflowDeleted",
    "PluginInstalled",
    "PluginEnabled",
    "PluginDisabled",
    "PluginRemoved",
    "SystemConfigSet",
    "SystemConfigRemoved",
    "UserPreferenceSet",
    "UserPreferenceRemoved",
    "WarningRaised",
    "WarningCleared",
    "IndexProposed",
    "IndexCreated",
    "IndexMeasured",
    "IndexDropped",
    "IndexRejected",
    "StatisticsTaken",
    "PageCacheProposed",
    "PageCacheResized",
    "PageCacheMeasured",
    "VectorsStored",
    "EmbedderReturned",
]
