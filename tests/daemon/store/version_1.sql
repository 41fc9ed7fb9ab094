CREATE TABLE origins (
    id INTEGER PRIMARY KEY,
    client TEXT NOT NULL,
    session TEXT NOT NULL,
    device TEXT NOT NULL,
    UNIQUE (client, session, device)
) STRICT;
CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    commit_id TEXT NOT NULL,
    name TEXT NOT NULL,
    args BLOB,
    args_hash BLOB NOT NULL,
    recorded_at INTEGER NOT NULL,
    origin INTEGER NOT NULL REFERENCES origins (id),
    persona_id TEXT,
    hash BLOB NOT NULL
) STRICT;
CREATE INDEX events_by_persona ON events (persona_id);

CREATE TABLE meta (name TEXT PRIMARY KEY, value ANY) STRICT, WITHOUT ROWID;
CREATE TABLE client_documents ("id" TEXT NOT NULL PRIMARY KEY, "client" TEXT NOT NULL, "name" TEXT NOT NULL, "value" BLOB NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE TABLE personas ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "description" TEXT NOT NULL, "avatar" TEXT, "personality" BLOB NOT NULL, "settings" BLOB NOT NULL, "memory_config" BLOB NOT NULL, "is_active" INTEGER NOT NULL, "last_used_at" INTEGER, "usage_count" INTEGER NOT NULL, "created_at" INTEGER NOT NULL, "updated_at" INTEGER NOT NULL, "version" INTEGER NOT NULL) STRICT;
CREATE TABLE memories ("id" TEXT NOT NULL PRIMARY KEY, "persona_id" TEXT NOT NULL, "type" TEXT NOT NULL, "name" TEXT NOT NULL, "content" BLOB NOT NULL, "summary" TEXT NOT NULL, "tags" BLOB NOT NULL, "importance" INTEGER NOT NULL, "last_accessed_at" INTEGER NOT NULL, "created_at" INTEGER NOT NULL, "updated_at" INTEGER NOT NULL, "embedding_model" TEXT, "memory_tier" TEXT NOT NULL, "compression_applied" INTEGER NOT NULL, "connection_count" INTEGER NOT NULL, "metadata" BLOB NOT NULL, "version" INTEGER NOT NULL, "deleted_at" INTEGER, "embedding" BLOB) STRICT;
CREATE TABLE memory_links ("id" TEXT NOT NULL PRIMARY KEY, "from_id" TEXT NOT NULL, "to_id" TEXT NOT NULL, "kind" TEXT NOT NULL, "weight" REAL NOT NULL, "created_at" INTEGER NOT NULL) STRICT;
CREATE TABLE conversations ("id" TEXT NOT NULL PRIMARY KEY, "persona_id" TEXT NOT NULL, "session_id" TEXT, "summary" TEXT NOT NULL, "sentiment" TEXT, "topics" BLOB NOT NULL, "importance" INTEGER NOT NULL, "is_archived" INTEGER NOT NULL, "archived_at" INTEGER, "message_count" INTEGER NOT NULL, "created_at" INTEGER NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE TABLE messages ("id" TEXT NOT NULL PRIMARY KEY, "conversation_id" TEXT NOT NULL, "position" INTEGER NOT NULL, "role" TEXT NOT NULL, "content" TEXT NOT NULL, "sent_at" INTEGER NOT NULL, "metadata" BLOB NOT NULL) STRICT;
CREATE TABLE workflows ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "description" TEXT NOT NULL, "persona_id" TEXT, "definition" BLOB NOT NULL, "is_template" INTEGER NOT NULL, "is_public" INTEGER NOT NULL, "tags" BLOB NOT NULL, "execution_count" INTEGER NOT NULL, "last_executed_at" INTEGER, "created_at" INTEGER NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE TABLE plugins ("id" TEXT NOT NULL PRIMARY KEY, "name" TEXT NOT NULL, "version" TEXT NOT NULL, "manifest" BLOB NOT NULL, "is_enabled" INTEGER NOT NULL, "installed_at" INTEGER NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE TABLE system_config ("id" TEXT NOT NULL PRIMARY KEY, "value" BLOB NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE TABLE user_preferences ("id" TEXT NOT NULL PRIMARY KEY, "value" BLOB NOT NULL, "updated_at" INTEGER NOT NULL) STRICT;
CREATE UNIQUE INDEX personas_by_name ON personas (name);
CREATE INDEX personas_by_use ON personas (is_active, last_used_at);
CREATE INDEX memories_by_type ON memories (persona_id, type, importance);
CREATE INDEX memories_by_importance ON memories (persona_id, importance);
CREATE INDEX memory_links_by_from ON memory_links (from_id);
CREATE INDEX memory_links_by_to ON memory_links (to_id);
CREATE INDEX conversations_by_age ON conversations (persona_id, created_at);
CREATE INDEX conversations_by_session ON conversations (session_id);
CREATE INDEX messages_by_position ON messages (conversation_id, position);
CREATE INDEX workflows_by_persona ON workflows (persona_id);
CREATE UNIQUE INDEX documents_by_name ON client_documents (client, name);
