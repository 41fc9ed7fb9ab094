"""Owns the command `pjaid`: what it accepts, and how it tells what stops it."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import msgspec

from pjai_wire import version
from pjaid.errors import EX_OK, StartError
from pjaid.setting_sources import SECRET_VARIABLES, load_settings, unknown_flag, unknown_variables
from pjaid.settings import DECLARATIONS, Declaration, Settings

OUR_PACKAGES = ("pjaid", "pjai_wire")
EXIT_INTERRUPTED = 130
"""128 + SIGINT, as shells have it."""
OTHER_FLAGS = ("--help", "--version", "--keyring", "--json")
"""Those of the command and its parts that set nothing."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs `pjaid`.

    Args:
        arguments: those after the program's name; by default the process's own.

    Returns:
        The exit code, from sysexits(3) where something stopped it.
    """
    try:
        words = sys.argv[1:] if arguments is None else arguments
        _require_known_flags(words)
        return _carry_out(_parser().parse_args(words))
    except StartError as error:
        return _refuse(error)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in OUR_PACKAGES:
            raise
        # Modules of the daemon are imported late, so that this is said without them.
        return _refuse(
            StartError(f"pjaid needs {package}, which is not installed", hint='pip install "pjai[daemon]"')
        )
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _require_known_flags(words: Iterable[str]) -> None:
    """Raises InvalidSetting where a flag is unknown: argparse would not say which one was meant."""
    known = {*OTHER_FLAGS, *(declaration.flag for declaration in DECLARATIONS.values())}
    for word in words:
        flag = word.partition("=")[0]
        if flag.startswith("--") and flag != "--" and flag not in known:
            raise unknown_flag(flag)


def _parser() -> argparse.ArgumentParser:
    flags = argparse.ArgumentParser(add_help=False, allow_abbrev=False, argument_default=argparse.SUPPRESS)
    group = flags.add_argument_group("settings", "each also as PJAI_<NAME>, or in pjaid.toml")
    for declaration in DECLARATIONS.values():
        _add_flag(group, declaration)
    parser = argparse.ArgumentParser(
        prog="pjaid",
        usage="pjaid [--<setting> <value> ...] [command]",
        description="Runs the PJai daemon in the foreground, or carries out a command.",
        parents=[flags],
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"pjaid {version.PACKAGE}")
    commands = parser.add_subparsers(dest="command", metavar="command", prog="pjaid")
    init = commands.add_parser(
        "init",
        parents=[flags],
        allow_abbrev=False,
        help="make a store's first key slot, or add one to an existing store",
        description="Makes a store's first key slot, or unlocks an existing store and adds one.",
    )
    init.add_argument(
        "--keyring",
        action="store_true",
        help="keep the slot's key in the OS keyring; else ask for a passphrase",
    )
    settings = commands.add_parser(
        "settings",
        parents=[flags],
        allow_abbrev=False,
        help="print each setting, its value and its source",
        description="Prints each setting, its value, its unit and where the value comes from.",
    )
    settings.add_argument("--json", action="store_true", help="as JSON")
    export = commands.add_parser(
        "export-embedder",
        allow_abbrev=False,
        help="make the model of the embedder onnx from the weights of all-MiniLM-L6-v2",
        description="Makes a folder for the setting embedder_model_dir; needs pjai[export], and no network.",
    )
    export.add_argument("source", type=Path, help="a folder with model.safetensors and vocab.txt")
    export.add_argument("folder", type=Path, help="where to write the model")
    return parser


def _add_flag(group: argparse._ArgumentGroup, declaration: Declaration) -> None:
    default = "" if declaration.default is msgspec.NODEFAULT else f"; default {_text(declaration.default)}"
    unit = f" {declaration.unit}" if declaration.unit else ""
    explanation = f"{declaration.sentence} ({declaration.allowed}{unit}{default})".replace("%", "%%")
    if isinstance(declaration.default, bool):
        group.add_argument(declaration.flag, nargs="?", const="true", metavar="true|false", help=explanation)
    else:
        group.add_argument(declaration.flag, metavar=declaration.unit or "value", help=explanation)


def _carry_out(options: argparse.Namespace) -> int:
    flags = {name: value for name, value in vars(options).items() if name in DECLARATIONS}
    settings, sources = load_settings(flags, os.environ)
    unknown = unknown_variables(os.environ)
    if options.command is None:
        return _run(settings, unknown)
    for variable, hint in unknown.items():
        sys.stderr.write(f"pjaid: {variable} is no setting and does nothing; {hint}\n")
    if options.command == "export-embedder":
        return _export_embedder(options.source, options.folder)
    if options.command == "init":
        return _init(settings, keyring=options.keyring)
    return _print_settings(settings, sources, as_json=options.json)


def _run(settings: Settings, unknown: Mapping[str, str]) -> int:
    from pjaid.process import harden, hide_variables, share_one_heap, without

    # structlog would load it to print tracebacks, which the daemon never does: 5 MB, a fifth of its start.
    with without("rich"):
        import structlog

    from pjaid import serve
    from pjaid.logs import configure_logs

    harden()
    hide_variables(SECRET_VARIABLES)
    share_one_heap()
    configure_logs(settings)
    for variable, hint in unknown.items():
        structlog.get_logger().warning("unknown_variable", variable=variable, hint=hint)
    return serve.run(settings)


def _init(settings: Settings, *, keyring: bool) -> int:
    from pjaid.process import harden, hide_variables
    from pjaid.single import claim
    from pjaid.store.keys import SlotKind, make_slot

    harden()
    hide_variables(SECRET_VARIABLES)
    kind: SlotKind = "keyring" if keyring else "passphrase"
    with claim(settings.data_dir):
        key = make_slot(settings, kind, interactive=sys.stdin.isatty())
    done = f"made a store with a {kind} slot" if key.created else f"added a {kind} slot to the store"
    sys.stdout.write(f"{done}: {settings.data_dir}\n")
    return EX_OK


def _export_embedder(source: Path, folder: Path) -> int:
    # Beside the others, whose packages another extra has.
    try:
        from pjaid.actors.embedder.minilm.export import export
        from pjaid.actors.embedder.minilm.weights import NotTheModel
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] in OUR_PACKAGES:
            raise
        raise StartError(
            f"the export needs {error.name}, which is not installed", hint='pip install "pjai[export]"'
        ) from error
    try:
        export(source, folder)
    except NotTheModel as error:
        raise StartError(
            str(error), hint="the one that is meant: see NOTICE in pjaid/actors/embedder/static"
        ) from error
    except OSError as error:
        raise StartError(f"{error.filename}: {error.strerror}") from error
    sys.stdout.write(f"made a model: pjaid --embedder onnx --embedder-model-dir {folder}\n")
    return EX_OK


def _print_settings(settings: Settings, sources: dict[str, str], *, as_json: bool) -> int:
    if as_json:
        table = {
            declaration.name: {
                "value": _plain(getattr(settings, declaration.name)),
                "unit": declaration.unit,
                "source": sources[declaration.name],
                "allowed": declaration.allowed,
                "description": declaration.sentence,
            }
            for declaration in DECLARATIONS.values()
        }
        sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(table), indent=2) + b"\n")
        return EX_OK
    for declaration in DECLARATIONS.values():
        value = f"{_text(getattr(settings, declaration.name))} {declaration.unit}".rstrip()
        sys.stdout.write(
            f"{declaration.name} = {value}  ({sources[declaration.name]})\n    {declaration.sentence}\n"
        )
    return EX_OK


def _plain(value: object) -> object:
    return msgspec.to_builtins(value, enc_hook=str)


def _text(value: object) -> str:
    plain = _plain(value)
    return plain if plain and isinstance(plain, str) else msgspec.json.encode(plain).decode()


def _refuse(error: StartError) -> int:
    sys.stderr.write(f"pjaid: {error.message}\n")
    if error.hint:
        sys.stderr.write(f"       {error.hint}\n")
    return error.exit_code
