"""What is measured: the amount of work, the clock, and what a measurement yields."""

from __future__ import annotations

import gc
import json
import time
from dataclasses import dataclass
from typing import Final, TypeAlias

Sample: TypeAlias = dict[str, float]
"""What one measurement yields: its metrics by name."""


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a sample.

    Args:
        name: What it is called in the results.
        heading: What it is called in the report.
        digits: How many of its decimals are shown.
        more_is_better: Whether the greater figure is the better one.
        compared: Whether contestants are compared by it.
    """

    name: str
    heading: str
    digits: int
    more_is_better: bool = False
    compared: bool = True


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of work; contestants are compared within one.

    Args:
        name: What it is called on the command line and in the results.
        title: What it is called in the report.
        metrics: What is shown of a sample; targets are for the first.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]


_BURST = (
    Metric("per_second", "messages/s", 0, more_is_better=True),
    Metric("cpu_us", "CPU us", 2),
    Metric("load", "client's load", 2, compared=False),
)
_ROUND_TRIP = (
    Metric("p50_us", "p50 us", 1),
    Metric("p99_us", "p99 us", 1, compared=False),
    Metric("cpu_us", "CPU us", 2),
)

WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("burst", "Burst, handlers that do not suspend", _BURST),
        Workload("suspend", "Burst, handlers that suspend once", _BURST),
        Workload("metrics", "Burst, with metrics", _BURST),
        Workload("spans", "Burst, with a span for each message", _BURST),
        Workload("round-trip", "Round trips", _ROUND_TRIP),
    )
}


@dataclass(frozen=True, slots=True)
class Amount:
    """How much work there is in one measurement.

    Args:
        burst: Messages of a burst.
        round_trips: Messages sent to and fro, one at a time.
        size: The payload of a message in bytes.
        text: Whether the messages of a burst are text.
    """

    burst: int = 100_000
    round_trips: int = 10_000
    size: int = 32
    text: bool = False

    def bursts(self) -> tuple[int, int]:
        """Return the messages of the warm-up and of the burst itself."""
        return max(self.burst // 10, 1), self.burst

    def trips(self) -> tuple[int, int]:
        """Return the round trips of the warm-up and those that count."""
        return max(self.round_trips // 10, 1), self.round_trips

    def order(self, count: int) -> str:
        """Return the text message that asks the server for a burst."""
        return json.dumps({"count": count, "size": self.size, "text": self.text})


class Clock:
    """Measures from the first order, or the first message sent, to the last message handled."""

    def __init__(self) -> None:
        gc.collect()  # the garbage of the dial and the warm-up is nobody's
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def stop(self, count: int) -> Sample:
        """Return the sample of `count` messages."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {"per_second": count / wall, "cpu_us": cpu / count * 1e6, "load": cpu / wall}


def percentiles(times: list[float]) -> Sample:
    """Return what half and 99 of 100 round trips stay below, from the seconds of each."""
    ranked = sorted(times)
    p50, p99 = (ranked[int(share * len(ranked))] for share in (0.50, 0.99))
    return {"p50_us": p50 * 1e6, "p99_us": p99 * 1e6}
