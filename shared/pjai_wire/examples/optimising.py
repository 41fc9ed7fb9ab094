"""Owns examples of requests and results of the methods about query shapes and indexes."""

from __future__ import annotations

from pjai_wire import methods
from pjai_wire.examples.exchange import Reply, Request
from pjai_wire.examples.story import COMMIT, INDEX, NOON, SHAPE

QUERY_SHAPE = methods.QueryShape(
    id="6f1f24a1b2c3d4e5",
    table="memories",
    sql=SHAPE,
    equal=("personaId",),
    ranges=("importance",),
    order=(("importance", "desc"),),
    is_grouped=False,
    rows_max=100,
    runs=120,
    total_us=65_820,
    rows=5_640,
    samples=3,
    scanned=826,
    steps=11_800,
    sorts=True,
    indexes=("memories_by_importance",),
    since=NOON,
    last_run_at=NOON + 60_000,
)

REASON = "78.7 % of 20,480 pages were there"

OPTIMISING_REQUESTS = (
    Request("no params", methods.QUERY_SHAPES, methods.Nothing()),
    Request(
        "two columns",
        methods.INDEX_PROVE,
        methods.IndexProveParams(table="memories", columns=("personaId", "type")),
    ),
    Request("a proposed one", methods.INDEX_CREATE, methods.IndexParams(id=INDEX)),
    Request(
        "with a reason",
        methods.INDEX_DROP,
        methods.IndexDropParams(id=INDEX, reason="unused for 30 days"),
    ),
    Request("a table", methods.ANALYZE, methods.AnalyzeParams(table="memories")),
    Request(
        "a larger one",
        methods.PAGE_CACHE_RESIZE,
        methods.PageCacheResizeParams(bytes=2_097_152, reason=REASON),
    ),
    Request("no params", methods.OPTIMISER_STATUS, methods.Nothing()),
    Request("no params", methods.OPTIMISER_RUN, methods.Nothing()),
)

OPTIMISING_REPLIES = (
    Reply(
        "a shape",
        methods.QUERY_SHAPES,
        methods.QueryShapesResult(
            seq=42,
            shapes=[QUERY_SHAPE],
            tables=[methods.TableSize(name="memories", rows=10_000, rows_known=0)],
            indexes=[
                methods.IndexSize(
                    name="memories_by_importance",
                    table="memories",
                    columns=("personaId", "importance"),
                    is_whole=True,
                    bytes=520_192,
                )
            ],
            database_bytes=176_758_784,
            index_bytes=9_289_728,
            index_bytes_max=35_351_756,
            page_cache=methods.PageCache(
                bytes=1_048_576,
                bytes_min=1_048_576,
                bytes_max=14_680_064,
                used_bytes=1_049_600,
                hits=16_118,
                misses=4_362,
                reads=105,
            ),
        ),
    ),
    Reply(
        "it would be used",
        methods.INDEX_PROVE,
        methods.IndexProof(
            id=INDEX,
            rows=10_000,
            shapes=[
                methods.ProvenShape(
                    shape="6f1f24a1b2c3d4e5",
                    before=("SEARCH memories USING INDEX memories_by_importance (persona_id=?)",),
                    after=(f"SEARCH memories USING INDEX {INDEX} (persona_id=? AND type=?)",),
                    is_used=True,
                    gain=5.5,
                )
            ],
            gain=5.5,
            bytes_estimated=550_000,
            build_ms_estimated=40,
            index_bytes=9_289_728,
            index_bytes_max=35_351_756,
        ),
    ),
    Reply("created", methods.INDEX_CREATE, methods.Receipt(seq=43, commit_id=COMMIT)),
    Reply("dropped", methods.INDEX_DROP, methods.Receipt(seq=44, commit_id=COMMIT)),
    Reply("known", methods.ANALYZE, methods.Receipt(seq=45, commit_id=COMMIT)),
    Reply("resized", methods.PAGE_CACHE_RESIZE, methods.Receipt(seq=46, commit_id=COMMIT)),
    Reply(
        "an index that pays",
        methods.OPTIMISER_STATUS,
        methods.OptimiserStatusResult(
            mode="auto",
            looked_at=NOON,
            shapes=[QUERY_SHAPE],
            indexes=[
                methods.AdvisedIndex(
                    id=INDEX,
                    table="memories",
                    columns=("personaId", "type"),
                    state="created",
                    reason="120 runs looked at 6.1 rows for each that they answered",
                    predicted_gain=5.5,
                    time_gain=3.25,
                    rows_gain=5.75,
                    bytes=561_152,
                    last_used_at=NOON,
                )
            ],
            database_bytes=176_758_784,
            index_bytes=9_850_880,
            index_bytes_max=35_351_756,
            page_cache=methods.TunedPageCache(
                bytes=2_097_152,
                bytes_max=14_680_064,
                used_bytes=2_098_176,
                hit_share=0.875,
                proposed_bytes=None,
                last_change=methods.PageCacheChange(
                    at=NOON,
                    bytes_before=1_048_576,
                    bytes=2_097_152,
                    reason=REASON,
                    hit_share_before=0.75,
                    hit_share=0.875,
                ),
            ),
        ),
    ),
    Reply(
        "one was made",
        methods.OPTIMISER_RUN,
        methods.OptimiserRunResult(
            proposed=(INDEX,),
            created=(INDEX,),
            rejected=(),
            measured=(),
            dropped=(),
            analyzed=("memories",),
            page_cache_bytes=2_097_152,
        ),
    ),
)
