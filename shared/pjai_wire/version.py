"""Owns the versions: of the package, and of the protocol that it speaks."""

PACKAGE = "0.1.0"

PROTOCOL = 1
"""The protocol that this code speaks; `v` in every envelope."""

PROTOCOL_MIN = 1
"""The oldest protocol that this code still understands."""

FEATURES = (
    "actors",
    "aggregates",
    "client_documents",
    "embedding",
    "feeds",
    "indexes",
    "insight",
    "keyset",
    "live_queries",
    "metrics",
    "search",
)
"""What this daemon can do beyond the core methods; a client asks for none that is not listed."""
