"""The embedder behind a URL: what it sends, what it accepts as an answer, and how each failure is told."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pjai_wire import limits
from pjai_wire.http_place import HttpPlace
from pjai_wire.methods.embedder import EMBEDDED_CHARACTERS
from pjaid.actors.embedder.api_key import VARIABLE
from pjaid.actors.embedder.embedding import PROBE, EmbedderFails, TextsRefused
from pjaid.actors.embedder.endpoint import EndpointEmbedder, Wanted
from tests.daemon.actors.embedder.vector_server import DIMENSION, VectorServer, vector, vector_server

pytestmark = pytest.mark.anyio

SECRET = "sk-nobody-may-know"  # noqa: S105 # nobody's
MEMORY = "afraid of the oven"

Make = Callable[..., EndpointEmbedder]


@pytest.fixture
def server() -> Iterator[VectorServer]:
    with vector_server() as made:
        yield made


@pytest.fixture
def make(server: VectorServer) -> Make:
    """An embedder that asks that server."""

    def made(**wanted: Any) -> EndpointEmbedder:
        rest = {"model": "small", "characters_max": EMBEDDED_CHARACTERS, "timeout_s": 10.0, **wanted}
        return EndpointEmbedder(Wanted(place=HttpPlace.of(server.url), **rest))

    return made


async def test_each_text_has_its_vector_in_unit_length_whatever_the_answer_s_order(make: Make) -> None:
    embedder = make()
    model = await embedder.open()
    vectors = await embedder.embed(["bread", "butter"], is_query=False)

    assert (model.name, model.dimension) == ("small", DIMENSION)
    for made, text in zip(vectors, ["bread", "butter"], strict=True):
        expected = np.array(vector(text))
        assert np.allclose(made, expected / np.linalg.norm(expected), atol=1e-6)


async def test_the_server_is_asked_for_the_model_with_prefixes_and_no_more_of_a_text_than_is_allowed(
    make: Make, server: VectorServer
) -> None:
    embedder = make(query_prefix="query: ", text_prefix="passage: ", characters_max=5)
    await embedder.embed(["sourdough"], is_query=True)
    await embedder.embed(["sourdough"], is_query=False)

    assert server.asked == [[PROBE], ["query: sourd"], ["passage: sourd"]]
    assert set(server.models) == {"small"}
    assert set(server.authorizations) == {None}


async def test_vectors_of_texts_that_are_given_otherwise_have_another_name(make: Make) -> None:
    def name(**wanted: Any) -> str:
        return Wanted(place=HttpPlace.of("http://127.0.0.1/"), timeout_s=1.0, **wanted).name

    usual = {"model": "small", "characters_max": EMBEDDED_CHARACTERS}
    assert name(**usual) == name(**usual, query_prefix="query: ") == "small"
    others = [
        usual | {"text_prefix": "passage: "},
        usual | {"text_prefix": "search_document: "},
        usual | {"characters_max": 500},
        usual | {"text_prefix": "passage: ", "characters_max": 500},
        usual | {"text_prefix": "passage: ", "model": "large"},
        *(usual | {"text_prefix": "passage: ", "model": "m" * 99 + end} for end in "ab"),
    ]
    names = [name(**wanted) for wanted in others]
    assert len({"small", *names}) == 1 + len(others)
    assert names == [name(**wanted) for wanted in others]
    assert all(len(one) <= limits.TAG_CHARACTERS_MAX for one in names)
    assert (await make(text_prefix="passage: ").open()).name == names[0]
    assert names[0].startswith("small#")


async def test_a_key_comes_from_a_file_of_the_user_s_alone(
    make: Make, server: VectorServer, tmp_path: Path
) -> None:
    file = tmp_path / "key"
    file.write_text(f"{SECRET}\nnotes\n")
    file.chmod(0o600)
    await make(key_file=file).open()
    assert server.authorizations == [f"Bearer {SECRET}"]

    file.chmod(0o640)
    with pytest.raises(EmbedderFails, match="others can read"):
        await make(key_file=file).open()
    with pytest.raises(EmbedderFails, match="cannot be read"):
        await make(key_file=tmp_path / "none").open()


async def test_or_from_the_environment(
    make: Make, server: VectorServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(VARIABLE, SECRET)
    await make().open()
    assert server.authorizations == [f"Bearer {SECRET}"]

    monkeypatch.setenv(VARIABLE, f"{SECRET}\r\nHost: elsewhere")
    with pytest.raises(EmbedderFails) as failed:
        await make().open()
    assert SECRET not in str(failed.value)


async def test_proxies_of_the_environment_are_not_asked(make: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    await make().open()


@pytest.mark.parametrize("status", [401, 403, 404, 429, 503, 302, 307])
async def test_other_answers_are_failures_that_tell_the_status_and_no_text(
    make: Make, server: VectorServer, status: int
) -> None:
    embedder = make()
    await embedder.open()
    server.status = status
    with pytest.raises(EmbedderFails, match=str(status)) as failed:
        await embedder.embed([MEMORY], is_query=False)
    assert MEMORY not in str(failed.value)
    # A redirection is not followed: it may lead to another machine.
    assert server.asked == [[PROBE], [MEMORY]]


@pytest.mark.parametrize("status", [400, 413, 422, 500])
async def test_a_server_that_refuses_everything_is_a_failure_and_no_fault_of_the_text(
    make: Make, server: VectorServer, status: int
) -> None:
    embedder = make()
    await embedder.open()
    server.status = status
    with pytest.raises(EmbedderFails, match="refuses whatever"):
        await embedder.embed([MEMORY], is_query=False)


async def test_a_text_that_alone_is_refused_is_told_from_a_failure(make: Make, server: VectorServer) -> None:
    server.refuses = "oven"
    with pytest.raises(TextsRefused):
        await make().embed([MEMORY, "bread"], is_query=False)


def answer(*embeddings: object, indexes: tuple[int, ...] | None = None) -> bytes:
    places = indexes or tuple(range(len(embeddings)))
    return json.dumps(
        {"data": [{"index": i, "embedding": e} for i, e in zip(places, embeddings, strict=True)]}
    ).encode()


@pytest.mark.parametrize(
    "wrong",
    [
        b"",
        b"<html>",
        b"{}",
        answer(),
        answer([1.0] * DIMENSION),
        answer([1.0] * DIMENSION, [1.0]),
        answer([], []),
        answer([1.0] * DIMENSION, [1.0] * DIMENSION, indexes=(0, 0)),
        answer([1.0] * (DIMENSION + 1), [1.0] * (DIMENSION + 1)),
        answer([1.0] * DIMENSION, [1e300] * DIMENSION),
        answer([1.0] * DIMENSION, ["one"] * DIMENSION),
        answer([1.0] * 5000, [1.0] * 5000),
    ],
)
async def test_an_answer_that_is_not_a_finite_vector_for_each_text_is_a_failure(
    make: Make, server: VectorServer, wrong: bytes
) -> None:
    embedder = make()
    await embedder.open()
    server.answer = wrong
    with pytest.raises(EmbedderFails):
        await embedder.embed(["bread", "butter"], is_query=False)


async def test_a_server_that_hangs_is_a_failure_in_time(make: Make, server: VectorServer) -> None:
    server.hangs.clear()
    with pytest.raises(EmbedderFails, match="does not answer"):
        await make(timeout_s=0.05).open()


async def test_nobody_at_that_port_is_a_failure() -> None:
    with vector_server() as gone:
        place = HttpPlace.of(gone.url)
    embedder = EndpointEmbedder(Wanted(place=place, model="small", characters_max=100, timeout_s=5.0))
    with pytest.raises(EmbedderFails, match="does not answer"):
        await embedder.open()


@pytest.mark.parametrize(
    ("url", "stays"),
    [
        ("http://127.0.0.1:11434/v1/embeddings", True),
        ("http://127.8.8.8/v1/embeddings", True),
        ("http://[::1]:80/v1/embeddings", True),
        ("http://localhost/v1/embeddings", True),
        ("https://api.openai.com/v1/embeddings", False),
        ("http://localhost.example.org/v1/embeddings", False),
        ("http://192.168.0.7:11434/v1/embeddings", False),
        ("http://127.0.0.1.example.org/", False),
    ],
)
def test_it_is_known_whether_texts_stay_on_this_machine(url: str, *, stays: bool) -> None:
    place = HttpPlace.of(url)
    embedder = EndpointEmbedder(Wanted(place=place, model="small", characters_max=100, timeout_s=5.0))
    assert embedder.leaves_machine is not stays
