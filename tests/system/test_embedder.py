"""The embedder beside a real daemon: what is committed gets its vector, of the right model."""

from __future__ import annotations

import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import anyio
import numpy as np
import psutil
import pytest

import pjai
from pjai import Database, v1
from pjai.testing import Daemon, daemon
from pjai_wire.codec import decode_any
from pjai_wire.errors import NoEmbedder, NotRunning, Unavailable
from pjai_wire.methods import EmbedderStatusResult
from pjaid.actors.embedder.api_key import VARIABLE
from pjaid.actors.embedder.static.distil import MODEL
from pjaid.actors.embedder.work import TOO_LATE
from pjaid.store.database import open_database
from pjaid.store.keys import Means, unlock
from pjaid.store.keys.passphrases import Passphrases
from pjaid.store.store import DATABASE
from pjaid.store.vector_shards import ROW_BITS, ROW_MAX
from tests.daemon.actors.embedder.vector_server import DIMENSION, VectorServer, vector_server

pytestmark = pytest.mark.anyio

WITHIN_S = 30
MEMORIES = 1_500
TOO_MUCH = "unspeakable"
KEY = "sk-the-server-alone-has-this"


@pytest.fixture
def server() -> Iterator[VectorServer]:
    with vector_server() as made:
        yield made


@asynccontextmanager
async def connected(running: Daemon) -> AsyncIterator[Database]:
    async with pjai.connect(running.endpoint) as db:
        yield db


def of_server(server: VectorServer) -> dict[str, object]:
    return {"embedder": "endpoint", "embedder_url": server.url, "embedder_model": "small"}


async def persona(db: Database) -> str:
    made = pjai.new_id()
    await db.commit(v1.PersonaCreated(id=made, name=f"Ada {made}"))
    return made


async def remember(db: Database, owner: str, *names: str) -> None:
    await db.commit(
        *(
            v1.MemoryEntityCreated(id=pjai.new_id(), persona_id=owner, type="concept", name=name)
            for name in names
        )
    )


async def vectors_stored(db: Database, model: str, count: int) -> None:
    """Returns once the log tells of so many vectors of a model; each look is an answer of the daemon's."""
    with anyio.fail_after(WITHIN_S):
        while True:
            page = await db.events(names=("v1.VectorsStored",), limit=1000)
            told = [decode_any(event.args) for event in page.events]
            if sum(args["count"] for args in told if args["model"] == model) >= count:
                return


async def status_where(db: Database, **wanted: object) -> EmbedderStatusResult:
    """The embedder's status, once it is as it should be."""
    with anyio.fail_after(WITHIN_S):
        while True:
            found = await db.embedder.status()
            if all(getattr(found, name) == value for name, value in wanted.items()):
                return found


async def process(db: Database, other_than: int | None = None) -> int:
    """The embedder's process, once it serves."""
    with anyio.fail_after(WITHIN_S):
        while True:
            (actor,) = (await db.actors()).actors
            if actor.state == "up" and actor.pid not in (None, other_than):
                return actor.pid


def vectors_in(running: Daemon) -> dict[str, list[tuple[int, bytes]]]:
    """The vectors in the file of a daemon that is not running, by model."""
    directory = running.directory / "data"
    means = Means(passphrases=Passphrases.around(dict(running.environment), file=None, prompt=None))
    key = unlock(directory, means)
    connection = open_database(directory / DATABASE, key.cipher, key.data_key)
    found: dict[str, list[tuple[int, bytes]]] = {}
    sql = f"""SELECT name, vectors.id & {ROW_MAX} AS row, vector FROM vectors
        JOIN vector_shards AS shard ON shard.id = vectors.id >> {ROW_BITS}
        JOIN embedding_models AS model ON model.id = shard.model ORDER BY row"""
    for name, row, vector in connection.execute(sql):
        found.setdefault(str(name), []).append((int(row), bytes(vector)))
    connection.close()
    return found


async def test_what_is_remembered_gets_the_vector_that_a_search_for_it_has() -> None:
    with daemon(actors="embedder") as running:
        async with connected(running) as db:
            await remember(db, await persona(db), "Sourdough")
            await vectors_stored(db, MODEL, 1)
            made = await db.embedder.embed(["Sourdough"], is_query=True)
            status = await status_where(db, embedded=1)
        running.stop()
        ((_, vector),) = vectors_in(running)[MODEL]
    asked = np.frombuffer(made.vectors, "<f4")
    stored = np.frombuffer(vector, "<f2").astype(np.float32)
    assert (made.model, made.dimension) == (MODEL, 256)
    assert float(asked @ stored) > 0.999
    assert (status.kind, status.state, status.waiting, status.leaves_machine) == ("static", "ready", 0, False)


async def test_an_embedder_that_is_killed_in_the_midst_of_it_loses_nothing() -> None:
    with daemon(actors="embedder") as running:
        async with connected(running) as db:
            owner = await persona(db)
            for begin in range(0, MEMORIES, 500):
                await remember(db, owner, *(f"memory number {n}" for n in range(begin, begin + 500)))
            for _ in range(2):
                fallen = await process(db)
                os.kill(fallen, signal.SIGKILL)
                assert await process(db, other_than=fallen) != fallen
            await vectors_stored(db, MODEL, MEMORIES)
        running.stop()
        assert len(vectors_in(running)[MODEL]) == MEMORIES


