"""The process: private files, no core dumps, many open files."""

from __future__ import annotations

import os
import subprocess
import sys

HARDENED = """
import os, resource
from pjaid.process import OPEN_FILES_WANTED, harden
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (64, hard))
harden()
assert os.umask(0) == 0o077
assert resource.getrlimit(resource.RLIMIT_CORE) in ((0, 0), (1, 1))
wanted = OPEN_FILES_WANTED if hard == resource.RLIM_INFINITY else min(hard, OPEN_FILES_WANTED)
assert resource.getrlimit(resource.RLIMIT_NOFILE) == (wanted, hard)
harden()
"""


def test_a_hardened_process_keeps_to_itself() -> None:
    subprocess.run([sys.executable, "-c", HARDENED], check=True)


HIDDEN = """
import os, psutil
from pjaid.process import hide_variables
hide_variables(["PJAI_PASSPHRASE", "PJAI_NOTHING"])
shown = psutil.Process().environ()
assert "correct horse" not in str(shown)
assert shown["PJAI_READERS_MAX"] == "12"
assert os.environ.pop("PJAI_PASSPHRASE") == "correct horse"
assert os.environ.get("PJAI_NOTHING") is None
"""


def test_what_is_hidden_of_the_environment_is_shown_to_no_other_process() -> None:
    ours = {"PJAI_PASSPHRASE": "correct horse", "PJAI_READERS_MAX": "12"}
    subprocess.run([sys.executable, "-c", HIDDEN], check=True, env={**os.environ, **ours})


LIGHT = """
import sys
import pjaid.serve
light = {"multiprocessing", "numkong", "numpy", "onnxruntime", "pjai", "pjaid.supervisor.processes"}
assert not light & sys.modules.keys()
"""


def test_a_daemon_that_nobody_asks_to_search_has_no_numpy_and_without_actors_no_sdk() -> None:
    subprocess.run([sys.executable, "-c", LIGHT], check=True)


WITHOUT = """
import sys
from pjaid.process import without
with without("rich"):
    import structlog
assert "rich" not in sys.modules
import rich
with without("rich"):
    import rich.console
"""


def test_what_is_left_out_of_one_import_can_be_imported_later() -> None:
    subprocess.run([sys.executable, "-c", WITHOUT], check=True)


TUNED = """
import os
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pjaid.process import tune
sealed = AESGCM(bytes(32)).encrypt(bytes(12), b"text", None)
tune()
assert AESGCM(bytes(32)).decrypt(bytes(12), sealed, None) == b"text"
"""


def test_what_start_up_needed_can_be_called_again() -> None:
    subprocess.run([sys.executable, "-c", TUNED], check=True)
