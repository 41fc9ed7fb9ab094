"""Real conversations, remembered in pieces of three sizes: how much of their contents compression saves.

The text is `shared/real` beside the repository; where it is absent, these tests skip.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import pjai
from pjai import dictionaries, memories, v1
from pjai.testing import daemon
from pjai_wire.codec import encode
from pjaid.actors import pace
from pjaid.actors.memory_steward.compressing import Compressing
from pjaid.actors.memory_steward.progress import Progress
from pjaid.store.packing import Dictionary

REAL = Path(__file__).parents[5] / "shared" / "real" / "locomo_4.json"

pytestmark = [
    pytest.mark.anyio,
    pytest.mark.skipif(not REAL.is_file(), reason="the real conversations are not beside the repository"),
]

TURNS_OF_A_SESSION = 1_000


def pieces(turns: int) -> Iterator[dict[str, Any]]:
    """Contents of memories, each with so many turns of a session, or all of them."""
    for one in json.loads(REAL.read_text(encoding="utf-8")):
        talk = one["conversation"]
        for name, session in talk.items():
            if name.startswith("session_") and isinstance(session, list):
                said = [{"speaker": turn["speaker"], "text": turn["text"]} for turn in session]
                for begin in range(0, len(said), turns):
                    yield {"at": talk[f"{name}_date_time"], "turns": said[begin : begin + turns]}


@pytest.mark.parametrize(
    ("turns", "saved_min", "saved_min_with_dictionary"),
    [
        pytest.param(TURNS_OF_A_SESSION, 0.69, 0.66, id="whole sessions"),
        pytest.param(6, 0.67, 0.63, id="six turns each"),
        pytest.param(1, 0.62, 0.6, id="a turn each"),
    ],
)
async def test_real_conversations_shrink_and_read_back_identical(
    turns: int, saved_min: float, saved_min_with_dictionary: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pace, "REST", 0.0)
    contents = {f"m{number:05}": content for number, content in enumerate(pieces(turns))}
    with daemon() as running:
        async with pjai.connect(running.endpoint, client="tests") as db:
            await db.commit(v1.PersonaCreated(id="ada", name="Ada"))
            await db.commit(
                *[
                    v1.MemoryEntityCreated(
                        id=row_id,
                        persona_id="ada",
                        type="conversation",
                        name="a talk",
                        content=content,
                        memory_tier="warm",
                    )
                    for row_id, content in contents.items()
                ]
            )
            await Compressing(Progress()).run(db)
            (trained,) = await db.query(dictionaries.select("version", "data"))
            which = memories.order_by("id").select("id", "content", "compression_applied").limit(10_000)
            rows = await db.query(which)
            assert {row["id"]: encode(row["content"]) for row in rows} == {
                row_id: encode(content) for row_id, content in contents.items()
            }
            assert (await db.rebuild()).identical
    dictionary = Dictionary(trained["version"], trained["data"])
    plain = [encode(content) for content in contents.values()]
    stored = [
        dictionary.pack(content) if row["compression_applied"] else content
        for content, row in zip(plain, rows, strict=True)
    ]
    saved = 1 - sum(map(len, stored)) / sum(map(len, plain))
    with_dictionary = saved - len(trained["data"]) / sum(map(len, plain))
    told = f"{len(rows)} contents: {saved:.1%} saved, {with_dictionary:.1%} with the dictionary"
    print(told)  # noqa: T201 # pytest -s shows what was measured
    assert saved > saved_min
    assert with_dictionary > saved_min_with_dictionary
