"""Messages per second and the round trip of pings, measured a few times a second."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..session import Session
from .ring import Ring

EVERY = 0.25
"""Seconds between two samples."""

OVER = 4
"""Over how many samples a rate is taken, so that it does not jump."""

KEPT = 480


class Meters:
    """Takes samples of the open session.

    Args:
        now: Returns the time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.samples: Ring[dict[str, Any]] = Ring(KEPT)
        self._now = now
        self._totals: deque[tuple[float, int, int]] = deque(maxlen=OVER + 1)
        self._received = self._sent = 0
        self._session: str | None = None
        self._seen = (0, 0)

    def sample(self, session: Session | None) -> None:
        """Take a sample; without a session nothing comes and nothing goes."""
        round_trip, waiting = None, 0
        if session is not None:
            stats = session.stats()
            self._count(session.id, stats.messages_received, stats.messages_sent)
            round_trip, waiting = stats.ping_round_trip, stats.backlog_messages
        now = self._now()
        self._totals.append((now, self._received, self._sent))
        before, received, sent = self._totals[0]
        seconds = max(now - before, EVERY)
        self.samples.add(
            {
                "at": now,
                "received": (self._received - received) / seconds,
                "sent": (self._sent - sent) / seconds,
                "roundTrip": round_trip,
                "waiting": waiting,
            }
        )

    def _count(self, session: str, received: int, sent: int) -> None:
        """Add what a session has done since the last sample; a fresh one counts from nothing."""
        if session != self._session:
            self._session, self._seen = session, (0, 0)
        before_received, before_sent = self._seen
        self._received += received - before_received
        self._sent += sent - before_sent
        self._seen = (received, sent)
