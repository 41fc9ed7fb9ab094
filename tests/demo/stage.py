"""Owns what the demonstration shows and requires: sections, commands, their answers, and what was wrong."""

from __future__ import annotations

import json
import shlex
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

PJAI = str(Path(sys.executable).with_name("pjai"))

COMMAND_TIMEOUT_S = 30.0


class NotAsItShouldBe(Exception):
    """Something of the demonstration went wrong."""


def require(holds: bool, sentence: str) -> None:
    """Goes on only where something holds.

    Raises:
        NotAsItShouldBe: it does not.
    """
    if not holds:
        raise NotAsItShouldBe(f"not so: {sentence}")


def section(title: str, explanation: str) -> None:
    """Opens a part of the demonstration."""
    say(f"\n━━ {title}\n   {explanation}\n")


def say(text: str) -> None:
    """Shows a line, before whatever another process shows next."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


class Terminal:
    """Where commands are typed.

    Args:
        environment: of the commands.
    """

    def __init__(self, environment: Mapping[str, str]) -> None:
        # A demonstration goes on by itself.
        self.environment = {**environment, "PAGER": ""}

    def show(self, *arguments: str) -> None:
        """Types a command, and shows what it says.

        Raises:
            NotAsItShouldBe: it failed.
        """
        self.type(*arguments)
        self._run(arguments, is_shown=True)

    def ask(self, *arguments: str) -> Any:
        """What a command answers as JSON, without showing it.

        Raises:
            NotAsItShouldBe: it failed.
        """
        return json.loads(self._run((*arguments, "--json"), is_shown=False))

    def type(self, *arguments: str) -> None:
        """Shows a command as it is typed."""
        say(f"$ pjai {shlex.join(arguments)}")

    def _run(self, arguments: tuple[str, ...], *, is_shown: bool) -> str:
        ended = subprocess.run(
            [PJAI, *arguments],
            env=self.environment,
            stdin=subprocess.DEVNULL,
            # Progress bars are for terminals, and would run into what the watcher shows.
            capture_output=not is_shown,
            text=True,
            timeout=COMMAND_TIMEOUT_S,
            check=False,
        )
        problem = f"ends with exit code 0, not {ended.returncode}\n{ended.stderr or ''}"
        require(ended.returncode == 0, f"pjai {arguments[0]} {problem}")
        return ended.stdout
