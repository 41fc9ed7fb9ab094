"""Owns the methods that find rows by what is in them: search, recall."""

from __future__ import annotations

from msgspec import Raw

from pjai_wire.codec import Decoder, encode
from pjai_wire.methods import RecallParams, SearchParams, SearchResult
from pjaid.live.answers import Answers
from pjaid.methods.clients import Client
from pjaid.methods.router import Handler
from pjaid.search.recalling import recall
from pjaid.search.searches import Searches

_search = Decoder(SearchParams, "params")
_recall = Decoder(RecallParams, "params")


class SearchMethods:
    """Methods that search.

    Args:
        searches: what finds.
        answers: those that are kept; none of them may be older than what was found.
    """

    def __init__(self, searches: Searches, answers: Answers) -> None:
        self._searches = searches
        self._answers = answers
        self.handlers: dict[str, Handler] = {"search": self.search, "recall": self.recall}

    async def search(self, _client: Client, params: Raw) -> bytes:
        """Hits, the best first."""
        ready = await self._searches.ready(_search.decode(params))
        found = await self._searches.run(ready)
        self._answers.seen(found.latest)
        return encode(
            SearchResult(
                seq=found.seq,
                columns=found.columns,
                rows=found.rows,
                mode=ready.mode,
                meaning=ready.meaning,
                why=ready.why,
                model=ready.model,
            )
        )

    async def recall(self, _client: Client, params: Raw) -> bytes:
        """What of memory fits into a budget."""
        return encode(await recall(self._searches, _recall.decode(params), self._answers.seen))
