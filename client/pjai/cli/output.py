"""Owns what is printed: JSON for programs, tables for people at a terminal, tab-separated lines otherwise."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import IO, Any

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from pjai.cli.tables import Row, table
from pjai.cli.values import shown, to_json
from pjai_wire.errors import PjaiError

PAGER = "less"
PAGER_OPTIONS = "FRX"
"""As git has them: end at once where all fits the screen, show colours, leave the text on the screen."""


EX_IOERR = 74
"""From sysexits(3): a file, such as standard output, could not be read or written."""

EXIT_BROKEN_PIPE = 141
"""128 + SIGPIPE, as shells have it."""


class _InputOutput(PjaiError):
    """The operating system refused to read or write."""

    code = "input_output"


class Output:
    """Standard output and standard error.

    Args:
        as_json: print for programs.
    """

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self.is_terminal = sys.stdout.isatty() and not as_json
        self.console = _console(sys.stdout)
        self._errors = _console(sys.stderr)

    def document(self, value: Any) -> None:
        """The one JSON document that answers a command."""
        self._write(msgspec.json.format(to_json(value), indent=2).decode())

    def line(self, value: Any) -> None:
        """One JSON document of a stream."""
        self._write(to_json(value).decode())

    def say(self, text: str) -> None:
        """A line for people."""
        self._write(text)

    def text(self, text: Text) -> None:
        """A line for people whose parts look different at a terminal."""
        if self.is_terminal:
            self.console.print(text)
        else:
            self._write(text.plain)

    def flush(self) -> None:
        """Lets whoever reads a stream have what was printed so far."""
        sys.stdout.flush()

    def failed(self, failure: OSError) -> int:
        """Tells what could not be read or written, unless it is that nobody reads; returns the exit code."""
        # Python writes at its end what could not be written before, and would complain.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(failure, BrokenPipeError):
            return EXIT_BROKEN_PIPE
        self.problem(_InputOutput(str(failure)))
        return EX_IOERR

    def rows(self, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Rows for people, or for the tools that read lines."""
        if self.is_terminal:
            with self.paged():
                self.console.print(table(columns, rows, self.console.width))
            return
        self._write("\t".join(columns))
        for row in rows:
            self._write("\t".join(shown(column, row[column]) for column in columns))

    def fields(self, fields: Row) -> None:
        """Names beside their values; a tuple has a line for each item."""
        width = max(map(len, fields))
        for name, value in fields.items():
            for item in value if isinstance(value, tuple) else (value,):
                text = shown(name, item)
                if self.is_terminal:
                    self.console.print(Text.assemble((f"{name:<{width}}", "dim"), "  ", text))
                else:
                    self._write(f"{name}\t{text}")

    def note(self, text: str) -> None:
        """A remark for people, which is no part of the answer."""
        if not self.as_json:
            self._errors.print(text, style="dim")

    def problem(self, problem: PjaiError) -> None:
        """What went wrong, and what to do next."""
        if self.as_json:
            sys.stderr.write(to_json({"error": problem.body()}).decode() + "\n")
            return
        sys.stderr.write(f"pjai: {problem.message}\n")
        if problem.hint:
            sys.stderr.write(f"      {problem.hint}\n")

    def progress(self, *, counted: bool) -> Progress:
        """A bar on standard error, or where there is nothing to count a spinner; at a terminal only."""
        how = (BarColumn(), MofNCompleteColumn()) if counted else (SpinnerColumn(),)
        return Progress(
            TextColumn("{task.description}"),
            *how,
            console=self._errors,
            transient=True,
            disable=not self._errors.is_terminal,
        )

    @contextmanager
    def paged(self, *, wanted: bool = True) -> Iterator[None]:
        """Leads what is printed at a terminal inside the block through the user's pager."""
        pager = _pager() if self.is_terminal and wanted else []
        if not pager:
            yield
            return
        direct = self.console
        environment = {"LESS": PAGER_OPTIONS, **os.environ}
        try:
            with subprocess.Popen(pager, stdin=subprocess.PIPE, text=True, env=environment) as process:  # noqa: S603 # the user's own choice of pager
                assert process.stdin is not None
                self.console = _console(process.stdin, terminal=direct)
                yield
        except BrokenPipeError:
            # The reader has seen enough.
            pass
        finally:
            self.console = direct

    def _write(self, text: str) -> None:
        sys.stdout.write(f"{text}\n")


class _Console(Console):
    """A console that leaves a broken pipe to whoever prints, instead of ending the process."""

    def on_broken_pipe(self) -> None:
        raise


def _console(file: IO[str], terminal: Console | None = None) -> Console:
    like: dict[str, Any] = {} if terminal is None else {"force_terminal": True, "width": terminal.width}
    return _Console(file=file, highlight=False, markup=False, emoji=False, soft_wrap=True, **like)


def _pager() -> list[str]:
    """The user's pager, as arguments; none where there is none."""
    command = shlex.split(os.environ.get("PAGER", PAGER))
    return command if command and shutil.which(command[0]) else []
