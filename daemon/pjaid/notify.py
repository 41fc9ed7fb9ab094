"""Owns what the daemon tells its service manager: sd_notify(3), which costs nothing where nobody listens."""

from __future__ import annotations

import os
import socket
from contextlib import suppress

SEND_TIMEOUT_S = 1.0
PATIENCE_S = 60
"""How long the manager is to wait for the next sign of a start that takes long."""


def starting(status: str) -> None:
    """Tells that the start goes on, and may take a while yet; `status` is one line for people."""
    _send(f"EXTEND_TIMEOUT_USEC={PATIENCE_S * 1_000_000}\nSTATUS={_line(status)}")


def ready(status: str) -> None:
    """Tells that clients are answered from now on.

    Args:
        status: one line for people.
    """
    _send(f"READY=1\nSTATUS={_line(status)}")


def stopping(status: str) -> None:
    """Tells that the daemon is draining; `status` is one line for people."""
    _send(f"STOPPING=1\nSTATUS={_line(status)}")


def _line(text: str) -> str:
    return " ".join(text.split())


def _send(message: str) -> None:
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    # A manager that stopped listening is no reason for the daemon to stop working.
    with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.settimeout(SEND_TIMEOUT_S)
        manager.sendto(message.encode(), address)
