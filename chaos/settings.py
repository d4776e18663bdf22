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

HANGS: Final = 30.0
"""Seconds after which a stop is no longer waited for."""


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
        rests: How many checks at rest there must be, however long that takes.
    """

    seed: int
    seconds: float = 60.0
    faults: int | None = None
    every: float = 0.3
    copies: int = 1
    calm_every: float = 10.0
    kill_every: float = 8.0
    rests: int = 0

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
    """Return the seconds within which an engine must be open again, counted from the loss.

    The session ends within `stop_timeout`; there is a delay; one dial fails by the fault that
    caused the loss, or because the machine is busy, and there is a delay again; the dial that
    succeeds takes less than the slack. What other faults cost comes on top: see `recovering`.
    """
    if config.reconnect is None:
        raise ValueError("an engine without reconnection has no such bound")
    waiting = 2 * config.reconnect.max_delay
    return config.stop_timeout + config.open_timeout + waiting + SLACK


def noticing(config: EngineConfig) -> float:
    """Return the seconds within which a connection must be known to be lost."""
    if config.ping_interval is None or config.ping_timeout is None:
        raise ValueError("an engine without pings has no such bound")
    return config.ping_interval + config.ping_timeout
