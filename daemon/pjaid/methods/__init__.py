"""Owns what each method of the contract does: from a request to its answer. It knows no sockets.

router      the envelope: which method, which version, and every error as an answer
guard       what actors and other clients may not do
clients     who asks
data        query, count, get, commit, events
search      search, recall; query_embedding has their texts embedded, embedder_return tells when it can again
watching    watch, watch_search, unwatch, resync, feed; search_plans says how a search is watched
insight     explain, live
documents   document_get, document_set
embedding   embedding_take, embedding_put
upkeep      hello, health, rebuild
optimising  query_shapes, index_prove, index_create, index_drop, analyze, page_cache_resize
actors      actor_register, actor_take, actor_settle, actor_heartbeat, actors, actor_restart
metering    meters, metrics_record
secrets     secret_seal, secret_open
storage     storage, persona_figures
"""
