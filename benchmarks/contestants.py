"""Who is measured. A new contestant is one more line here, and the function that it names."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from . import bare, engines, telemetry
from .workloads import Amount, Sample


@dataclass(frozen=True, slots=True)
class Contestant:
    """One way to do a workload.

    Args:
        name: What it is called on the command line and in the results.
        workload: The name of the workload.
        title: What it is called in the report.
        measure: Does the work against the server at a URL.
        against: The name of the contestant that it is compared with, or `None`.
        target: The least ratio that is wanted, or `None`.
    """

    name: str
    workload: str
    title: str
    measure: Callable[[str, Amount], Awaitable[Sample]]
    against: str | None = None
    target: float | None = None


_ALL = (
    Contestant("bare", "burst", "websockets: bare loop", bare.loop),
    # The same once more: how far its ratio is from 1 tells how far to trust the others.
    Contestant("bare-again", "burst", "the same again (control)", bare.loop, "bare"),
    Contestant(
        "bare-handler",
        "burst",
        "websockets: loop that awaits a handler",
        bare.loop_with_handler,
        "bare",
    ),
    Contestant(
        "async-1",
        "burst",
        "wsengine: 1 worker, async def",
        engines.burst(engines.Async, 1),
        "bare",
        0.85,
    ),
    Contestant(
        "async-4",
        "burst",
        "wsengine: 4 workers, async def",
        engines.burst(engines.Async, 4),
        "bare",
        0.75,
    ),
    Contestant(
        "def-1", "burst", "wsengine: 1 worker, def", engines.burst(engines.Plain, 1), "bare", 0.85
    ),
    Contestant(
        "def-4", "burst", "wsengine: 4 workers, def", engines.burst(engines.Plain, 4), "bare", 0.75
    ),
    Contestant("tasks", "suspend", "websockets: a task per message", bare.task_per_message),
    Contestant(
        "tasks-4",
        "suspend",
        "websockets: a task per message, 4 at a time",
        bare.four_tasks,
        "tasks",
    ),
    Contestant(
        "suspend-4",
        "suspend",
        "wsengine: 4 workers",
        engines.burst(engines.Suspending, 4),
        "tasks",
    ),
    Contestant("telemetry-off", "metrics", "wsengine: no telemetry", telemetry.nothing),
    Contestant(
        "telemetry-again", "metrics", "the same again (control)", telemetry.nothing, "telemetry-off"
    ),
    Contestant("metrics", "metrics", "wsengine: metrics", telemetry.metrics, "telemetry-off", 0.97),
    Contestant("by-hand", "spans", "wsengine: a span by hand in the handler", telemetry.by_hand),
    Contestant("spans", "spans", "wsengine: spans of its own", telemetry.spans, "by-hand", 0.87),
    Contestant("trip-bare", "round-trip", "websockets: send, recv", bare.round_trips),
    Contestant(
        "trip-again", "round-trip", "the same again (control)", bare.round_trips, "trip-bare"
    ),
    Contestant("trip-1", "round-trip", "wsengine: 1 worker", engines.round_trips(1), "trip-bare"),
    Contestant("trip-4", "round-trip", "wsengine: 4 workers", engines.round_trips(4), "trip-bare"),
)

CONTESTANTS: Final = {contestant.name: contestant for contestant in _ALL}
"""All contestants by name; each stands behind the one that it is compared with."""
