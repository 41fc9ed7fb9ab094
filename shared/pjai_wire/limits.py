"""Owns every limit that a client can meet; past one, the answer is a `limit_exceeded` or `invalid_value`."""

ID_CHARACTERS_MAX = 100
NAME_CHARACTERS_MAX = 500
IDENTIFIER_CHARACTERS_MAX = 100
"""A name of the contract's, such as a table's or a column's."""

DESCRIPTION_CHARACTERS_MAX = 1_000
MESSAGE_CHARACTERS_MAX = 500_000
PRIVATE_MEMORY_CHARACTERS_MAX = 100_000
API_KEYS_MAX = 50
"""A persona's."""

API_KEY_CHARACTERS_MAX = 4_000
SECRET_BYTES_MAX = 2**20
"""A secret's size before it is sealed; each kind that there is fits into it."""

TAGS_MAX = 100
TAG_CHARACTERS_MAX = 100
VECTOR_DIMENSIONS_MAX = 4_096

INTEGER_MAX = 2**53 - 1
"""The largest integer that every language's number holds exactly."""

QUERY_ROWS_DEFAULT = 100
QUERY_ROWS_MAX = 10_000
QUERY_OFFSET_MAX = 1_000_000
QUERY_CONDITIONS_MAX = 100
QUERY_DEPTH_MAX = 16
QUERY_LIST_MAX = 1_000
QUERY_VALUES_MAX = 10_000
QUERY_COLUMNS_MAX = 64

SEARCH_CHARACTERS_MAX = 4_000
"""Of a text that is searched for."""

SEARCH_WORDS_MAX = 256
"""Different words and phrases in it, stop words left out. Of plain text, the first so many count."""

SEARCH_TELLING_MAX = 32
"""Words of plain text that are looked for: where there are more, those that the fewest rows have."""

SEARCH_DEPTH_MAX = 8
"""How deep parentheses nest in it."""

SEARCH_HITS_DEFAULT = 10
SEARCH_HITS_MAX = 100
RECALL_CHARACTERS_MAX = MESSAGE_CHARACTERS_MAX
"""Of a text that memory is to be about: any message. Its first `SEARCH_CHARACTERS_MAX` count."""

RECALL_TOKENS_MIN = 16
RECALL_TOKENS_DEFAULT = 2_000
RECALL_TOKENS_MAX = 100_000
"""The budget of a recall."""

EMBED_TEXTS_MAX = 64
EMBED_CHARACTERS_MAX = 20_000
"""Of each text whose vector a client asks for."""

EVENTS_PER_COMMIT_MAX = 10_000
IDS_PER_EVENT_MAX = 500
"""Rows that one event about many of them names."""

EVENTS_PAGE_DEFAULT = 100
EVENTS_PAGE_MAX = 1_000

INDEX_COLUMNS_MAX = 4
"""Columns of an index that is made automatically."""

WITHIN_MS_MAX = 24 * 3600 * 1000
"""How long a client may say that it waits for an answer."""

MESSAGE_BYTES_MAX = 16 * 2**20
"""A request's size unless the daemon's settings say otherwise; `hello` tells the one in force."""

PARAMS_BYTES_MAX = 2 * 2**20
"""The params of every method but `commit`, encoded."""

EVENT_BYTES_MAX = 2 * 2**20
"""An event's arguments, encoded."""

DICTIONARIES_MAX = 65_535
"""How many dictionaries a store has in its life."""

DICTIONARY_BYTES_MAX = 112 * 2**10

FREE_DEPTH_MAX = 64
"""How deep maps and lists of the client's own may nest."""

ACTOR_QUEUE_BYTES_MAX = 64 * 2**20
"""The params of all calls that wait for one actor."""

ACTOR_FIGURES_MAX = 50
"""Counts or gauges that an actor tells of itself."""

MEASURES_MAX = 2_000
"""Counts, gauges or latencies in one message."""

REMEMBERED_AT_ONCE_MAX = 100
"""Memories of one call."""

METERS_WAIT_MS_MAX = 60_000
"""How long an answer about what was measured may wait for something to happen."""

MEASURE_CHARACTERS_MAX = 200
"""The name of one."""

EMBEDDING_ITEMS_MAX = 256
"""Texts that are taken at once to be given vectors."""

EMBEDDING_CHARACTERS_MAX = 8_000
"""Of a row's text, from its beginning: of more no model makes anything."""

EMBEDDING_WAIT_MS_MAX = 60_000
"""How long an embedder may wait for texts at once."""

DOCUMENT_BYTES_MAX = 2**20
"""A client document's size, encoded."""
