"""Passphrases: their sources, in order, and what none of them may be."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pjaid.errors import NoKey, NotPrivate
from pjaid.store.keys.passphrases import PASSPHRASE_BYTES_MAX, Passphrases
from tests.daemon.fakes import typing


def private_file(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    path.chmod(0o600)
    return path


def test_the_sources_have_an_order(tmp_path: Path) -> None:
    file = private_file(tmp_path / "file", b"from the file")
    private_file(tmp_path / "pjai.passphrase", b"from systemd")
    environ = {"CREDENTIALS_DIRECTORY": str(tmp_path)}

    found = [
        Passphrases.around(environ | {"PJAI_PASSPHRASE": "from the variable"}, file=file, prompt=None),
        Passphrases.around(environ | {"PJAI_PASSPHRASE": "from the variable"}, file=None, prompt=None),
        Passphrases.around({**environ}, file=None, prompt=typing()),
        Passphrases.around({}, file=None, prompt=typing()),
    ]

    assert [source.given() for source in found] == [
        b"from the file",
        b"from the variable",
        b"from systemd",
        None,
    ]


def test_what_leads_to_it_is_taken_out_of_the_environment(tmp_path: Path) -> None:
    environ = {"PJAI_PASSPHRASE": "correct horse", "CREDENTIALS_DIRECTORY": str(tmp_path)}

    passphrases = Passphrases.around(environ, file=tmp_path / "file", prompt=None)

    assert environ == {}
    assert "correct horse" not in repr(passphrases)


@pytest.mark.parametrize(
    ("content", "passphrase"),
    [
        (b"correct horse\n", b"correct horse"),
        (b"correct horse\n\n", b"correct horse\n"),
        (b" correct horse ", b" correct horse "),
        (b"\xff\xfe", b"\xff\xfe"),
        (b"x" * PASSPHRASE_BYTES_MAX + b"\n", b"x" * PASSPHRASE_BYTES_MAX),
    ],
)
def test_a_file_loses_one_newline_and_nothing_else(tmp_path: Path, content: bytes, passphrase: bytes) -> None:
    assert Passphrases(file=private_file(tmp_path / "file", content)).given() == passphrase


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620])
def test_a_file_that_others_can_reach_is_refused(tmp_path: Path, mode: int) -> None:
    file = private_file(tmp_path / "file", b"correct horse")
    file.chmod(mode)

    with pytest.raises(NotPrivate, match=str(file)):
        Passphrases(file=file).given()


@pytest.mark.parametrize("content", [b"", b"\n", b"x" * (PASSPHRASE_BYTES_MAX + 1)])
def test_an_empty_or_endless_passphrase_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(NoKey):
        Passphrases(file=private_file(tmp_path / "file", content)).given()


def test_a_missing_file_is_not_passed_over(tmp_path: Path) -> None:
    with pytest.raises(NoKey, match="cannot read"):
        Passphrases(file=tmp_path / "absent", variable=b"correct horse").given()


def test_the_same_letters_are_the_same_passphrase_on_every_keyboard() -> None:
    composed, decomposed = "caf\u00e9", "cafe\u0301"

    assert Passphrases(prompt=typing(composed)).asked() == Passphrases(prompt=typing(decomposed)).asked()


def test_a_variable_that_is_no_text_is_a_passphrase_too() -> None:
    environ = {"PJAI_PASSPHRASE": os.fsdecode(b"\xff\xfe")}

    assert Passphrases.around(environ, file=None, prompt=None).given() == b"\xff\xfe"


def test_a_new_passphrase_is_typed_twice() -> None:
    assert Passphrases(prompt=typing("correct horse", "correct horse")).chosen() == b"correct horse"
    with pytest.raises(NoKey, match="differ"):
        Passphrases(prompt=typing("correct horse", "correct house")).chosen()


def test_nobody_is_asked_where_nobody_is() -> None:
    assert Passphrases().asked() is None
    assert Passphrases().chosen() is None


def test_a_closed_terminal_gives_no_passphrase() -> None:
    def closed(question: str) -> str:
        raise EOFError

    with pytest.raises(NoKey, match="no passphrase was typed"):
        Passphrases(prompt=closed).asked()
