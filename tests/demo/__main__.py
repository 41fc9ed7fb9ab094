"""Owns the demonstration's course: what happens, in which order, and what must come out."""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

from tests.demo.household import Daemon, Watcher, environment_in, running_daemon, running_watcher
from tests.demo.stage import NotAsItShouldBe, Terminal, require, say, section

PERSONA = "Ada"
IMPORTANT = 90

PLAIN_SQLITE = b"SQLite format 3\0"
MARKER_CHARACTERS = 40


def main(files: list[str]) -> int:
    """Shows the main job on `files`; returns the exit code."""
    began = time.monotonic()
    try:
        require(bool(files), "there are files to remember: python -m tests.demo FILES…")
        with tempfile.TemporaryDirectory(prefix="pjai-") as directory:
            _show(Path(directory), files)
    except NotAsItShouldBe as problem:
        say(f"\n✗ {problem}")
        return 1
    say(f"\n✓ All as it should be, in {time.monotonic() - began:.1f} s.")
    return 0


def _show(directory: Path, files: list[str]) -> None:
    environment = environment_in(directory)
    terminal = Terminal(environment)
    section("A daemon", "pjaid, on a new store that is encrypted with a passphrase made a moment ago.")
    say("$ pjaid")
    began = time.monotonic()
    with running_daemon(directory, environment) as daemon:
        say(f"   ready in {time.monotonic() - began:.2f} s, process {daemon.process.pid}")
        terminal.show("status")

        section("A live query", "Another process watches memories; it shows each change, and its age then.")
        with running_watcher(environment) as watcher:
            number = _remember(terminal, watcher, files)
            seq = _change_one(terminal, watcher, number)
            delays = sorted(watcher.delays_ms)
        say(f"   From commit to screen: {delays[0]:.1f} ms at best, {delays[-1]:.1f} ms at worst.")

        _query(terminal, number)
        _audit(terminal, seq)
        _rebuild(terminal, seq, number)
        _search_the_files(daemon, files)
        _stop(daemon)


def _remember(terminal: Terminal, watcher: Watcher, files: list[str]) -> int:
    """Remembers the files, in a third process; returns how many memories they made."""
    arguments = ("remember", "--persona", PERSONA, *files)
    terminal.type(*arguments)
    answer = terminal.ask(*arguments)
    number: int = answer["remembered"]
    require(number > 0, "there is something to remember in the files")
    watcher.until(number, answer["seq"])
    say(f"   {number} memories of {len(answer['files'])} files.\n")

    again = terminal.ask(*arguments)
    require(again["remembered"] == 0 and again["known"] == number, "to remember again adds nothing")
    say(f"$ pjai remember …  # once more\n   {again['known']} were known, none was added.\n")
    return number


def _change_one(terminal: Terminal, watcher: Watcher, number: int) -> int:
    """Makes one memory important; returns the seq."""
    first = terminal.ask("query", "memories", "--limit", "1", "--select", "id")[0]["id"]
    event = ("commit", "v1.MemoryEntityUpdated", f'{{"id": "{first}", "importance": {IMPORTANT}}}')
    terminal.type(*event)
    seq: int = terminal.ask(*event)["seq"]
    watcher.until(number, seq)
    return seq


def _query(terminal: Terminal, number: int) -> None:
    section("Queries", "Typed, with conditions, orders and groups; what was committed is there.")
    terminal.show(
        "query", "memories", "--where", f"importance>={IMPORTANT}", "--select", "importance,tags,name"
    )
    terminal.show(
        *("query", "memories", "--group-by", "type,importance", "--aggregate", "n=count:*"),
        *("--order-by", "n:desc"),
    )
    counted = terminal.ask("count", "memories", "--where", f"importance<{IMPORTANT}")["count"]
    require(counted == number - 1, f"{number - 1} memories are less important, not {counted}")


def _audit(terminal: Terminal, seq: int) -> None:
    section("The audit trail", "Every change is an event; a chain of hashes shows that none was touched.")
    terminal.show("events", "--reverse", "--limit", "1")
    terminal.show("events", "--verify")
    verified = terminal.ask("events", "--verify")
    require(verified["intact"] and verified["events"] == seq, f"the trail has {seq} events and is intact")


def _rebuild(terminal: Terminal, seq: int, number: int) -> None:
    section("A rebuild", "The state is made anew from the events, and compared with the live one.")
    terminal.show("rebuild")
    rebuilt = terminal.ask("rebuild")
    require(rebuilt["identical"] and rebuilt["seq"] == seq, "the rebuilt state is the live one")
    require(rebuilt["tables"]["memories"]["rows"] == number, f"it has {number} memories")


def _search_the_files(daemon: Daemon, files: list[str]) -> None:
    section(
        "The disk", "While the daemon runs, none of its files holds what was remembered in a form to be read."
    )
    lines = (line for file in files for line in Path(file).read_text(encoding="utf-8").splitlines())
    marker = max(lines, key=len).strip()[:MARKER_CHARACTERS]
    kept = [path for path in daemon.directory.rglob("*") if path.is_file()]
    for path in kept:
        content = path.read_bytes()
        require(marker.encode() not in content, f"{path.name} does not hold what was remembered")
        require(not content.startswith(PLAIN_SQLITE), f"{path.name} is no plain SQLite file")
    say(f"   Looked for {marker!r} in {', '.join(sorted(path.name for path in kept))}: not there.")


def _stop(daemon: Daemon) -> None:
    section("The end", "A signal to stop: what was begun is finished, and the store is closed.")
    began = time.monotonic()
    code = daemon.stop()
    say(f"$ kill {daemon.process.pid}\n   exit code {code}, after {time.monotonic() - began:.2f} s")
    require(code == 0, f"pjaid ends with exit code 0, not {code}")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
