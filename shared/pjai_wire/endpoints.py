"""Owns where daemon and client meet: the runtime directory and the two sockets in it."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from msgspec import Struct

REQUESTS_SOCKET = "requests.sock"
CHANGES_SOCKET = "changes.sock"

SOCKET_PATH_BYTES_MAX = 103 if sys.platform == "darwin" else 107
"""What `sun_path` holds, less its NUL: unix(7) on Linux, unix(4) on macOS."""


class Endpoints(Struct, frozen=True):
    """The two ZeroMQ endpoints of a daemon."""

    requests: str
    """ROUTER: REQ or DEALER connects here."""
    changes: str
    """XPUB: SUB connects here."""


def runtime_directory() -> Path:
    """The directory of the sockets: `PJAI_RUNTIME_DIR`, else `pjai` in the user's runtime directory."""
    if chosen := os.environ.get("PJAI_RUNTIME_DIR"):
        return Path(chosen)
    if base := os.environ.get("XDG_RUNTIME_DIR"):
        return Path(base) / "pjai"
    return Path(tempfile.gettempdir()) / f"pjai-{os.getuid()}"


def endpoints_in(directory: Path) -> Endpoints:
    """The endpoints of a daemon whose sockets are in `directory`."""
    return Endpoints(
        requests=f"ipc://{directory / REQUESTS_SOCKET}", changes=f"ipc://{directory / CHANGES_SOCKET}"
    )
