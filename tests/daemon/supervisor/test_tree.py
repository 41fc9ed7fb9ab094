"""Which actors run: ours, those of other packages, and those that the settings choose among them."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pjaid.actors.embedder.api_key import VARIABLE
from pjaid.errors import InvalidSetting
from pjaid.supervisor.tree import TREE, Place, places, preloaded, take_secrets
from tests.installing import tell_of


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two packages with an actor each."""
    for name in ("weather", "notes"):
        tell_of(tmp_path, f"{name}_actor")
    monkeypatch.syspath_prepend(str(tmp_path))


NOTES = Place("notes", "notes_actor:notes")
WEATHER = Place("weather", "weather_actor:weather")


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ("all", (NOTES, WEATHER, *TREE)),
        ("none", ()),
        ("weather", (WEATHER,)),
        ("weather, notes", (WEATHER, NOTES)),
        ("notes,notes", (NOTES,)),
    ],
)
def test_the_settings_choose_among_what_is_installed(wanted: str, found: tuple[Place, ...]) -> None:
    assert places(wanted) == found


@pytest.mark.usefixtures("installed")
def test_an_actor_that_is_not_installed_is_told_with_those_that_are() -> None:
    with pytest.raises(InvalidSetting, match="there is no actor 'note'") as refused:
        places("note")
    assert "notes, weather" in (refused.value.hint or "")


def test_the_code_of_ours_comes_along_with_every_process_and_that_of_others_with_their_own_alone() -> None:
    modules = preloaded((NOTES, *TREE))
    assert {place.actor.partition(":")[0] for place in TREE} < {*modules}
    assert "notes_actor" not in modules
    assert all(importlib.import_module(module) for module in modules)


def test_an_actor_with_nothing_to_do_brings_no_more_than_itself() -> None:
    idle = preloaded(TREE, idle=("embedder",))
    assert {*preloaded(TREE)} - {*idle} == {"pjaid.actors.embedder.making"}


def test_what_one_actor_alone_is_to_know_leaves_the_environment() -> None:
    environ = {VARIABLE: "never", "HOME": "/home/ada"}
    assert take_secrets(environ) == {VARIABLE: "never"}
    assert take_secrets(environ) == {}
    assert environ == {"HOME": "/home/ada"}
    assert [place.name for place in TREE if VARIABLE in place.secrets] == ["embedder"]


@pytest.mark.usefixtures("installed")
def test_a_package_whose_metadata_cannot_be_read_keeps_no_other_out(tmp_path: Path) -> None:
    broken = tmp_path / "broken-1.dist-info"
    broken.mkdir()
    (broken / "entry_points.txt").write_text("[pjai.actors]\nbroken\n", encoding="utf-8")
    (tmp_path / "odd-1.dist-info" / "entry_points.txt").mkdir(parents=True)
    with capture_logs() as logs:
        assert places("all") == (NOTES, WEATHER, *TREE)
    assert [entry["event"] for entry in logs] == ["entry_points_unreadable"] * 2


@pytest.mark.usefixtures("installed")
@pytest.mark.parametrize("name", ["bad-name", "Weather", "7days", "a.b", "x" * 51, "pérsona"])
def test_an_actor_whose_name_no_method_could_have_is_left_out(tmp_path: Path, name: str) -> None:
    misnamed = tmp_path / "misnamed-1.dist-info"
    misnamed.mkdir()
    (misnamed / "entry_points.txt").write_text(f"[pjai.actors]\n{name} = a:b\nfine = a:b\n", encoding="utf-8")
    with capture_logs() as logs:
        assert places("all") == (Place("fine", "a:b"), NOTES, WEATHER, *TREE)
    assert [entry["event"] for entry in logs] == ["actor_misnamed"]
