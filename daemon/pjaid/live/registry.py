"""Owns the register of live queries: which there are, whose they are, and which a commit touches (pure)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator

from msgspec import Struct

from pjai_wire.errors import LimitExceeded, UnknownTopic
from pjaid.live.difference import Result
from pjaid.store.statements import Statement


class LiveQuery(Struct, eq=False):
    """A query that is kept alive for one client."""

    topic: str
    client: bytes
    label: str
    statement: Statement
    opened_at: float
    """On the clock of leases, in seconds."""
    seq: int = 0
    """The state of which the client was told last."""
    result: Result = Result([], [])
    """What the client then holds."""
    subscribed: bool = False
    stale: bool = False
    """A commit touched its tables, and it has not been run since."""
    runs: int = 0
    """How many runs are under way."""

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that the query reads."""
        name = self.statement.table.table_name
        return (name, "messages") if self.statement.gathers else (name,)


class Registry:
    """All live queries, by topic, by client and by table.

    Args:
        most: how many there may be.
        most_per_client: how many of one client.
    """

    def __init__(self, *, most: int, most_per_client: int) -> None:
        self._most = most
        self._most_per_client = most_per_client
        self._by_topic: dict[str, LiveQuery] = {}
        self._of_client: defaultdict[bytes, int] = defaultdict(int)
        self._by_table: defaultdict[str, dict[str, LiveQuery]] = defaultdict(dict)

    def __len__(self) -> int:
        return len(self._by_topic)

    def __iter__(self) -> Iterator[LiveQuery]:
        """Over the queries of this moment; they may end meanwhile."""
        return iter(list(self._by_topic.values()))

    def __contains__(self, topic: str) -> bool:
        return topic in self._by_topic

    def add(self, query: LiveQuery) -> None:
        """Registers a query.

        Raises:
            LimitExceeded: there are too many already, of this client or of all.
        """
        if len(self._by_topic) >= self._most:
            raise LimitExceeded(f"{self._most} live queries are open", hint="unwatch some")
        if self._of_client[query.client] >= self._most_per_client:
            raise LimitExceeded(
                f"this client has {self._most_per_client} live queries open", hint="unwatch some"
            )
        self._by_topic[query.topic] = query
        self._of_client[query.client] += 1
        for table in query.tables:
            self._by_table[table][query.topic] = query

    def get(self, topic: str) -> LiveQuery:
        """The query of a topic.

        Raises:
            UnknownTopic: it has ended, or never was.
        """
        try:
            return self._by_topic[topic]
        except KeyError:
            raise UnknownTopic("this live query has ended", hint="watch again") from None

    def remove(self, topic: str) -> None:
        """Ends a query; one that has ended stays so."""
        query = self._by_topic.pop(topic, None)
        if query is None:
            return
        for table in query.tables:
            del self._by_table[table][topic]
        self._of_client[query.client] -= 1
        if not self._of_client[query.client]:
            del self._of_client[query.client]

    def touched(self, tables: Iterable[str]) -> list[LiveQuery]:
        """The queries that read any of the tables."""
        found: dict[str, LiveQuery] = {}
        for table in tables:
            found.update(self._by_table.get(table, {}))
        return list(found.values())

    def unclaimed(self, opened_before: float) -> list[LiveQuery]:
        """The queries opened before then to which nobody has subscribed."""
        return [
            query
            for query in self._by_topic.values()
            if not query.subscribed and query.opened_at < opened_before
        ]
