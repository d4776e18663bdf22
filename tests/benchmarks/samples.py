"""Made-up contestants and results, for the pure parts of the benchmarks."""

from __future__ import annotations

from typing import Any

from benchmarks.amount import Amount, Sample
from benchmarks.contestant import Contestant
from benchmarks.runner import Plan, Results, Samples


async def never(url: str, amount: Amount) -> Sample:
    """Take the place of a measurement: nothing is measured here."""
    raise NotImplementedError


def contestant(name: str, workload: str = "burst", **fields: Any) -> Contestant:
    """Return a contestant called by its name."""
    return Contestant(
        **{"title": f"<{name}>", "measure": never, "count": 100, **fields},
        name=name,
        workload=workload,
    )


def rate(per_second: float) -> Sample:
    """Return the sample of a burst."""
    return {"count": 100, "per_second": per_second, "cpu_us": 1e6 / per_second, "load": 1.0}


def trip(p50: float) -> Sample:
    """Return the sample of round trips."""
    return {
        "count": 100,
        "p50_us": p50,
        "p90_us": 1.5 * p50,
        "p99_us": 2 * p50,
        "p999_us": 9 * p50,
        "cpu_us": 1.0,
    }


def results(contestants: list[Contestant], samples: Samples, **fields: Any) -> Results:
    """Return what a run of these contestants found out."""
    rounds = max(map(len, samples.values()), default=1)
    return Results(Plan(contestants, rounds), {"Python": "3"}, samples, **fields)
