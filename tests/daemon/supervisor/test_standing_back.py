"""A process that begins stands back, and has its turn again in every thread; whose policies are its own."""

from __future__ import annotations

import subprocess
import sys

import pytest

POLICIES = """
import os, threading
from pjaid.supervisor.standing_back import stand_back, stand_back_no_more

if os.geteuid() == 0:
    os.setuid(65534)  # who is root may take back what others may not

def policies():
    return sorted(os.sched_getscheduler(int(thread)) for thread in os.listdir("/proc/self/task"))

end = threading.Event()
threading.Thread(target=end.wait).start()
before = policies()
stand_back()
threading.Thread(target=end.wait).start()
meanwhile = policies()
stand_back_no_more()
after = policies()
end.set()
assert before == [os.SCHED_OTHER] * 2, before
assert meanwhile == [os.SCHED_OTHER, os.SCHED_BATCH, os.SCHED_BATCH], meanwhile
assert after == [os.SCHED_OTHER] * 3, after
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux lets a thread take its turn back")
def test_who_stands_back_does_so_with_the_threads_that_it_begins_and_takes_all_turns_back() -> None:
    subprocess.run([sys.executable, "-c", POLICIES], timeout=60, check=True)
