"""Owns the settings: what can be set, and within which bounds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field, inspect

from pjai_wire.endpoints import runtime_directory
from pjai_wire.methods.embedder import EMBEDDED_CHARACTERS, EmbedderKind
from pjaid.directories import data_directory, state_directory
from pjaid.errors import InvalidSetting

Cipher = Literal["aegis", "chacha20", "sqlcipher"]

MIB = 1024 * 1024


def _about(sentence: str, *, unit: str = "", ge: float | None = None, le: float | None = None) -> Meta:
    return Meta(description=sentence, extra={"unit": unit}, ge=ge, le=le)


class Settings(Struct, frozen=True, kw_only=True):
    """Everything that can be set; each field's annotation is its flag, variable, bounds and documentation."""

    data_dir: Annotated[Path, _about("Where the store is: the database and its key file.")] = field(
        default_factory=data_directory
    )
    state_dir: Annotated[Path, _about("Where scratch files of a rebuild are, encrypted too.")] = field(
        default_factory=state_directory
    )
    runtime_dir: Annotated[
        Path, _about("Where the sockets are; clients find it by the same PJAI_RUNTIME_DIR.")
    ] = field(default_factory=runtime_directory)
    log_level: Annotated[
        Literal["debug", "info", "warning", "error"], _about("The least important record that is logged.")
    ] = "info"
    log_format: Annotated[
        Literal["auto", "text", "json"], _about("How records look; auto is text on a terminal, else json.")
    ] = "auto"
    cipher: Annotated[
        Cipher, _about("The cipher of a new store; an existing one keeps that which it was made with.")
    ] = "aegis"
    passphrase_file: Annotated[
        Path | None, _about("A file, readable by you alone, whose first line is the store's passphrase.")
    ] = None
    readers_min: Annotated[
        int, _about("Reading connections that stay open when idle.", unit="connections", ge=1, le=64)
    ] = 2
    readers_max: Annotated[
        int, _about("Reading connections open at once.", unit="connections", ge=1, le=64)
    ] = 10
    reader_acquire_timeout_s: Annotated[
        float, _about("How long a read waits for a connection.", unit="s", ge=0.01, le=3600)
    ] = 30.0
    reader_idle_timeout_s: Annotated[
        float, _about("How long an idle connection above readers_min stays open.", unit="s", ge=1, le=86400)
    ] = 300.0
    reader_cache_bytes_max: Annotated[
        int,
        _about(
            "What the page caches of all reading connections may take together.",
            unit="bytes",
            ge=MIB,
            le=16 * 1024 * MIB,
        ),
    ] = 16 * MIB
    group_commits_max: Annotated[
        int, _about("Commits that share one transaction and its fsync.", unit="commits", ge=1, le=10_000)
    ] = 256
    write_queue_max: Annotated[
        int, _about("Commits that wait for the writer.", unit="commits", ge=1, le=1_000_000)
    ] = 10_000
    requests_in_flight_max: Annotated[
        int, _about("Requests being answered at once.", unit="requests", ge=1, le=100_000)
    ] = 1000
    clients_max: Annotated[int, _about("Clients connected at once.", unit="clients", ge=1, le=10_000)] = 1000
    live_queries_max: Annotated[
        int, _about("Live queries open at once, over all clients.", unit="queries", ge=1, le=1_000_000)
    ] = 10_000
    live_queries_per_client_max: Annotated[
        int, _about("Live queries that one client may have open.", unit="queries", ge=1, le=1_000_000)
    ] = 1000
    live_bytes_per_client_max: Annotated[
        int,
        _about(
            "What the live results of one client may take together; past it the largest end.",
            unit="bytes",
            ge=1024,
            le=16 * 1024 * MIB,
        ),
    ] = 128 * MIB
    live_rerun_interval_ms: Annotated[
        float,
        _about("How often a live query that must be re-run is re-run at most.", unit="ms", ge=0, le=60_000),
    ] = 50.0
    cache_bytes_max: Annotated[
        int,
        _about(
            "What the answers kept in memory may take together; 0 keeps none.",
            unit="bytes",
            ge=0,
            le=16 * 1024 * MIB,
        ),
    ] = 14 * MIB
    cache_age_max_s: Annotated[
        float, _about("How long an answer is kept at most.", unit="s", ge=0, le=86_400)
    ] = 300.0
    vectors_memory_max: Annotated[
        int,
        _about(
            "What the codes of vectors, which are searched, may take in memory.",
            unit="bytes",
            ge=MIB,
            le=1024 * 1024 * MIB,
        ),
    ] = 512 * MIB
    message_bytes_max: Annotated[
        int, _about("The longest request that is accepted.", unit="bytes", ge=1024, le=1024 * MIB)
    ] = 16 * MIB
    result_bytes_max: Annotated[
        int, _about("The longest result that is sent.", unit="bytes", ge=1024, le=1024 * MIB)
    ] = 64 * MIB
    inline_ms_max: Annotated[
        float,
        _about(
            "How long a read may take on the event loop before it moves to a thread; 0 moves all.",
            unit="ms",
            ge=0,
            le=1000,
        ),
    ] = 4.0
    slow_query_ms: Annotated[
        float,
        _about(
            "How long a read may take before its shape is logged; 0 logs none.", unit="ms", ge=0, le=3_600_000
        ),
    ] = 100.0
    index_share_max: Annotated[
        float, _about("How much of the database indexes may take.", unit="%", ge=0, le=100)
    ] = 20.0
    index_build_ms_max: Annotated[
        float,
        _about("How long commits may wait while an index is made.", unit="ms", ge=0, le=3_600_000),
    ] = 2_000.0
    log_plain_days: Annotated[
        int,
        _about("How long an event's arguments are kept uncompressed.", unit="days", ge=0, le=36_500),
    ] = 30
    tick_interval_ms: Annotated[
        int,
        _about(
            "How often clients are told how far their live queries have come.", unit="ms", ge=10, le=60_000
        ),
    ] = 1000
    topic_lease_s: Annotated[
        float, _about("How long a topic that nobody subscribes to lives on.", unit="s", ge=0.1, le=3600)
    ] = 30.0
    actors: Annotated[str, _about("Which actors run: all, none, or names separated by commas.")] = "all"
    actor_calls_at_once: Annotated[
        int, _about("Calls that one actor carries out at once.", unit="calls", ge=1, le=64)
    ] = 16
    actor_long_calls_at_once: Annotated[
        int,
        _about(
            "Calls, of methods that may take long, that one actor carries out beside those.",
            unit="calls",
            ge=1,
            le=10_000,
        ),
    ] = 256
    actor_queue_max: Annotated[
        int, _about("Calls that wait for one actor.", unit="calls", ge=1, le=100_000)
    ] = 1000
    actor_heartbeat_ms: Annotated[
        int, _about("How often an actor gives a sign of life.", unit="ms", ge=10, le=60_000)
    ] = 2500
    actor_silence_ms_max: Annotated[
        int, _about("How long an actor may be silent before it is ended.", unit="ms", ge=50, le=600_000)
    ] = 6000
    actor_start_ms_max: Annotated[
        int, _about("How long an actor may take to register.", unit="ms", ge=100, le=600_000)
    ] = 15_000
    actor_restarts_max: Annotated[
        int,
        _about(
            "Restarts of an actor within a minute, or before it serves for 10 s; past it, it rests a minute.",
            unit="restarts",
            ge=0,
            le=10_000,
        ),
    ] = 5
    actor_memory_bytes_max: Annotated[
        int, _about("What an actor's data may take.", unit="bytes", ge=64 * MIB, le=1024 * 1024 * MIB)
    ] = 1024 * MIB
    actor_open_files_max: Annotated[
        int, _about("Files, sockets included, that an actor may have open.", unit="files", ge=64, le=65_536)
    ] = 256
    metrics_prometheus_port: Annotated[
        int,
        _about("Where on 127.0.0.1 Prometheus asks for metrics; 0 is nowhere.", unit="port", ge=0, le=65_535),
    ] = 0
    metrics_prometheus_socket: Annotated[
        Path | None, _about("A Unix socket, for this user alone, at which Prometheus asks for metrics.")
    ] = None
    embedder: Annotated[
        EmbedderKind,
        _about(
            "What makes vectors for search by meaning; an endpoint is a server that speaks as OpenAI's does."
        ),
    ] = "static"
    embedder_model_dir: Annotated[
        Path | None, _about("Where the model of the embedder onnx is; `pjaid export-embedder` makes one.")
    ] = None
    embedder_url: Annotated[
        str, _about("Where an endpoint answers, such as http://127.0.0.1:11434/v1/embeddings.")
    ] = ""
    embedder_model: Annotated[str, _about("The model that an endpoint is asked for.")] = ""
    embedder_allow_remote: Annotated[
        bool, _about("Lets the texts of memories leave this machine, for an endpoint on another one.")
    ] = False
    embedder_key_file: Annotated[
        Path | None,
        _about(
            "A file, readable by you alone, whose first line is an endpoint's API key; without one it is"
            " PJAI_EMBEDDER_KEY of the environment."
        ),
    ] = None
    embedder_query_prefix: Annotated[
        str, _about("What a model wants before a text that is searched for, such as `query: `.")
    ] = ""
    embedder_text_prefix: Annotated[
        str,
        _about(
            "What a model wants before a text that is searched in, such as `passage: `. Where it changes, all"
            " texts are embedded anew."
        ),
    ] = ""
    embedder_characters_max: Annotated[
        int,
        _about(
            "How much of a text an endpoint is given. Where it changes, all texts are embedded anew.",
            unit="characters",
            ge=100,
            le=20_000,
        ),
    ] = EMBEDDED_CHARACTERS
    embedder_timeout_s: Annotated[
        float, _about("How long an endpoint may take to answer.", unit="s", ge=0.1, le=600)
    ] = 30.0
    search_recency_weight: Annotated[
        float,
        _about("How far a row of today comes before an old one in a search.", unit="of a score", ge=0, le=1),
    ] = 0.02
    search_importance_weight: Annotated[
        float,
        _about(
            "How far a row of importance 100 comes before one of 0 in a search.",
            unit="of a score",
            ge=0,
            le=1,
        ),
    ] = 0.02
    search_tier_weight: Annotated[
        float,
        _about("How far a hot memory comes before a cold one in a search.", unit="of a score", ge=0, le=1),
    ] = 0.01
    search_connections_weight: Annotated[
        float,
        _about(
            "How far a well connected memory comes before a lone one in a search.",
            unit="of a score",
            ge=0,
            le=1,
        ),
    ] = 0.01
    drain_timeout_s: Annotated[
        float, _about("How long a stop waits for the work in flight.", unit="s", ge=0, le=60)
    ] = 4.0
    development: Annotated[
        bool, _about("Runs each materializer twice; a difference is an error that names it.")
    ] = False

    def __post_init__(self) -> None:
        if self.readers_min > self.readers_max:
            raise InvalidSetting(
                f"readers_min ({self.readers_min}) is more than readers_max ({self.readers_max})",
                hint="lower readers_min or raise readers_max",
            )
        if self.actor_heartbeat_ms >= self.actor_silence_ms_max:
            raise InvalidSetting(
                f"actor_heartbeat_ms ({self.actor_heartbeat_ms}) is not less than actor_silence_ms_max"
                f" ({self.actor_silence_ms_max})",
                hint="lower actor_heartbeat_ms or raise actor_silence_ms_max",
            )
        if self.embedder == "onnx" and self.embedder_model_dir is None:
            raise InvalidSetting(
                "embedder is onnx, and embedder_model_dir does not say where its model is",
                hint="`pjaid export-embedder` makes a folder with one",
            )
        if self.embedder == "endpoint":
            self._check_endpoint()

    def _check_endpoint(self) -> None:
        # A daemon without one has no use for what takes URLs apart.
        from pjai_wire.http_place import HttpPlace

        try:
            place = HttpPlace.of(self.embedder_url)
        except ValueError as problem:
            raise InvalidSetting(
                f"embedder is endpoint, and embedder_url {problem}",
                hint="such as http://127.0.0.1:11434/v1/embeddings",
            ) from problem
        if not self.embedder_model:
            raise InvalidSetting(
                "embedder is endpoint, and embedder_model does not say which model to ask for"
            )
        if not place.is_of_this_machine and not self.embedder_allow_remote:
            raise InvalidSetting(
                f"embedder_url is at {place.host}: the texts of your memories would leave this machine",
                hint="set embedder_allow_remote where that is what you want",
            )


