"""Owns the measuring of requests: how long each method takes, which errors it answers, and how many bytes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from time import perf_counter_ns
from typing import Final

from pjai_wire.errors import PjaiError
from pjai_wire.measures import QUIET, WAITING, Measures
from pjaid.metering.histogram import Histogram

UNKNOWN = "unknown"
"""Stands for every method that there is not, and every code that only its actor knows."""


class RequestMeter:
    """What requests took, since the daemon started.

    Args:
        knows: whether there is a method of a name.
    """

    def __init__(self, knows: Callable[[str], bool]) -> None:
        self._knows = knows
        self._latencies: dict[str, Histogram] = {}
        self._untold = {method: Histogram() for method in WAITING}
        self._errors: Counter[tuple[str, str]] = Counter()
        self._request_bytes = 0
        self._reply_bytes = 0
        self.waiting: Final[set[Callable[[], None]]] = set()
        """Called once, when the next request is answered that is not about what happens."""

    def answered(self, method: str, began_ns: int, request_bytes: int, reply_bytes: int) -> None:
        """A request has its answer, which is on its way.

        Args:
            method: what was asked for.
            began_ns: when it came, by `perf_counter_ns`.
            request_bytes: how long the message was.
            reply_bytes: how long the answer is.
        """
        histogram = self._latencies.get(method) or self._untold.get(method) or self._begun(method)
        histogram.note(perf_counter_ns() - began_ns)
        self._request_bytes += request_bytes
        self._reply_bytes += reply_bytes
        if self.waiting and method not in QUIET:
            while self.waiting:
                self.waiting.pop()()

    def failed(self, method: str, code: str) -> None:
        """The answer is an error."""
        self._errors[self._named(method), code if code in PjaiError.by_code else UNKNOWN] += 1

    @property
    def happened(self) -> int:
        """How many requests were answered that are not about what happens."""
        return sum(one.noted for method, one in self._latencies.items() if method not in QUIET)

    def told(self) -> Measures:
        """All of it."""
        return Measures(
            counts={
                "request_bytes": self._request_bytes,
                "reply_bytes": self._reply_bytes,
                **{f"errors:{method}:{code}": count for (method, code), count in self._errors.items()},
            },
            latencies={f"request:{name}": histogram.told() for name, histogram in self._latencies.items()},
        )

    def _begun(self, method: str) -> Histogram:
        return self._latencies.setdefault(self._named(method), Histogram())

    def _named(self, method: str) -> str:
        return method if self._knows(method) else UNKNOWN
