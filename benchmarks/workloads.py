"""What is measured: the kinds of work, and the figures that each of them has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a sample.

    Args:
        name: What it is called in the results.
        heading: What it is called in the report.
        digits: How many of its decimals are shown.
        more_is_better: Whether the greater figure is the better one.
        compared: How contestants are compared by it, if they are.
    """

    name: str
    heading: str
    digits: int
    more_is_better: bool = False
    compared: Literal["no", "ratio", "difference"] = "ratio"


@dataclass(frozen=True, slots=True)
class Workload:
    """A kind of work; contestants are compared within one.

    Args:
        name: What it is called on the command line and in the results.
        title: What it is called in the report.
        metrics: What is shown of a sample.
        unit: What a sample counts.
        rounds: How many rounds it takes part in at most, if there is a bound: what takes long
            has few.
        crowd: Whether each measurement needs a fresh server for thousands of clients.
    """

    name: str
    title: str
    metrics: tuple[Metric, ...]
    unit: str = "messages"
    rounds: int | None = None
    crowd: bool = False


_RATE: Final = (
    Metric("per_second", "messages/s", 0, more_is_better=True),
    Metric("cpu_us", "CPU us", 2),
    Metric("load", "client's load", 2, compared="no"),
)
_ROUND_TRIP: Final = (
    Metric("p50_us", "p50 us", 1),
    Metric("p90_us", "p90 us", 1, compared="no"),
    Metric("p99_us", "p99 us", 1),
    Metric("p999_us", "p99.9 us", 1, compared="no"),
    Metric("cpu_us", "CPU us", 2),
)
_IDLE: Final = (
    Metric("kib", "KiB/session", 1, compared="difference"),
    Metric("start_s", "start s", 2),
    Metric("cpu_percent", "CPU % when idle", 2, compared="no"),
)
_STORM: Final = (
    Metric("back_s", "all back after s", 1),
    Metric("half_back_s", "half after s", 1),
    Metric("peak", "dials/s, peak", 0),
    Metric("peak_back", "peak from its return on", 0),
    Metric("peak_share", "that peak / sessions", 2),
    Metric("dials", "dials/session", 1),
)
_MEMORY: Final = (
    Metric("growth_mib", "growth MiB", 2),
    Metric("blocks", "objects kept", 0, compared="no"),
    Metric("per_second", "messages/s", 0, more_is_better=True),
)

WORKLOADS: Final = {
    workload.name: workload
    for workload in (
        Workload("burst", "Burst, handlers that do not suspend", _RATE),
        Workload("round-trip", "Round trips", _ROUND_TRIP, "round trips"),
        Workload("request", "Requests and their replies", _ROUND_TRIP, "requests"),
        Workload("typed", "Burst, decoded to structs", _RATE),
        Workload("suspend", "Burst, handlers that suspend once", _RATE, rounds=3),
        Workload("sleep", "Burst, handlers that sleep for a millisecond", _RATE, rounds=2),
        Workload("metrics", "Burst, with metrics", _RATE),
        Workload("spans", "Burst, with a span for each message", _RATE, rounds=3),
        Workload("size", "Burst, sizes and types of messages", _RATE, rounds=1),
        Workload("send", "Sending", _RATE, rounds=2),
        Workload("idle", "Idle sessions in one process", _IDLE, "sessions", 1, crowd=True),
        Workload("storm", "All sessions lose their server", _STORM, "sessions", 1, crowd=True),
        Workload("memory", "Memory over many messages", _MEMORY, rounds=1),
    )
}
