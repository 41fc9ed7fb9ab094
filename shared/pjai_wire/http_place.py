"""Owns where a server of others answers, and whether what is sent there stays on this machine."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Final, Self
from urllib.parse import urlsplit

from msgspec import Struct

_PORTS: Final = {"http": 80, "https": 443}


class HttpPlace(Struct, frozen=True):
    """Where a server of others answers."""

    scheme: str
    host: str
    port: int
    path: str

    @classmethod
    def of(cls, url: str) -> Self:
        """The place that a URL names.

        Raises:
            ValueError: it names none; its text goes on after the URL's name.
        """
        parts = urlsplit(url)
        if parts.scheme not in _PORTS or not parts.hostname:
            raise ValueError("is no http or https URL")
        if parts.username or parts.password:
            raise ValueError("has a user or a password in it")
        return cls(
            parts.scheme,
            parts.hostname,
            parts.port or _PORTS[parts.scheme],
            (parts.path or "/") + (f"?{parts.query}" if parts.query else ""),
        )

    @property
    def name(self) -> str:
        """What people call it."""
        return f"{self.host}:{self.port}"

    @property
    def is_of_this_machine(self) -> bool:
        """Whether what is sent there stays here."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"
