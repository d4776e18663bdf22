"""Many time-outs, one timer: most of what is waited for comes long before its time is up."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from math import inf
from typing import Final, Protocol

PATIENCE: Final = 1e-6
"""Seconds between two looks at all that wait, for each of them: a look costs a tenth of that."""


class Waiting(Protocol):
    """Something that is waited for, until a time of the loop's clock."""

    deadline: float

    def expire(self) -> None:
        """Note that the time is up; from now on it does not wait."""


class Deadlines:
    """The deadlines of all that wait, and a timer for the earliest.

    A timer of the event loop for each would cost a request more than all the rest of it. This one
    stays as it is when what it is for is done, and looks for the next when it fires.

    Args:
        waiting: Returns all that wait now.
    """

    __slots__ = ("_loop", "_timer", "_waiting", "earliest")

    def __init__(self, waiting: Callable[[], Iterable[Waiting]]) -> None:
        self._waiting = waiting
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.Handle | None = None
        self.earliest = inf
        """When the timer fires; uvloop's own does not always know."""

    def watch(self, deadline: float) -> None:
        """Note that something waits until then."""
        if deadline < self.earliest:
            self.clear()
            self.earliest = deadline
            self._timer = self._loop.call_at(deadline, self._fire)

    def clear(self) -> None:
        """Stop the timer: nothing waits any more."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer, self.earliest = None, inf

    def _fire(self) -> None:
        self._timer, self.earliest = None, inf
        now, waiting = self._loop.time(), tuple(self._waiting())
        earliest = inf
        for one in waiting:
            if one.deadline <= now:
                one.expire()
            elif one.deadline < earliest:
                earliest = one.deadline
        if earliest != inf:
            self.watch(max(earliest, now + PATIENCE * len(waiting)))
