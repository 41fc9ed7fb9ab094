"""Owns how the command is run in its tests, and what it leaves behind."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from msgspec import Struct

PJAI = str(Path(sys.executable).with_name("pjai"))


class Ended(Struct, frozen=True):
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Its answer, where that is one JSON document."""
        assert self.code == 0, self.err
        return json.loads(self.out)

    @property
    def lines(self) -> list[Any]:
        """Its answer, where that is lines of JSON."""
        assert self.code == 0, self.err
        return [json.loads(line) for line in self.out.splitlines()]

    @property
    def table(self) -> list[dict[str, str]]:
        """Its answer, where that is lines with tabs under a header."""
        assert self.code == 0, self.err
        header, *rows = (line.split("\t") for line in self.out.splitlines())
        return [dict(zip(header, row, strict=True)) for row in rows]


Shell = Callable[..., Ended]


class Running:
    """A `pjai` in a process of its own, which prints lines of JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line(self) -> Any:
        """The next line."""
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ended(self) -> Ended:
        """What it leaves behind once it has ended."""
        out, err = self.process.communicate()
        return Ended(self.process.returncode, out, err)


@contextmanager
def running(environment: Mapping[str, str], *arguments: str) -> Iterator[Running]:
    """A `pjai` that runs inside the block."""
    with subprocess.Popen(
        [PJAI, *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Running(process)
        finally:
            process.kill()


class House(Struct, frozen=True):
    """A persona of a test's own, and its memories, the most important last."""

    persona: str
    memories: list[str]
    seq: int
