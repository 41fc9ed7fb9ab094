"""Owns the methods: each declared once, and the router, the SDK and the document follow from it.

method     what a method is
data       query, count, get, commit
search     search, recall
watching   watch, watch_search, unwatch, resync, feed
insight    explain, live
trail      events
documents  document_get, document_set
embedding  embedding_take, embedding_put
upkeep     hello, health, rebuild
optimising query_shapes, index_prove, index_create, index_drop, analyze, page_cache_resize
optimiser  optimiser.status, optimiser.run
embedder   embedder.embed, embedder.status
actors     actor_register, actor_take, actor_settle, actor_heartbeat, actors, actor_restart
metering   meters, metrics_record
storage    storage, persona_figures
memory     memory.remember and others of the memory steward
secrets    secret_seal, secret_open
persona    of the actor: persona.create, persona.activate, persona.reveal and so on
"""

from __future__ import annotations

from pjai_wire.methods.actors import (
    ACTOR_HEARTBEAT,
    ACTOR_REGISTER,
    ACTOR_RESTART,
    ACTOR_SETTLE,
    ACTOR_TAKE,
    ACTORS,
    ActorHeartbeatParams,
    ActorInfo,
    ActorRegisterParams,
    ActorRegisterResult,
    ActorRestartParams,
    ActorSettleParams,
    ActorsResult,
    ActorTakeParams,
    ActorTakeResult,
    Outcome,
    Permissions,
)
from pjai_wire.methods.catalogue import METHODS
from pjai_wire.methods.data import (
    COMMIT,
    COUNT,
    GET,
    QUERY,
    CommitParams,
    CountParams,
    CountResult,
    GetParams,
    GetResult,
    NewEvent,
    Receipt,
    RowsResult,
)
from pjai_wire.methods.documents import (
    DOCUMENT_GET,
    DOCUMENT_SET,
    DocumentGetParams,
    DocumentResult,
    DocumentSetParams,
)
from pjai_wire.methods.embedder import (
    EMBEDDER_EMBED,
    EMBEDDER_STATUS,
    EmbedderEmbedParams,
    EmbedderEmbedResult,
    EmbedderKind,
    EmbedderState,
    EmbedderStatusResult,
)
from pjai_wire.methods.embedding import (
    EMBEDDING_PUT,
    EMBEDDING_TAKE,
    EmbeddedItem,
    EmbeddingItem,
    EmbeddingPutParams,
    EmbeddingPutResult,
    EmbeddingTakeParams,
    EmbeddingTakeResult,
)
from pjai_wire.methods.insight import EXPLAIN, LIVE, ExplainResult, LiveQueryInfo, LiveResult, Mode
from pjai_wire.methods.memory import (
    MEMORY_CLEAN,
    MEMORY_CONNECT,
    MEMORY_FORGET,
    MEMORY_PIN,
    MEMORY_REMEMBER,
    MEMORY_STATUS,
    MEMORY_TEND,
    MEMORY_TOUCH,
    MEMORY_UNPIN,
    MemoryCleanResult,
    MemoryConnectParams,
    MemoryParams,
    MemoryRememberParams,
    MemoryRememberResult,
    MemoryResult,
    MemorySource,
    MemoryStatusResult,
    MemoryTendParams,
    MemoryTendResult,
)
from pjai_wire.methods.metering import METERS, METRICS_RECORD, MetersParams, MetersResult, MetricsRecordParams
from pjai_wire.methods.method import Done, Method, Nothing, Params, Result, Scope
from pjai_wire.methods.optimiser import (
    OPTIMISER_RUN,
    OPTIMISER_STATUS,
    AdvisedIndex,
    OptimiserMode,
    OptimiserRunResult,
    OptimiserStatusResult,
    PageCacheChange,
    TunedPageCache,
)
from pjai_wire.methods.optimising import (
    ANALYZE,
    INDEX_CREATE,
    INDEX_DROP,
    INDEX_PROVE,
    PAGE_CACHE_RESIZE,
    QUERY_SHAPES,
    AnalyzeParams,
    IndexDropParams,
    IndexParams,
    IndexProof,
    IndexProveParams,
    IndexSize,
    PageCache,
    PageCacheResizeParams,
    ProvenShape,
    QueryShape,
    QueryShapesResult,
    TableSize,
)
from pjai_wire.methods.persona import (
    PERSONA_ACTIVATE,
    PERSONA_CREATE,
    PERSONA_DEACTIVATE,
    PERSONA_DELETE,
    PERSONA_DUPLICATE,
    PERSONA_INSIGHTS,
    PERSONA_REVEAL,
    PERSONA_SET_SECRETS,
    PERSONA_TOUCH,
    PERSONA_UPDATE,
    AgeBucket,
    PersonaChanged,
    PersonaCreateParams,
    PersonaDuplicated,
    PersonaDuplicateParams,
    PersonaInsights,
    PersonalityChange,
    PersonalityChangeLike,
    PersonaParams,
    PersonaRevealed,
    PersonaRevealParams,
    PersonaSecret,
    PersonaSetSecretsParams,
    PersonaSettingsChange,
    PersonaSettingsChangeLike,
    PersonaUpdateParams,
)
from pjai_wire.methods.search import (
    HIT_COLUMNS,
    RECALL,
    SEARCH,
    MeaningState,
    Recalled,
    RecallParams,
    RecallResult,
    SearchMode,
    SearchParams,
    SearchResult,
    SearchWeights,
    Sought,
)
from pjai_wire.methods.secrets import (
    SECRET_OPEN,
    SECRET_SEAL,
    SecretOpenParams,
    SecretOpenResult,
    SecretSealParams,
    SecretSealResult,
)
from pjai_wire.methods.storage import PERSONA_FIGURES, STORAGE, LogGrowth, StorageParams, StorageResult
from pjai_wire.methods.trail import EVENTS, EventsParams, EventsResult, LoggedEvent
from pjai_wire.methods.upkeep import (
    HEALTH,
    HELLO,
    REBUILD,
    HealthResult,
    HelloParams,
    HelloResult,
    RebuildParams,
    RebuildResult,
    TableComparison,
    VersionRange,
    VersionsAsked,
)
from pjai_wire.methods.watching import (
    FEED,
    RESYNC,
    UNWATCH,
    WATCH,
    WATCH_SEARCH,
    FeedParams,
    FeedResult,
    TopicParams,
    WatchParams,
    WatchResult,
    WatchSearchParams,
    WatchSearchResult,
)

