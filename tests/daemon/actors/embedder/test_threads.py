"""The embedder begins no threads that nobody needs."""

from __future__ import annotations

import subprocess
import sys

import pytest

BEGUN = """
import asyncio, psutil
from pjai_wire.methods import Nothing
from pjaid.actors.embedder import embedder, status

embedder.settings = {"embedder": "static"}
asyncio.run(status(None, Nothing()))
import numpy
assert numpy.ones((200, 200)).dot(numpy.ones((200, 200)))[0, 0] == 200
assert psutil.Process().num_threads() == 1, psutil.Process().num_threads()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="numpy brings OpenBLAS there")
def test_numpy_has_no_threads_of_its_own_where_vectors_are_made_of_a_table() -> None:
    subprocess.run([sys.executable, "-c", BEGUN], timeout=60, check=True)