async def test_a_daemon_that_is_killed_goes_on_where_it_was() -> None:
    with daemon(actors="embedder") as running:
        async with connected(running) as db:
            await remember(db, await persona(db), *(f"memory number {n}" for n in range(MEMORIES)))
            await vectors_stored(db, MODEL, 1)
        running.kill()
        running.start()
        async with connected(running) as db:
            await vectors_stored(db, MODEL, MEMORIES)
        running.stop()
        assert len(vectors_in(running)[MODEL]) == MEMORIES


async def test_another_model_embeds_everything_anew(server: VectorServer) -> None:
    with daemon(actors="embedder") as running:
        async with connected(running) as db:
            await remember(db, await persona(db), "Sourdough", "Butter")
            await vectors_stored(db, MODEL, 2)
        running.stop()
        settings = "".join(f'{name} = "{value}"\n' for name, value in of_server(server).items())
        (running.directory / "pjaid.toml").write_text(settings)
        running.start()
        async with connected(running) as db:
            await vectors_stored(db, "small", 2)
            made = await db.embedder.embed(["anything"])
        running.stop()
        found = vectors_in(running)
    assert (made.model, made.dimension) == ("small", DIMENSION)
    assert [len(vector) for _, vector in found["small"]] == [2 * DIMENSION] * 2


async def test_another_prefix_of_texts_embeds_everything_anew(server: VectorServer) -> None:
    with daemon(actors="embedder", **of_server(server)) as running:
        async with connected(running) as db:
            await remember(db, await persona(db), "Sourdough", "Butter")
            await vectors_stored(db, "small", 2)
        running.stop()
        (running.directory / "pjaid.toml").write_text('embedder_text_prefix = "passage: "\n')
        running.start()
        async with connected(running) as db:
            model = (await db.embedder.embed(["anything"])).model
            await vectors_stored(db, model, 2)
        running.stop()
        found = vectors_in(running)
    assert model.startswith("small#")
    assert len(found[model]) == 2
    embedded = {text for asked in server.asked for text in asked}
    assert {"Sourdough", "passage: Sourdough", "Butter", "passage: Butter"} <= embedded


async def test_a_text_that_is_refused_has_no_vector_and_the_others_have_theirs(server: VectorServer) -> None:
    server.refuses = TOO_MUCH
    names = [f"memory number {n}" for n in range(20)]
    names[7] = TOO_MUCH
    with daemon(actors="embedder", **of_server(server)) as running:
        async with connected(running) as db:
            await remember(db, await persona(db), *names)
            status = await status_where(db, refused=1, waiting=0)
        running.stop()
        assert len(vectors_in(running)["small"]) == len(names) - 1
        assert TOO_MUCH not in running.log.read_text()
    assert status.state == "ready"


async def test_a_server_that_is_away_is_told_and_asked_again(server: VectorServer) -> None:
    with daemon(actors="embedder", **of_server(server)) as running:
        async with connected(running) as db:
            await status_where(db, state="ready", dimension=DIMENSION)
            server.status = 503
            await remember(db, await persona(db), "Sourdough")
            failing = await status_where(db, state="failing")
            assert "503" in failing.last_error
            assert failing.tries_again_at is not None
            with pytest.raises(Unavailable, match="503"):
                await db.embedder.embed(["nobody waits with it"])

            server.status = 200
            await vectors_stored(db, "small", 1)
            assert (await status_where(db, state="ready")).last_error == ""


async def test_a_server_that_hangs_keeps_one_search_waiting_and_is_asked_until_it_answers(
    server: VectorServer,
) -> None:
    with daemon(actors="embedder", **of_server(server)) as running:
        async with connected(running) as db:
            await remember(db, await persona(db), "Sourdough")
            await vectors_stored(db, "small", 1)
            server.hangs.clear()
            late = await db.search("sourdough")
            assert (len(late), late.meaning, late.why) == (1, "unavailable", TOO_LATE)
            assert (await db.embedder.status()).state == "failing"

            told = await db.search("sourdough bread")
            assert (len(told), told.meaning, told.why) == (1, "unavailable", TOO_LATE)
            assert ["sourdough bread"] not in server.asked

            server.hangs.set()
            assert (await status_where(db, state="ready")).last_error == ""
            assert (await db.search("sourdough bread")).meaning == "used"


async def test_the_key_of_a_server_is_with_the_embedder_alone(server: VectorServer) -> None:
    with daemon(actors="embedder,persona", **of_server(server)) as running:
        running.environment[VARIABLE] = KEY
        running.restart()
        async with connected(running) as db:
            await status_where(db, state="ready", dimension=DIMENSION)
            assert server.authorizations[-1] == f"Bearer {KEY}"
        pjaid = psutil.Process(running.pid)
        assert not {KEY, running.environment["PJAI_PASSPHRASE"]} & {*pjaid.environ().values()}
        children = pjaid.children(recursive=True)
        assert len(children) > len(("embedder", "persona"))
        assert not [child for child in children if VARIABLE in child.environ()]


async def test_without_an_embedder_that_is_said() -> None:
    with daemon(actors="embedder", embedder="none") as running:
        async with connected(running) as db:
            await remember(db, await persona(db), "Sourdough")
            assert (await db.embedder.status()).kind == "none"
            with pytest.raises(NoEmbedder, match="no embedder"):
                await db.embedder.embed(["Sourdough"])


def test_a_daemon_does_not_start_that_would_send_texts_elsewhere_unasked() -> None:
    elsewhere = {
        "embedder": "endpoint",
        "embedder_url": "http://192.0.2.1/v1/embeddings",
        "embedder_model": "small",
    }
    with pytest.raises(NotRunning, match="did not start") as refused, daemon(**elsewhere):
        pass
    assert "would leave this machine" in refused.value.hint
