"""The status line: what the connection is doing, in one line that is always up to date."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..session import Session
from ..states import EngineState, StateChange

WINDOW = 5.0
"""Seconds over which messages are counted for their rate."""

REFRESH = 0.25
"""Seconds between two looks."""


@dataclass(frozen=True, slots=True)
class _Count:
    time: float
    received: int
    sent: int


class Status:
    """Knows what is worth a look: state, age, rates, ping, attempts, the next dial.

    Args:
        url: What is connected to, as it may be shown.
        session: Returns the session that is open, or `None`.
        clock: Returns the time in seconds; the event loop's where it is `None`.
    """

    def __init__(
        self,
        url: str,
        session: Callable[[], Session | None],
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._url = url
        self._session = session
        self._clock = clock or asyncio.get_running_loop().time
        self._state = EngineState.IDLE
        self._since = self._clock()
        self._next_dial = 0.0
        self._attempts = 0
        self._counts: deque[_Count] = deque()

    def follow(self, change: StateChange) -> None:
        """Go on to another state; listens to `Engine.watch`."""
        self._state, self._since = change.state, self._clock()
        if change.state is EngineState.OPENING:
            self._attempts += 1
        elif change.state is EngineState.OPEN:
            self._attempts = 0
            self._counts.clear()
        self._next_dial = self._since + (change.delay or 0.0)

    def line(self) -> str:
        """Return the line as of now."""
        state = self._state
        session = self._session() if state is EngineState.OPEN else None
        if session is not None:
            details = self._of_session(session)
        elif state is EngineState.WAITING:
            left = max(0.0, self._next_dial - self._clock())
            details = [f"attempt {self._attempts + 1} in {left:.1f} s"]
        elif state is EngineState.OPENING:
            age = self._clock() - self._since
            details = [f"attempt {self._attempts}, for {age:.1f} s"]
        else:
            details = []
        return " | ".join([state.value, *details, self._url])

    def _of_session(self, session: Session) -> list[str]:
        stats = session.stats()
        received, sent = self._rates(stats.messages_received, stats.messages_sent)
        ping = stats.ping_round_trip
        return [
            show_age(stats.uptime),
            f"in {show_rate(received)}",
            f"out {show_rate(sent)}",
            "ping -" if ping is None else f"ping {show_milliseconds(ping)}",
        ]

    def _rates(self, received: int, sent: int) -> tuple[float, float]:
        """Return messages per second, over what the last looks have seen."""
        now = _Count(self._clock(), received, sent)
        self._counts.append(now)
        while self._counts[0].time < now.time - WINDOW:
            self._counts.popleft()
        before = self._counts[0]
        if now.time <= before.time:
            return 0.0, 0.0
        # Over a whole second at least: one message in the first instant is no storm.
        seconds = max(1.0, now.time - before.time)
        return (received - before.received) / seconds, (sent - before.sent) / seconds


def show_age(seconds: float) -> str:
    """Return an age as 1:02:03, or 0:07."""
    minutes, second = divmod(int(seconds), 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02}:{second:02}" if hours else f"{minute}:{second:02}"


def show_rate(per_second: float) -> str:
    """Return a rate, with a digit after the point where it is low."""
    return f"{per_second:.0f}/s" if per_second >= 100 else f"{per_second:.1f}/s"


def show_milliseconds(seconds: float) -> str:
    """Return a duration in milliseconds."""
    milliseconds = 1000 * seconds
    return f"{milliseconds:.0f} ms" if milliseconds >= 100 else f"{milliseconds:.1f} ms"
