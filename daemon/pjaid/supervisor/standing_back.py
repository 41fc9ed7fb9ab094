"""Owns how a process that begins stands back: when it wakes meanwhile, nobody has to make room for it.

To begin takes 20 ms of work, for which those who call others would wait where there are few cores. Only Linux
has such a policy, of threads. SCHED_IDLE would stand back further, but who is not root could not give it up.
"""

from __future__ import annotations

import os
import sys
from contextlib import suppress

STANDS_BACK_S = 0.5
"""For how long: from then on it serves like others."""


def stand_back() -> None:
    """Lets others go first, and those threads and processes too that are begun by this thread from now on."""
    if sys.platform == "linux":
        with suppress(OSError):  # Where it is forbidden, others wait a little.
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def stand_back_no_more() -> None:
    """Gives every thread of this process its turn again."""
    if sys.platform == "linux":
        for thread in os.listdir("/proc/self/task"):  # noqa: PTH208 # names are all that is asked for
            with suppress(OSError):  # It may have ended.
                os.sched_setscheduler(int(thread), os.SCHED_OTHER, os.sched_param(0))
