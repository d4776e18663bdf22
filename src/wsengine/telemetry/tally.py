"""What one engine has counted: plain integers, read when metrics are exported."""

from __future__ import annotations

import weakref
from collections import Counter
from dataclasses import dataclass, replace
from typing import Final, Protocol

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


class Waiting(Protocol):
    """What was read ahead."""

    @property
    def size(self) -> int:
        """Its size in bytes."""

    def __len__(self) -> int:
        """How many messages that is."""


class Reading(Protocol):
    """The readers of a session."""

    @property
    def backlog(self) -> Waiting:
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

    @property
    def unmatched(self) -> int:
        """Messages that looked like a reply, but for which no request waited."""

    @property
    def requests_in_flight(self) -> int:
        """Requests that wait for their reply."""


@dataclass(frozen=True, slots=True)
class _Counted:
    """What the sessions that are over have counted, and the one that counts now.

    Replaced as a whole: a reader in another thread sees a session before its end or after it.
    """

    incoming: Traffic
    outgoing: Traffic
    dropped: int
    unmatched: int
    live: weakref.ref[Live] | None

    def and_ended(self, session: Live) -> _Counted:
        """Return this with a session that is over."""
        return _Counted(
            self.incoming + session.link.incoming,
            self.outgoing + session.link.outgoing,
            self.dropped + session.dropped,
            self.unmatched + session.unmatched,
            None,
        )


OPEN: Final = ("open", "")
"""A dial that has opened a connection."""

_NOTHING: Final = _Counted(Traffic(), Traffic(), 0, 0, None)


class Tally:
    """The counts of one engine, or of engines of one name that are gone.

    Args:
        engine: The engine's name.
    """

    __slots__ = (
        "_counted",
        "_other_dials",
        "callback_errors",
        "engine",
        "opened",
        "outbox_dropped",
        "reconnects",
        "state",
        "subscription_failures",
    )

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.state: EngineState | None = EngineState.IDLE
        self.opened = 0
        self._other_dials: Counter[tuple[str, str]] = Counter()
        self.reconnects: Counter[str] = Counter()
        self.callback_errors: Counter[str] = Counter()
        self.outbox_dropped = 0
        self.subscription_failures = 0
        self._counted = _NOTHING

    # Dials.

    def dialled(self, outcome: str, error_type: str) -> None:
        """Count a dial. What all have done, to open, takes no table."""
        if (outcome, error_type) == OPEN:
            self.opened += 1
        else:
            self._other_dials[outcome, error_type] += 1

    @property
    def dials(self) -> dict[tuple[str, str], int]:
        """How many there were, by outcome and type of error."""
        opened = {OPEN: self.opened} if self.opened else {}
        return {**opened, **self._other_dials}

    # The open session.

    @property
    def live(self) -> Live | None:
        """The session that is open, or is being closed."""
        live = self._counted.live
        return None if live is None else live()

    def begin(self, session: Live) -> None:
        """Count a session in from now on. It is not kept alive by that."""
        self._counted = replace(self._counted, live=weakref.ref(session))

    def end(self, session: Live) -> None:
        """Keep what a session has counted; it is over."""
        self._counted = self._counted.and_ended(session)

    # Totals.

    def _up_to_now(self) -> _Counted:
        """Return the counts, those of the live session included."""
        while True:
            counted = self._counted
            live = None if counted.live is None else counted.live()
            if live is not None:
                return counted.and_ended(live)
            if counted is self._counted:
                return counted
            # Its session has ended, and gone, in between: look at what it was replaced by.

    @property
    def incoming(self) -> Traffic:
        """What was received."""
        return self._up_to_now().incoming

    @property
    def outgoing(self) -> Traffic:
        """What was sent."""
        return self._up_to_now().outgoing

    @property
    def dropped(self) -> int:
        """Messages that came and will not be handled."""
        return self._up_to_now().dropped

    @property
    def unmatched(self) -> int:
        """Messages that looked like a reply, but for which no request waited."""
        return self._up_to_now().unmatched

    def absorb(self, other: Tally) -> None:
        """Take over the counts of an engine that is gone."""
        own, others = self._counted, other._up_to_now()
        self._counted = _Counted(
            own.incoming + others.incoming,
            own.outgoing + others.outgoing,
            own.dropped + others.dropped,
            own.unmatched + others.unmatched,
            None,
        )
        self.outbox_dropped += other.outbox_dropped
        self.subscription_failures += other.subscription_failures
        self.opened += other.opened
        self._other_dials += other._other_dials
        self.reconnects += other.reconnects
        self.callback_errors += other.callback_errors
