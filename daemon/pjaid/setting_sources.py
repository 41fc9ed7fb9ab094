"""Owns where settings come from: the file, the environment and the flags, in this order."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec

from pjaid.directories import config_directory
from pjaid.errors import InvalidSetting, StartError
from pjaid.settings import DECLARATIONS, Declaration, Settings

CONFIG_FILE = "pjaid.toml"

SECRET_VARIABLES = ("PJAI_PASSPHRASE", "PJAI_EMBEDDER_KEY")
OTHER_VARIABLES = ("PJAI_CONFIG", "PJAI_ENDPOINT", *SECRET_VARIABLES)
"""Those that mean something to the daemon or to its clients, and are no setting."""
FOREIGN_PREFIX = "PJAI_TEST_"
"""Of variables that the tests read."""

VALUE_SHOWN_MAX = 100
"""Characters of a refused value that an error shows."""


class _Given(NamedTuple):
    """A value that a source gives."""

    name: str
    value: object
    source: str
    is_text: bool


def load_settings(flags: Mapping[str, str], environ: Mapping[str, str]) -> tuple[Settings, dict[str, str]]:
    """The settings, and the source of each.

    Args:
        flags: from the command line, by the setting's name, and only of settings that there are.
        environ: `PJAI_<NAME>` for each setting, and `PJAI_CONFIG`; an empty variable counts as not set.

    Returns:
        The settings, and for each name `default`, `file <path>`, `environment <variable>` or `flag <flag>`:
        of several sources the last one in this order wins.

    Raises:
        InvalidSetting: unknown, or outside what is allowed, even where a later source overrides it.
    """
    values: dict[str, object] = {}
    sources = dict.fromkeys(DECLARATIONS, "default")
    for given in (*_from_file(environ), *_from_environment(environ), *_from_flags(flags)):
        values[given.name] = _converted(given)
        sources[given.name] = given.source
    # The values were validated one by one, which mypy cannot see.
    return Settings(**values), sources  # type: ignore[arg-type]


def unknown_flag(flag: str) -> InvalidSetting:
    """The error that there is no such flag, whose hint is the nearest one."""
    name = flag.lstrip("-").replace("-", "_")
    return InvalidSetting(f"unknown flag {flag}", hint=_nearest(name, lambda known: known.flag))


def unknown_variables(environ: Mapping[str, str]) -> dict[str, str]:
    """The variables that look like ours and mean nothing, and for each the nearest that does, as a hint."""
    known = {*OTHER_VARIABLES, *(declaration.variable for declaration in DECLARATIONS.values())}
    return {
        variable: _nearest(variable.removeprefix("PJAI_").lower(), lambda known: known.variable)
        for variable in sorted(environ)
        if variable.startswith("PJAI_") and variable not in known and not variable.startswith(FOREIGN_PREFIX)
    }


def _from_file(environ: Mapping[str, str]) -> Iterator[_Given]:
    chosen = environ.get("PJAI_CONFIG")
    path = Path(chosen) if chosen else config_directory() / CONFIG_FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if chosen:
            raise StartError(f"PJAI_CONFIG names {path}, which does not exist") from error
        return
    except OSError as error:
        raise StartError(f"cannot read {path}: {error.strerror}") from error
    except ValueError as error:
        raise InvalidSetting(f"{path} is not TOML: {error}") from error
    for name, value in table.items():
        if name not in DECLARATIONS:
            nearest = _nearest(name, lambda known: known.name)
            raise InvalidSetting(f"{path} has an unknown setting {name!r}", hint=nearest)
        yield _Given(name, value, f"file {path}", is_text=False)


def _from_environment(environ: Mapping[str, str]) -> Iterator[_Given]:
    for declaration in DECLARATIONS.values():
        if text := environ.get(declaration.variable):
            yield _Given(declaration.name, text, f"environment {declaration.variable}", is_text=True)


def _from_flags(flags: Mapping[str, str]) -> Iterator[_Given]:
    for name, text in flags.items():
        yield _Given(name, text, f"flag {DECLARATIONS[name].flag}", is_text=True)


def _converted(given: _Given) -> object:
    declaration = DECLARATIONS[given.name]
    try:
        return msgspec.convert(
            given.value, declaration.annotation, strict=not given.is_text, dec_hook=_path_from
        )
    except msgspec.ValidationError as error:
        raise InvalidSetting(
            f"{given.name} from {given.source} is {given.value!r:.{VALUE_SHOWN_MAX}}, which is not allowed",
            hint=f"{given.name} is {declaration.allowed}",
        ) from error


def _path_from(_: type, value: object) -> Path:
    if not isinstance(value, str) or not value or "\0" in value:
        raise ValueError("not a path")
    try:
        return Path(value).expanduser().absolute()
    except RuntimeError as error:
        raise ValueError("no such user's home") from error


def _nearest(name: str, spelt: Callable[[Declaration], str]) -> str:
    """The setting that was meant by a name that is none, or all of them, as their source spells them."""
    begun = [known for known in DECLARATIONS if name and known.startswith(name)]
    close = begun or difflib.get_close_matches(name, DECLARATIONS, n=1)
    if close:
        return f"did you mean {spelt(DECLARATIONS[close[0]])!r}?"
    return f"one of: {', '.join(map(spelt, DECLARATIONS.values()))}"
