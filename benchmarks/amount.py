"""How much work one measurement is, and what it yields."""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, TypeAlias

Sample: TypeAlias = dict[str, float]
"""What one measurement yields: its metrics by name."""


@dataclass(frozen=True, slots=True)
class Amount:
    """How much work there is in one measurement.

    Args:
        count: Messages, round trips or sessions.
        size: The payload of a message in bytes.
        text: Whether the messages of a burst are text.
    """

    count: int
    size: int = 32
    text: bool = False

    def parts(self) -> tuple[int, int]:
        """Return the count of the warm-up, and of the work itself."""
        return max(self.count // 10, 1), self.count

    def order(self, count: int, payload: str | None = None) -> str:
        """Return the text message that asks the server for a burst, of this payload or any."""
        order = {"do": "burst", "count": count, "size": self.size, "text": self.text}
        return json.dumps(order if payload is None else {**order, "payload": payload})

    def order_take(self, count: int) -> str:
        """Return the text message that has the server take messages, and tell when it has all."""
        return json.dumps({"do": "take", "count": count, "size": self.size})


Measure: TypeAlias = Callable[[str, Amount], Awaitable[Sample]]
"""Does the work against the server at a URL."""


class Clock:
    """Measures from the first order, or the first message sent, to the last message handled."""

    def __init__(self) -> None:
        gc.collect()  # the garbage of the dial and the warm-up is nobody's
        self._cpu, self._wall = time.process_time(), time.perf_counter()

    def stop(self, count: int) -> Sample:
        """Return the sample of `count` messages."""
        wall, cpu = time.perf_counter() - self._wall, time.process_time() - self._cpu
        return {
            "count": count,
            "seconds": wall,
            "per_second": count / wall,
            "cpu_us": cpu / count * 1e6,
            "load": cpu / wall,
        }


SHARES: Final = {"p50_us": 0.50, "p90_us": 0.90, "p99_us": 0.99, "p999_us": 0.999}
"""The percentiles of round trips, by their names in a sample."""


def percentiles(times: list[float]) -> Sample:
    """Return what most round trips stay below, from the seconds of each."""
    ranked = sorted(times)
    return {name: ranked[int(share * len(ranked))] * 1e6 for name, share in SHARES.items()}
