"""Owns what clients may not do.

An actor may not do what it did not declare; its trying stands on the audit trail. Others may not do what is
for actors alone.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable

from pjai_wire.errors import Forbidden
from pjaid.methods.clients import Client

ALWAYS = frozenset(
    {
        "hello",
        "health",
        "unwatch",
        "resync",
        "actor_register",
        "actor_take",
        "actor_settle",
        "actor_heartbeat",
    }
)
"""Methods that an actor serves by, or that undo what it was allowed to do."""

FOR_ACTORS = {
    "secret_seal": "ask the actor that keeps the secret",
    "secret_open": "ask the actor that keeps the secret",
    "metrics_record": "the actor metrics keeps what the daemon measures",
    "embedding_take": "the actor embedder embeds what is committed",
    "embedding_put": "a memory may bring its embedding with it",
}
"""Methods that only an actor which declares them may call, and what others do instead."""

RECORDED_AGAIN_S = 60.0
"""A refusal that repeats is recorded as often as this, so that no actor fills the log."""

RECORDED_KINDS_MAX = 100
"""What is recorded of one actor within that time: it words what it wants itself."""

Record = Callable[[str, str], None]
"""Puts on the audit trail: (the actor, what it wanted)."""


class Guard:
    """Refuses.

    Args:
        record: puts a refusal on the audit trail.
    """

    def __init__(self, record: Record) -> None:
        self._record = record
        self._recorded_at: defaultdict[str, dict[str, float]] = defaultdict(dict)
        """By the actor, and by what it wanted."""

    def check_method(self, client: Client, method: str) -> None:
        """Checks that a client may call a method.

        Raises:
            Forbidden: it may not.
        """
        if client.may is None:
            if method in FOR_ACTORS:
                raise Forbidden(f"{method} is for actors", hint=FOR_ACTORS[method])
        elif method not in ALWAYS and method not in client.may.methods:
            self._refuse(client, method)

    def check_events(self, client: Client, names: Iterable[str]) -> None:
        """Checks that a client may commit events of these names.

        Raises:
            Forbidden: it may not.
        """
        if client.may is not None:
            for name in names:
                if name not in client.may.events:
                    self._refuse(client, name)

    def _refuse(self, client: Client, wanted: str) -> None:
        actor = client.origin.client
        now = time.monotonic()
        lately = {one: at for one, at in self._recorded_at[actor].items() if now < at + RECORDED_AGAIN_S}
        self._recorded_at[actor] = lately
        if wanted not in lately and len(lately) < RECORDED_KINDS_MAX:
            self._record(actor, wanted)
            lately[wanted] = now
        raise Forbidden(f"{actor} did not declare that it needs {wanted}", hint="see its Permissions")
