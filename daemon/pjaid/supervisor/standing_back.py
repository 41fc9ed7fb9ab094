"""Owns how a process that begins stands back: while it does, it has the processor when nobody else wants it.

To begin takes 50 ms of work, for which those who call others would wait where there are few cores: of a
hundred calls beside falls the slowest took up to a quarter longer. Only Linux has such a policy, of threads,
that whoever gave it to himself may give up again.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

STANDS_BACK_S = 0.5
"""For how long: where others never rest it would never be done."""


def stand_back() -> None:
    """Lets all others go first, and those threads too that are begun by this one from now on."""
    if sys.platform == "linux":
        with suppress(OSError):  # Where it is forbidden, others wait a little.
            os.sched_setscheduler(0, os.SCHED_IDLE, os.sched_param(0))


def stand_back_no_more() -> None:
    """Gives every thread of this process its turn again."""
    if sys.platform == "linux":
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 # names are all that is asked for
            with suppress(OSError):  # It may have ended.
                os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))