__all__ = [
    "METHODS",
    "Scope", "Method", "Params", "Result", "Nothing", "Done",
    "RowsResult", "CountParams", "CountResult", "GetParams", "GetResult", "NewEvent", "CommitParams",
    "Receipt", "QUERY", "COUNT", "GET", "COMMIT",
    "HIT_COLUMNS", "MeaningState", "Recalled", "RecallParams", "RecallResult", "SearchMode", "SearchParams",
    "SearchResult", "SearchWeights", "Sought", "SEARCH", "RECALL",
    "WatchParams", "WatchResult", "WatchSearchParams", "WatchSearchResult", "TopicParams", "FeedParams",
    "FeedResult", "WATCH", "WATCH_SEARCH", "UNWATCH", "RESYNC", "FEED",
    "ExplainResult", "LiveQueryInfo", "LiveResult", "Mode", "EXPLAIN", "LIVE",
    "EventsParams", "LoggedEvent", "EventsResult", "EVENTS",
    "DocumentGetParams", "DocumentSetParams", "DocumentResult", "DOCUMENT_GET", "DOCUMENT_SET",
    "VersionRange", "VersionsAsked", "HelloParams", "HelloResult", "HealthResult", "RebuildParams",
    "TableComparison", "RebuildResult", "HELLO", "HEALTH", "REBUILD",
    "QueryShape", "TableSize", "IndexSize", "QueryShapesResult", "IndexProveParams", "ProvenShape",
    "IndexProof", "IndexParams", "IndexDropParams", "AnalyzeParams", "QUERY_SHAPES", "INDEX_PROVE",
    "INDEX_CREATE", "INDEX_DROP", "ANALYZE", "PageCache", "PageCacheResizeParams", "PAGE_CACHE_RESIZE",
    "OptimiserMode", "AdvisedIndex", "OptimiserStatusResult", "OptimiserRunResult", "OPTIMISER_STATUS",
    "OPTIMISER_RUN", "PageCacheChange", "TunedPageCache",
    "EmbedderKind", "EmbedderState", "EmbedderEmbedParams", "EmbedderEmbedResult", "EmbedderStatusResult",
    "EMBEDDER_EMBED", "EMBEDDER_STATUS",
    "ACTOR_HEARTBEAT", "ACTOR_REGISTER", "ACTOR_RESTART", "ACTOR_SETTLE", "ACTOR_TAKE", "ACTORS",
    "ActorHeartbeatParams", "ActorInfo", "ActorRegisterParams", "ActorRegisterResult", "ActorRestartParams",
    "ActorSettleParams", "ActorsResult", "ActorTakeParams", "ActorTakeResult", "Outcome", "Permissions",
    "METERS", "METRICS_RECORD", "MetersParams", "MetersResult", "MetricsRecordParams",
    "PERSONA_FIGURES", "STORAGE", "LogGrowth", "StorageParams", "StorageResult",
    "MEMORY_CLEAN", "MEMORY_CONNECT", "MEMORY_FORGET", "MEMORY_PIN", "MEMORY_REMEMBER", "MEMORY_STATUS",
    "MEMORY_TEND", "MEMORY_TOUCH", "MEMORY_UNPIN", "MemoryCleanResult", "MemoryConnectParams", "MemoryParams",
    "MemoryRememberParams", "MemoryRememberResult", "MemoryResult", "MemorySource", "MemoryStatusResult",
    "MemoryTendParams", "MemoryTendResult",
    "SECRET_OPEN", "SECRET_SEAL", "SecretOpenParams", "SecretOpenResult", "SecretSealParams",
    "SecretSealResult",
    "PERSONA_ACTIVATE", "PERSONA_CREATE", "PERSONA_DEACTIVATE", "PERSONA_DELETE", "PERSONA_DUPLICATE",
    "PERSONA_INSIGHTS", "PERSONA_REVEAL", "PERSONA_SET_SECRETS", "PERSONA_TOUCH", "PERSONA_UPDATE",
    "AgeBucket", "PersonaChanged", "PersonaCreateParams", "PersonaDuplicated", "PersonaDuplicateParams",
    "PersonaInsights", "PersonalityChange", "PersonalityChangeLike", "PersonaParams", "PersonaRevealed",
    "PersonaRevealParams", "PersonaSecret", "PersonaSetSecretsParams", "PersonaSettingsChange",
    "PersonaSettingsChangeLike", "PersonaUpdateParams",
    "EMBEDDING_TAKE", "EMBEDDING_PUT", "EmbeddedItem", "EmbeddingItem", "EmbeddingTakeParams",
    "EmbeddingTakeResult", "EmbeddingPutParams", "EmbeddingPutResult",
]  # fmt: skip
