"""Owns the run: `python -m tests.workload --memories N [--json FILE] [--only q6,w1] [--runs N]`."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import Awaitable, Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import apsw
import msgspec
import zmq

import pjai
from pjai_wire.errors import PjaiError
from tests.workload import (
    acting,
    bulk,
    caching,
    core,
    core_search,
    embedding,
    fairness,
    fanning,
    reacting,
    reading,
    searching,
    starting,
    storing,
    writing,
)
from tests.workload.bench import Bench, Workload, opened
from tests.workload.data import DataSet
from tests.workload.floors import WriteFloor, pragmas, unlocked
from tests.workload.loading import load
from tests.workload.processes import DaemonFailed, Home, copied
from tests.workload.progress import Progress
from tests.workload.questions import Questions
from tests.workload.report import Finding, as_json, as_table

EXIT_INTERRUPTED = 130

LIVE: dict[str, Callable[[Bench], Awaitable[Finding]]] = {
    "cache": caching.hit_rate,
    "q1": reading.persona_load,
    "q2": reading.memory_filter,
    "q5": reading.conversation_load,
    "q6": reading.point_get,
    "q3": searching.text_search,
    "q4": searching.semantic_search,
    "q4_all": searching.semantic_search_across,
    "recall": searching.recall,
    "fairness": fairness.fairness,
    "core": core.one_affected,
    "core_search": core_search.one_concerned,
    "w1": writing.commit,
    "w2": writing.commit_many,
    "w3": writing.commit_concurrent,
    "r1": reacting.react,
    "r2": reacting.react_among_some,
    "r3": reacting.react_among_many,
    "fan": fanning.fan,
    "bulk": bulk.bulk,
}
"""What is measured on one daemon, in this order: the cache before anything was asked, and reads before the
writes that change what they read."""

COLD: dict[str, Callable[[Bench], Awaitable[Finding]]] = {
    "q1_cold": reading.persona_load,
    "q2_cold": reading.memory_filter,
    "q5_cold": reading.conversation_load,
}
"""What is measured on a daemon that keeps no answers."""

RESTARTING = ("s1", "s2", "s3", "s4", "w4")
"""What is measured on daemons of their own, or on none."""

ACTING = ("a1", "a2", "a3")
"""What is measured on a daemon with actors."""

OPERATIONS = (*COLD, *LIVE, *RESTARTING, *ACTING)


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the workload; returns the exit code."""
    options = _parser().parse_args(arguments)
    # However it is told to end, the processes that it started end first.
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    try:
        with tempfile.TemporaryDirectory(prefix="pjai-", dir=options.directory) as directory:
            return anyio.run(_run, options, Path(directory), backend_options={"use_uvloop": True})
    except DaemonFailed as failure:
        sys.stderr.write(f"the daemon did not start:\n{failure}\n")
        return 1
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tests.workload",
        description="Measures a live daemon, each operation beside its floor.",
        allow_abbrev=False,
    )
    parser.add_argument("--memories", type=int, default=10_000, help="how large the data set is (10000)")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write what was found there too")
    parser.add_argument(
        "--only", type=_operations, default=OPERATIONS, metavar="OP,…", help=f"of {', '.join(OPERATIONS)}"
    )
    parser.add_argument("--runs", type=int, default=1000, help="how often a quick operation is timed (1000)")
    parser.add_argument(
        "--live-queries", type=int, default=10_000, help="how many are open in r3; r2 has a tenth (10000)"
    )
    parser.add_argument("--directory", type=Path, help="on which disk; by default that of temporary files")
    return parser


def _operations(text: str) -> tuple[str, ...]:
    asked = text.split(",")
    if unknown := set(asked) - set(OPERATIONS):
        raise argparse.ArgumentTypeError(f"unknown: {', '.join(sorted(unknown))}")
    return tuple(operation for operation in OPERATIONS if operation in asked)


