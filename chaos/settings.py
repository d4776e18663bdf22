"""How long, how often, how many; and what the policy of the engines allows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wsengine import EngineConfig, ReconnectPolicy
from wsengine.loading import ADAPTERS

WORKERS: Final = (1, 8)

POLICY: Final = ReconnectPolicy(initial_delay=0.05, factor=2, max_delay=0.6, min_uptime=0.3)

REQUEST_TIMEOUT: Final = 1.0

SLACK: Final = 2.0
"""Seconds that a busy machine may take longer."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """One run.

    Args:
        seed: Where chance begins.
        seconds: How long it takes, if `faults` does not end it.
        faults: How many faults are enough, or `None`.
        every: Seconds between two faults, on the average, over all clients.
        copies: Clients for each adapter and number of workers.
        calm_every: Seconds from one check at rest to the next.
        kill_every: Seconds from one end of the server to the next, on the average.
    """

    seed: int
    seconds: float = 60.0
    faults: int | None = None
    every: float = 0.3
    copies: int = 1
    calm_every: float = 10.0
    kill_every: float = 8.0

    @property
    def clients(self) -> list[tuple[str, str, int]]:
        """Name, adapter and workers of each client."""
        return [
            (f"{adapter}-{workers}" + (f"-{copy}" if copy > 1 else ""), adapter, workers)
            for copy in range(1, self.copies + 1)
            for adapter in ADAPTERS
            for workers in WORKERS
        ]


def config(name: str, workers: int) -> EngineConfig:
    """Return the settings of one engine: short times, so that much happens."""
    return EngineConfig(
        name=name,
        workers=workers,
        reconnect=POLICY,
        retry_start=True,
        open_timeout=1.5,
        stop_timeout=2.0,
        ping_interval=0.3,
        ping_timeout=0.6,
        backlog_messages=64,
    )


def slowest_recovery(config: EngineConfig) -> float:
    """Return the seconds within which an engine must be open again, counted from a fault's end.

    The loss is noticed by a ping; the session ends within `stop_timeout`; a dial that was made
    during the fault hangs until `open_timeout`; there is a delay before and after it; and the dial
    that succeeds takes less than the slack.
    """
    if config.ping_interval is None or config.ping_timeout is None or config.reconnect is None:
        raise ValueError("an engine without pings or without reconnection has no such bound")
    noticed = config.ping_interval + config.ping_timeout
    waiting = 2 * config.reconnect.max_delay
    return noticed + config.stop_timeout + config.open_timeout + waiting + SLACK
