"""Owns calling a function with each new value of a live one, in a thread of its own."""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from threading import Thread, current_thread
from typing import Generic, TypeVar

from pjai import live_value
from pjai.blocking.facade import Iteration, Loop
from pjai.derived import Computed, computed

T = TypeVar("T")

_log = logging.getLogger("pjai")


class Callbacks(Generic[T]):
    """Calls a function with the value of now and each that it becomes, until it is stopped or the value ends.

    Args:
        loop: where the live value is.
        live: the live value.
        callback: the function; while it runs, newer values than the newest are forgotten.
    """

    def __init__(self, loop: Loop, live: live_value.LiveValue[T], callback: Callable[[T], object]) -> None:
        self._loop = loop
        self._live = live
        self._callback = callback
        # With a place of its own in the iteration.
        self._values: Computed[T] = loop.call(lambda: computed(lambda: live.current))
        self._thread = Thread(target=self._run, name="pjai callbacks", daemon=True)
        loop.stops.add(self.stop)
        self._thread.start()

    def stop(self) -> None:
        """Calls the function no more, and waits until it has returned unless this is called by it."""
        if self._thread.is_alive():
            self._loop.call(self._values.close)
        self.join()

    def join(self) -> None:
        """Waits until the function will be called no more."""
        if current_thread() is not self._thread:
            self._thread.join()

    def _run(self) -> None:
        try:
            for value in Iteration(self._loop, self._values):
                self._callback(value)
        except Exception as problem:
            # Nobody may be waiting for the value elsewhere, so it is said here too.
            _log.exception("the callbacks on a live value have ended")
            self._loop.call(partial(self._live.close, problem))
        finally:
            self._loop.stops.discard(self.stop)
