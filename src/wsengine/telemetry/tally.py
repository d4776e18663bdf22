"""What one engine has counted: plain integers, read when metrics are exported."""

from __future__ import annotations

import weakref
from collections import Counter
from typing import Protocol

from ..backlog import Backlog
from ..states import EngineState
from ..traffic import Traffic


class Passing(Protocol):
    """The connection of a session."""

    @property
    def incoming(self) -> Traffic:
        """What was received."""

    @property
    def outgoing(self) -> Traffic:
        """What was sent."""


class Reading(Protocol):
    """The readers of a session."""

    @property
    def backlog(self) -> Backlog:
        """What was read ahead."""

    @property
    def busy_workers(self) -> int:
        """How many handlers are suspended."""


class Live(Protocol):
    """An open session."""

    @property
    def link(self) -> Passing:
        """Its connection."""

    @property
    def crew(self) -> Reading:
        """Its readers."""

    @property
    def dropped(self) -> int:
        """Messages that came and will not be handled."""


class Tally:
    """The counts of one engine, or of engines of one name that are gone.

    Args:
        engine: The engine's name.
    """

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.state: EngineState | None = EngineState.IDLE
        self.dials: Counter[tuple[str, str]] = Counter()
        self.reconnects: Counter[str] = Counter()
        self.callback_errors: Counter[str] = Counter()
        self._incoming = Traffic()
        self._outgoing = Traffic()
        self._dropped = 0
        self._live: weakref.ref[Live] | None = None

    # The open session.

    @property
    def live(self) -> Live | None:
        """The session that is open, or is being closed."""
        return None if self._live is None else self._live()

    def begin(self, session: Live) -> None:
        """Count a session in from now on. It is not kept alive by that."""
        self._live = weakref.ref(session)

    def end(self, session: Live) -> None:
        """Keep what a session has counted; it is over."""
        self._live = None
        self._incoming.add(session.link.incoming)
        self._outgoing.add(session.link.outgoing)
        self._dropped += session.dropped

    # Totals.

    @property
    def incoming(self) -> Traffic:
        """What was received."""
        return _sum(self._incoming, None if self.live is None else self.live.link.incoming)

    @property
    def outgoing(self) -> Traffic:
        """What was sent."""
        return _sum(self._outgoing, None if self.live is None else self.live.link.outgoing)

    @property
    def dropped(self) -> int:
        """Messages that came and will not be handled."""
        return self._dropped + (0 if self.live is None else self.live.dropped)

    def absorb(self, other: Tally) -> None:
        """Take over the counts of an engine that is gone."""
        self._incoming.add(other.incoming)
        self._outgoing.add(other.outgoing)
        self._dropped += other.dropped
        self.dials += other.dials
        self.reconnects += other.reconnects
        self.callback_errors += other.callback_errors


def _sum(past: Traffic, live: Traffic | None) -> Traffic:
    total = Traffic()
    total.add(past)
    if live is not None:
        total.add(live)
    return total
