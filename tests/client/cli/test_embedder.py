"""`pjai embedder`, and what `pjai status` says of it."""

from __future__ import annotations

import pytest
from msgspec import convert

from pjai.cli.embedder import described, in_a_line
from pjai.testing import daemon
from pjai_wire.methods import EmbedderStatusResult
from tests.client.cli.shell import Shell

FAILING = EmbedderStatusResult(
    kind="endpoint",
    state="failing",
    model="small",
    dimension=8,
    leaves_machine=True,
    waiting=12,
    embedded=480,
    refused=1,
    last_error="192.0.2.1:443 answers 503",
    tries_again_at=1_750_000_000_000,
)


def test_programs_and_people_are_told_which_there_is(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(actors="embedder") as running:
        monkeypatch.setenv("PJAI_ENDPOINT", running.endpoint)
        assert convert(shell("embedder", "--json").document, EmbedderStatusResult).kind == "static"
        fields = dict(line.split("\t") for line in shell("embedder").out.splitlines())
        assert (fields["embedder"], fields["state"]) == ("static", "ready")
        assert "embedder\tstatic, ready; 0 texts wait" in shell("status").out
        assert shell("status", "--json").document["embedder"]["kind"] == "static"


def test_that_there_is_none_is_said(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    with daemon(actors="embedder", embedder="none") as running:
        monkeypatch.setenv("PJAI_ENDPOINT", running.endpoint)
        assert "searches go by words alone" in shell("embedder").err
        assert "embedder\tnone: searches go by words alone" in shell("status").out


def test_where_it_does_not_run_the_status_leaves_it_out(shell: Shell) -> None:
    assert "embedder" not in shell("status", "--json").document
    refused = shell("embedder")
    assert refused.code
    assert "embedder" in refused.err


def test_one_that_fails_says_why_and_how_much_waits() -> None:
    assert described(FAILING)["last error"] == FAILING.last_error
    assert described(FAILING)["waiting"] == 12
    assert in_a_line(FAILING) == (
        "endpoint, failing (192.0.2.1:443 answers 503); 12 texts wait for their vectors"
    )
