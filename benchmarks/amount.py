"""How much work one measurement is, and what it yields."""

from __future__ import annotations

import gc
import json
import statistics
import time
from collections.abc import Callable, Coroutine, Iterable, Sequence
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

    def parts(self) -> Iterable[int]:
        """Return the count of the warm-up, and of the work itself, in one part or several."""
        return max(self.count // 10, 1), self.count

    def order(self, count: int, payload: str | None = None) -> str:
        """Return the text message that asks the server for a burst, of this payload or any."""
        order = {"do": "burst", "count": count, "size": self.size, "text": self.text}
        return json.dumps(order if payload is None else {**order, "payload": payload})

    def order_take(self, count: int) -> str:
        """Return the text message that has the server take messages, and tell when it has all."""
        return json.dumps({"do": "take", "count": count, "size": self.size})


Measure: TypeAlias = Callable[[str, Amount], Coroutine[None, None, Sample]]
"""Does the work against the server at a URL."""


class Clock:
    """Measures from the first order, or the first message sent, to the last message handled.

    The CPU time is that of the process: whoever else is in it must wait meanwhile.
    """

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
    """Return what most round trips stay below, from the seconds of each.

    The first is left out where there are more: it wakes up what has slept until then.
    """
    ranked = sorted(times[1:] or times)
    return {name: ranked[int(share * len(ranked))] * 1e6 for name, share in SHARES.items()}


def whole(parts: Sequence[Sample]) -> Sample:
    """Return the sample of the whole: the medians of its parts, and how much they are together.

    Args:
        parts: The samples of all parts; the first is the warm-up, which does not count.
    """
    work = parts[1:]
    sums = {name: sum(part[name] for part in work) for name in ("count", "seconds")}
    return {name: statistics.median(part[name] for part in work) for name in work[0]} | sums