class Declaration(Struct, frozen=True):
    """One setting as flags, environment and documents see it."""

    name: str
    sentence: str
    unit: str
    allowed: str
    annotation: object
    default: object
    """`msgspec.NODEFAULT` when it depends on the platform."""

    @property
    def flag(self) -> str:
        """Its flag on the command line."""
        return f"--{self.name.replace('_', '-')}"

    @property
    def variable(self) -> str:
        """Its environment variable."""
        return f"PJAI_{self.name.upper()}"


def settings_of(settings: Settings, actor: str) -> dict[str, object]:
    """What an actor is told: the settings whose names begin with its own, without that; paths as text.

    One of just its name keeps it.
    """
    prefix = f"{actor}_"
    found = {
        name: getattr(settings, name) for name in DECLARATIONS if name == actor or name.startswith(prefix)
    }
    return {
        name.removeprefix(prefix): str(value) if isinstance(value, Path) else value
        for name, value in found.items()
    }


def _allowed(kind: inspect.Type) -> str:
    match kind:
        case inspect.Metadata(type=inner):
            return _allowed(inner)
        case inspect.IntType(ge=low, le=high):
            return f"a whole number from {low} to {high}"
        case inspect.FloatType(ge=low, le=high):
            return f"a number from {low:g} to {high:g}"
        case inspect.BoolType():
            return "true or false"
        case inspect.StrType():
            return "a text"
        case inspect.LiteralType(values=words):
            return f"one of: {', '.join(map(str, words))}"
        case _:
            return "a path"


def _declarations() -> Iterator[Declaration]:
    kinds = inspect.type_info(Settings)
    assert isinstance(kinds, inspect.StructType)
    for kind, declared in zip(kinds.fields, msgspec.structs.fields(Settings), strict=True):
        assert isinstance(kind.type, inspect.Metadata)
        yield Declaration(
            name=declared.name,
            sentence=(kind.type.extra_json_schema or {})["description"],
            unit=(kind.type.extra or {})["unit"],
            allowed=_allowed(kind.type),
            annotation=declared.type,
            default=declared.default,
        )


DECLARATIONS: Mapping[str, Declaration] = {declaration.name: declaration for declaration in _declarations()}
"""Every setting by its name, in the order in which `Settings` declares them."""
