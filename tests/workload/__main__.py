"""Owns the run: `python -m tests.workload --memories N [--json FILE] [--only q6,w1] [--runs N]`."""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
import tempfile
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.metadata import version
from pathlib import Path
from typing import Any

import anyio
import apsw
import msgspec
import zmq

import pjai
from pjai_wire.errors import PjaiError
from tests.workload import fairness, reacting, reading, starting, storing, writing
from tests.workload.bench import Bench
from tests.workload.data import DataSet
from tests.workload.echo import echo
from tests.workload.floors import ReadFloor, WriteFloor, pragmas, unlocked
from tests.workload.processes import DaemonFailed, Home, daemon
from tests.workload.progress import Progress
from tests.workload.questions import Questions
from tests.workload.report import Finding, as_json, as_table

EXIT_INTERRUPTED = 130
EVENTS_AT_ONCE = 500

LIVE: dict[str, Callable[[Bench], Awaitable[Finding]]] = {
    "q1": reading.persona_load,
    "q2": reading.memory_filter,
    "q5": reading.conversation_load,
    "q6": reading.point_get,
    "fairness": fairness.fairness,
    "w1": writing.commit,
    "w2": writing.commit_many,
    "w3": writing.commit_concurrent,
    "r1": reacting.react,
}
"""What is measured on one daemon, in this order: reads before the writes that change what they read."""

RESTARTING = ("s1", "s2", "s3")
"""What is measured on daemons of their own, or on none."""

OPERATIONS = (*LIVE, *RESTARTING)


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
        await _load(home, data, progress)
        questions = Questions(data.persona_ids, data.memory_ids)
        await _restarting(findings, options, home, questions, progress)
        if live := [operation for operation in LIVE if operation in options.only]:
            async with _bench(home, data, questions, options.runs, progress) as bench:
                about |= {**pragmas(bench.write_floor.connection), "crossing": "ZeroMQ over ipc"}
                for operation in live:
                    progress.begin(operation)
                    findings[operation] = await LIVE[operation](bench)
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


async def _load(home: Home, data: DataSet, progress: Progress) -> None:
    progress.begin(f"{data.memories} memories and {data.conversations} conversations")
    async with daemon(home), pjai.connect(home.endpoint, client="benchmark") as db:
        batch = []
        for event in data.events():
            batch.append(event)
            if len(batch) == EVENTS_AT_ONCE:
                await db.commit(*batch)
                batch.clear()
                progress.at(len(data.memory_ids) / data.memories)
        if batch:
            await db.commit(*batch)


async def _restarting(
    findings: dict[str, Finding],
    options: argparse.Namespace,
    home: Home,
    questions: Questions,
    progress: Progress,
) -> None:
    if "s3" in options.only:
        progress.begin("s3")
        findings["s3"] = storing.disk(home, unlocked(home))
    if "s1" in options.only:
        progress.begin("s1")
        findings["s1"] = await starting.cold_start(home, options.runs, progress)
    if "s2" in options.only:
        progress.begin("s2")
        findings["s2"] = await starting.memory(home, questions, options.runs)


@asynccontextmanager
async def _bench(
    home: Home, data: DataSet, questions: Questions, runs: int, progress: Progress
) -> AsyncGenerator[Bench]:
    key = unlocked(home)
    write_floor = WriteFloor(home, key)
    try:
        async with (
            daemon(home) as process,
            echo(home) as echoing,
            pjai.connect(home.endpoint, client="benchmark") as db,
        ):
            read_floor = ReadFloor(home, key)
            try:
                yield Bench(
                    home, data, questions, runs, progress, process.pid, db, echoing, read_floor, write_floor
                )
            finally:
                read_floor.close()
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