async def _run(options: argparse.Namespace, directory: Path) -> int:
    progress = Progress()
    home = Home(directory)
    about = {**_versions(), **_machine(), "memories": options.memories, "runs": options.runs}
    data = DataSet(options.memories)
    findings: dict[str, Finding] = {}
    failure: PjaiError | None = None
    try:
        await load(home, data, progress)
        questions = Questions(data.persona_ids, data.memory_ids)
        workload = Workload(home, data, questions, options.runs, options.live_queries, progress)
        await _restarting(findings, options.only, workload)
        if asked := {*ACTING}.intersection(options.only):
            progress.begin(", ".join(sorted(asked)))
            # On a copy, as actors change what they find.
            with copied(home) as copy:
                measured = await acting.actors(copy, options.runs, progress)
            findings |= {operation: measured[operation] for operation in asked}
        if {*COLD, *LIVE}.intersection(options.only):
            await _live(findings, options.only, workload, about)
    except PjaiError as error:
        # What was found before is worth minutes, and is told all the same.
        failure = error
    finally:
        progress.end()
    about["load_average_after"] = _load_average()
    ordered = {operation: findings[operation] for operation in options.only if operation in findings}
    sys.stdout.write(as_table(about, ordered))
    if options.json:
        _write_json(options.json, about, ordered)
    if failure is None:
        return 0
    missing = ", ".join(operation for operation in options.only if operation not in findings)
    sys.stderr.write(f"the run ended early, without {missing}: {failure}\n")
    return 1


async def _restarting(findings: dict[str, Finding], only: Sequence[str], workload: Workload) -> None:
    home, runs, progress = workload.home, workload.runs, workload.progress
    if "s2" in only:
        # First: once this process has unlocked a store itself, it shares libraries of which a daemon lets go
        # when it has started, and which stay for both.
        progress.begin("s2")
        findings["s2"] = await starting.memory(home, workload.questions, runs)
    if "s3" in only:
        progress.begin("s3")
        findings["s3"] = storing.disk(home, unlocked(home))
    if "s1" in only:
        progress.begin("s1")
        findings["s1"] = await starting.cold_start(home, runs, progress)
    if "s4" in only:
        progress.begin("s4")
        findings["s4"] = await starting.first_search(home, workload.data, runs, progress)
    if "w4" in only:
        progress.begin("w4")
        findings["w4"] = await embedding.commits_beside_an_embedder(home, runs, progress)


async def _live(
    findings: dict[str, Finding], only: Sequence[str], workload: Workload, about: dict[str, Any]
) -> None:
    write_floor = WriteFloor(workload.home, unlocked(workload.home))
    try:
        about |= {**pragmas(write_floor.connection), "crossing": "ZeroMQ over ipc"}
        for measured, keeps_answers in ((COLD, False), (LIVE, True)):
            if asked := [operation for operation in measured if operation in only]:
                async with opened(workload, write_floor, keeps_answers=keeps_answers) as bench:
                    for operation in asked:
                        workload.progress.begin(operation)
                        findings[operation] = await measured[operation](bench)
    finally:
        write_floor.close()


def _versions() -> dict[str, str]:
    return {
        "pjai": pjai.__version__,
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "sqlite": f"{apsw.sqlite_lib_version()}, apsw {apsw.apsw_version()}",
        "zeromq": f"{zmq.zmq_version()}, pyzmq {zmq.pyzmq_version()}",
        "msgspec": msgspec.__version__,
        "uvloop": version("uvloop"),
    }


def _machine() -> dict[str, str]:
    return {
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "load_average_before": _load_average(),
    }


def _load_average() -> str:
    return f"{os.getloadavg()[0]:.2f}"


def _write_json(path: Path, about: Mapping[str, Any], findings: Mapping[str, Finding]) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(as_json(about, findings)), indent=2) + b"\n")


if __name__ == "__main__":
    sys.exit(main())
