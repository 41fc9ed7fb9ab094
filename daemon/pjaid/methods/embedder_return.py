"""Owns the embedder's return: watched searches that had to do without it are run again."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog

from pjai_wire.errors import PjaiError
from pjai_wire.events import Event, v1
from pjai_wire.methods import SearchParams
from pjaid.live.awaiting import Awaiting
from pjaid.methods.clients import DAEMON
from pjaid.methods.query_embedding import EMBEDDER
from pjaid.search.meaning import passes
from pjaid.search.searches import Searches
from pjaid.store.recorder import Origin

log = structlog.get_logger()

PAUSE_S = 1.0
"""From one try to the next where something was committed meanwhile; else pauses double."""

PAUSE_S_MAX = 60.0

Record = Callable[[Event, Origin], Awaitable[Any]]
"""Records an event of what the daemon itself does."""


class EmbedderReturn:
    """Finds out that texts can be embedded again, while watched searches wait for that.

    The embedder's own signs of life, and every vector that it makes, are heard at once. A server behind it
    gives none when it comes back, so it is tried now and then as well.

    Args:
        searches: have what is searched for embedded.
        awaiting: the searches that wait.
        record: puts an event on the audit trail, which moves the seq: clients ignore an update that does not.
    """

    def __init__(self, searches: Searches, awaiting: Awaiting, record: Record) -> None:
        self._searches = searches
        self._awaiting = awaiting
        self._record = record
        self._changed = asyncio.Event()
        self._is_heard = False
        self._has_committed = False

    def heard(self) -> None:
        """The embedder gave a sign of life."""
        if not self._is_heard and self._awaiting:
            self._is_heard = True
            self._changed.set()

    def committed(self) -> None:
        """Something was committed: whoever searches now is to find what a watched search shows."""
        if not self._has_committed and self._awaiting:
            self._has_committed = True
            self._changed.set()

    async def serve(self) -> None:
        """Has searches run again that waited, whenever the embedder is back, until cancelled."""
        pause_s = PAUSE_S
        while True:
            has_come = await self._has_come(await self._awaiting.next())
            if not has_come and self._awaiting:
                await self._rest(pause_s)
                pause_s = min(2 * pause_s, PAUSE_S_MAX)
                continue
            pause_s = PAUSE_S
            if self._awaiting:
                await self._tell()

    async def _has_come(self, params: SearchParams) -> bool:
        """Whether a search waits in vain no longer, be it that its text will never have a vector."""
        self._is_heard = self._has_committed = False
        try:
            return not (await self._searches.ready(params)).may_come
        except PjaiError as problem:
            return not passes(problem)
        except Exception:
            log.exception("embedder_answers_wrongly")
            return False

    async def _rest(self, pause_s: float) -> None:
        """Until it is time to try again."""
        loop = asyncio.get_running_loop()
        begun = loop.time()
        while not self._is_heard:
            self._changed.clear()
            try:
                async with asyncio.timeout_at(begun + (PAUSE_S if self._has_committed else pause_s)):
                    await self._changed.wait()
            except TimeoutError:
                return

    async def _tell(self) -> None:
        self._awaiting.end()
        try:
            await self._record(v1.EmbedderReturned(id=f"actor.{EMBEDDER}"), DAEMON)
        except PjaiError as problem:
            # They are run again with the next commit, then.
            log.warning("embedder_return_not_recorded", code=problem.code)
