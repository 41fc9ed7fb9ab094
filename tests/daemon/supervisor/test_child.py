"""An actor's process from the inside, as far as it goes without a daemon."""

from __future__ import annotations

import subprocess
import sys

from pjaid.supervisor.child import EXIT_WITHOUT_DAEMON, _told_of

ALONE = """
from multiprocessing import Pipe
from pjaid.supervisor.child import _end_with
lifeline, end = Pipe(duplex=False)
end.close()
_end_with(lifeline)
"""


def test_a_process_whose_lifeline_ends_is_over() -> None:
    done = subprocess.run([sys.executable, "-c", ALONE], capture_output=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (EXIT_WITHOUT_DAEMON, b"")


def test_a_failure_is_told_by_its_kind_and_place_and_never_by_its_text() -> None:
    try:
        int("what somebody wrote")
    except ValueError as error:
        told = _told_of(ExceptionGroup("in tasks", [ExceptionGroup("in others", [error])]))
    assert told.startswith(f"ValueError in {__file__}:")
    assert "somebody" not in told
