"""How long a pong may take: what excuses its absence, and what does not."""

from __future__ import annotations

import asyncio
from typing import Final

from .crew import Crew
from .link import Link

LATE: Final = 0.25
"""A time-out that fires this many seconds late means that the event loop was blocked."""

BEHIND_DATA: Final = 12
"""Quarters of a time-out that a pong has more while messages come: it may stand behind them."""

READ_AGAIN: Final = 4
"""Quarters that it has more where nothing came, though reading, which had stopped, goes on."""


class Patience:
    """The wait for one pong.

    It may be late because nobody reads it: the backlog is full, the session is paused, or a
    handler blocks the event loop. None of these is the death of the connection, so they do not
    count. While messages come, three more time-outs are given; one more where reading stops and
    goes on again and again, and nothing comes.

    Args:
        timeout: Seconds that a pong has.
        link: The connection.
        crew: Those who read it.
    """

    __slots__ = (
        "_before",
        "_behind_data",
        "_crew",
        "_due",
        "_link",
        "_loop",
        "_read_again",
        "_received",
        "_seconds",
        "_stalls",
        "_timeout",
    )

    def __init__(self, timeout: float, link: Link, crew: Crew) -> None:
        self._timeout = self._seconds = timeout
        self._link = link
        self._crew = crew
        self._loop = asyncio.get_running_loop()
        self._due = 0.0
        self._behind_data = 0
        self._read_again = 0
        self._stalls = 0
        self._before = 0
        self._received = 0

    def renew(self) -> float:
        """Begin to wait; return the moment to `look`, shortly before the time is up."""
        self._stalls, self._before = self._crew.stalls, self._link.received
        self._due = self._loop.time() + self._seconds
        return self._due - 0.25 * self._seconds

    def look(self) -> float:
        """Note how many messages have come; return the moment when the time is up."""
        self._received = self._link.received
        return self._due

    def excuse(self) -> str | None:
        """Return why the pong may be late, now that the time is up; `None`: it is missing."""
        self._seconds = self._timeout
        if self._loop.time() - self._due > LATE:
            return "the event loop was blocked"
        if self._crew.stalled or (self._has_stopped and self._link.received != self._before):
            return "reading had stopped"
        if self._has_stopped and self._read_again < READ_AGAIN:
            self._read_again += 1
            self._seconds = self._timeout / 4
            return "reading had stopped"
        if self._link.received != self._received and self._behind_data < BEHIND_DATA:
            self._behind_data += 1
            self._seconds = self._timeout / 4
            return "messages come, and it may stand behind them"
        return None

    @property
    def _has_stopped(self) -> bool:
        return self._crew.stalls != self._stalls
