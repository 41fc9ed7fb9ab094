"""The arrows: what each room may know. Imports point one way, downwards in this table.

pjaid -> pjai_wire <- pjai;  serve -> methods, transport -> live -> store -> wire;  methods -> search -> store
methods -> supervisor -> calls -> wire;  methods, store -> metering -> wire
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import pytest

from tests.architecture.house import ROOTS, Module, is_within, modules

GROUND = ("pjai_wire", "pjaid.errors")


@dataclass(frozen=True)
class Room:
    """A part of the house, and what its modules may import beside themselves and the standard library."""

    name: str
    ours: tuple[str, ...]
    others: tuple[str, ...] = ()
    not_standard: tuple[str, ...] = ()

    def __str__(self) -> str:
        return self.name


ROOMS = (
    Room("pjai_wire", ours=(), others=("msgspec",), not_standard=("asyncio", "socket", "threading")),
    #
    Room("pjai", ours=("pjai_wire",), others=("anyio", "msgspec", "zmq")),
    Room(
        "pjai.cli",
        ours=("pjai_wire", "pjai"),
        others=("anyio", "click", "markdown_it", "msgspec", "rich", "zmq"),
    ),
    #
    Room("pjaid", ours=("pjai_wire", "pjaid"), others=("anyio", "msgspec", "structlog", "zmq")),
    Room(
        "pjaid.methods",
        ours=(
            *(*GROUND, "pjaid.settings"),
            *("pjaid.calls", "pjaid.live", "pjaid.metering"),
            *("pjaid.search", "pjaid.store", "pjaid.supervisor"),
        ),
        others=("apsw", "msgspec", "psutil", "structlog"),
        not_standard=("socket", "threading"),
    ),
    Room(
        "pjaid.metering",
        ours=("pjai_wire",),
        others=("msgspec",),
        not_standard=("asyncio", "os", "socket", "threading"),
    ),
    Room("pjaid.calls", ours=("pjai_wire",), others=("msgspec",), not_standard=("os", "socket", "threading")),
    Room(
        "pjaid.supervisor",
        ours=(*GROUND, "pjaid.calls"),
        others=("anyio", "msgspec", "structlog"),
        not_standard=("socket", "threading"),
    ),
    Room(
        "pjaid.supervisor.child",
        ours=(
            "pjai_wire",
            "pjai",
            "pjaid.process",
            "pjaid.supervisor.child_logs",
            "pjaid.supervisor.fork_messages",
            "pjaid.supervisor.standing_back",
        ),
        others=("anyio",),
    ),
    Room("pjaid.supervisor.standing_back", ours=()),
    Room("pjaid.supervisor.fork_messages", ours=(), others=("msgspec",)),
    Room(
        "pjaid.supervisor.fork_server",
        ours=(
            "pjaid.process",
            "pjaid.supervisor.child",
            "pjaid.supervisor.fork_messages",
            "pjaid.supervisor.standing_back",
        ),
        others=("msgspec",),
    ),
    Room(
        "pjaid.supervisor.processes",
        ours=("pjaid.supervisor.fork_messages",),
        not_standard=("threading",),
    ),
    Room("pjaid.supervisor.child_logs", ours=("pjaid.outlines",), others=("msgspec",)),
    Room(
        "pjaid.actors",
        ours=("pjai_wire", "pjai", "pjaid.actors"),
        others=("anyio", "msgspec", "numpy", "onnx", "onnxruntime", "prometheus_client", "zstandard"),
        not_standard=("socket", "threading"),
    ),
    Room("pjaid.transport", ours=GROUND, others=("anyio", "msgspec", "structlog", "zmq")),
    Room(
        "pjaid.live",
        ours=(*GROUND, "pjaid.store"),
        others=("anyio", "msgspec", "structlog"),
        not_standard=("asyncio", "socket", "threading"),
    ),
    Room("pjaid.live.nearness", ours=(), others=("numpy",)),
    Room(
        "pjaid.store",
        ours=(*GROUND, "pjaid.directories", "pjaid.metering", "pjaid.settings"),
        others=("anyio", "apsw", "cryptography", "keyring", "msgspec", "structlog", "zstandard"),
        not_standard=("socket",),
    ),
    Room(
        "pjaid.search",
        ours=(*GROUND, "pjaid.store"),
        others=("apsw", "msgspec"),
        not_standard=("socket", "threading"),
    ),
    Room("pjaid.search.codes", ours=(*GROUND, "pjaid.store"), others=("msgspec", "numkong", "numpy")),
    Room("pjaid.search.likeness", ours=(), others=("numpy",)),
    Room("pjaid.settings", ours=(*GROUND, "pjaid.directories"), others=("msgspec",)),
    Room("pjaid.directories", ours=GROUND, others=("platformdirs",)),
    Room("pjaid.errors", ours=("pjai_wire",)),
)

MAY_BEGIN_PROCESSES = "pjaid.supervisor"
MAY_IMPORT_SERVE = ("pjaid.command", "pjaid.__main__")

IMPURE = (
    *("anyio", "apsw", "structlog", "zmq"),
    *("asyncio", "os", "pathlib", "random", "secrets", "socket", "subprocess", "threading", "time"),
)
"""What a module that calls itself pure does without."""

each_module = pytest.mark.parametrize("module", modules(), ids=str)


def room_of(module: Module) -> Room:
    """The innermost room that a module is in."""
    around = [room for room in ROOMS if is_within(module.name, room.name)]
    return max(around, key=lambda room: len(room.name))


def exists(room: Room) -> bool:
    package, *inner = room.name.split(".")
    place = ROOTS[package].joinpath(package, *inner)
    return place.is_dir() or place.with_suffix(".py").is_file()


@each_module
def test_a_module_imports_what_its_room_may_know(module: Module) -> None:
    room = room_of(module)
    forbidden = set()
    for name in module.imports:
        top = name.partition(".")[0]
        if top in ROOTS:
            allowed = any(is_within(name, known) for known in (room.name, *room.ours))
        elif top in sys.stdlib_module_names:
            allowed = top not in room.not_standard
        else:
            allowed = top in room.others
        if not allowed:
            forbidden.add(name)
    assert not forbidden, f"{room} must not know {', '.join(sorted(forbidden))}"


@pytest.mark.parametrize("room", [room for room in ROOMS if exists(room)], ids=str)
def test_a_room_that_exists_is_held_by_its_line(room: Room) -> None:
    assert [module for module in modules() if room_of(module) is room]


@pytest.mark.parametrize("package", ["pjaid"])
def test_every_room_of_the_daemon_has_a_line(package: str) -> None:
    folders = {
        module.path.relative_to(ROOTS[package] / package).parts[0]
        for module in modules()
        if is_within(module.name, package) and module.path.parent != ROOTS[package] / package
    }
    assert {f"{package}.{folder}" for folder in folders} <= {room.name for room in ROOMS}


@each_module
def test_only_the_command_knows_serve(module: Module) -> None:
    if module.name not in MAY_IMPORT_SERVE:
        assert not [name for name in module.imports if is_within(name, "pjaid.serve")]


@pytest.mark.parametrize(
    "module", [module for module in modules() if is_within(module.name, "pjaid")], ids=str
)
def test_only_the_supervisor_begins_processes(module: Module) -> None:
    if not is_within(module.name, MAY_BEGIN_PROCESSES):
        beginning = ("multiprocessing", "subprocess", "os.fork", "os.posix_spawn")
        assert not [name for name in module.imports if any(is_within(name, one) for one in beginning)]
        assert "os.fork" not in module.path.read_text(encoding="utf-8")


@pytest.mark.parametrize("module", [module for module in modules() if "pure" in module.summary], ids=str)
def test_a_pure_module_knows_no_time_no_chance_and_no_outside(module: Module) -> None:
    assert not {name.partition(".")[0] for name in module.imports} & set(IMPURE)


def test_the_logic_of_live_queries_is_pure() -> None:
    assert "pure" in next(module for module in modules() if module.name == "pjaid.live.difference").summary
