"""How long an engine has been away, less what faults have cost it: the rest is its policy's.

A fault does not give an engine its whole time again: where they come often, an engine that never
comes back would not be noticed. What a fault can cost is a dial. Each dial is judged by itself, by
what the proxy says that it did meanwhile:

- It was prevented: a connection was cut or dropped, a byte changed, something held up, or the
  server was not there. It does not count, up to `open_timeout` and the delay behind it.
- It was slowed down: something was delayed or throttled. It does not count for as long as that
  can last.
- Nothing of that: it counts. So do the delays that are too long, sessions that do not end, and
  everything else, whatever faults there are meanwhile.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wsengine import EngineConfig
from wsengine.testing import FaultCounts

from .plan import LASTS

PREVENTS: Final = (
    *("cut_fin", "cut_rst", "dropped", "unreachable"),
    *("corrupted", "held", "handshakes_held"),
)
"""What a fault proxy counts that a dial may not survive."""

SLOWS: Final = ("delayed", "throttled")
"""What it counts that a dial survives, later."""

SLOWED: Final = max(LASTS[kind][1] for kind in ("delay", "jitter", "throttle"))
"""Seconds by which a dial may be slowed down."""

GIVEN_UP: Final = 0.25
"""Seconds from the end of a dial's time to where its delay begins."""


class Recovery:
    """The time of one engine, from where it might be open to where it is.

    Args:
        config: Its settings.
        counts: Returns what its proxy has done so far.
        clock: Returns the time.

    Attributes:
        since: When it was open for the last time, or began to be meant to be.
    """

    def __init__(
        self,
        config: EngineConfig,
        counts: Callable[[], FaultCounts],
        clock: Callable[[], float],
    ) -> None:
        if config.reconnect is None:
            raise ValueError("an engine without reconnection does not recover")
        self._prevented = config.open_timeout + GIVEN_UP + config.reconnect.max_delay
        self._counts = counts
        self._clock = clock
        self.since = 0.0
        self._free = 0.0  # seconds that faults have cost since then, by dials that are over
        self._dialled: float | None = None
        self._before = FaultCounts()  # at that dial
        self._spoilt = False
        self._server_is_away = False

    def begins(self) -> None:
        """Note that it is open, or was started: its time begins."""
        self.since = self._clock()
        self._free = 0.0
        self._dialled = None

    def dials(self) -> None:
        """Note a dial; the one before is over, with the delay behind it."""
        self._free += self._cost()
        self._dialled, self._before = self._clock(), self._counts()
        self._spoilt = self._server_is_away

    def is_spoilt(self) -> None:
        """Note that something else ends the dial."""
        self._spoilt = True

    def server_goes(self) -> None:
        """Note that there is no server from now on."""
        self._server_is_away = self._spoilt = True

    def server_comes(self) -> None:
        """Note that there is one again."""
        self._server_is_away = False

    @property
    def away(self) -> float:
        """Seconds since it might have been open."""
        return self._clock() - self.since

    @property
    def cost(self) -> float:
        """Seconds of these that faults have cost."""
        return self._free + self._cost()

    @property
    def taken(self) -> float:
        """Seconds that it has taken by itself."""
        return self.away - self.cost

    def _cost(self) -> float:
        """Return the seconds of the latest dial that are a fault's."""
        if self._dialled is None:
            return 0.0
        counts = self._counts()
        lasted = self._clock() - self._dialled
        if self._spoilt or self._more(counts, PREVENTS):
            return min(lasted, self._prevented)
        if self._more(counts, SLOWS):
            return min(lasted, SLOWED)
        return 0.0

    def _more(self, counts: FaultCounts, kinds: tuple[str, ...]) -> bool:
        return any(getattr(counts, kind) != getattr(self._before, kind) for kind in kinds)
