"""What the samples say of one contestant beside another, round by round, and of its bars."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from .contestant import Contestant
from .runner import Results
from .workloads import WORKLOADS, Metric


@dataclass(frozen=True, slots=True)
class Comparison:
    """One figure of a contestant, beside the same figure of another one, or by itself.

    Args:
        contestant: Whose figure it is.
        metric: Which figure.
        how: Whether `rounds` are quotients, differences, or the figures themselves.
        rounds: They, round by round.
        against: Whom it is compared with, if anybody.
        bar: What the median should reach, if anything.
    """

    contestant: Contestant
    metric: Metric
    how: Literal["ratio", "difference", "itself"]
    rounds: tuple[float, ...]
    against: Contestant | None = None
    bar: float | None = None

    @property
    def median(self) -> float:
        """The one in the middle."""
        return statistics.median(self.rounds)

    @property
    def met(self) -> bool | None:
        """Whether the bar is met, if there is one."""
        if self.bar is None:
            return None
        return self.median >= self.bar if self.metric.more_is_better else self.median <= self.bar

    @property
    def verdict(self) -> str:
        """The bar, and whether it is met."""
        if self.bar is None:
            return ""
        sign = ">=" if self.metric.more_is_better else "<="
        return f"{sign} {self.bar:.4g} {'met' if self.met else 'MISSED'}"

    def __str__(self) -> str:
        digits = 2 if self.how == "ratio" else self.metric.digits
        median = f"{self.median:,.{digits}f}"
        if len(self.rounds) == 1:
            return median
        return f"{median} ({min(self.rounds):,.{digits}f}..{max(self.rounds):,.{digits}f})"


def compare(results: Results) -> list[Comparison]:
    """Return all comparisons of a run, in the order of the contestants."""
    measured = {one.name: one for one in results.measured}
    found: list[Comparison] = []
    for contestant in measured.values():
        found += _by_itself(contestant, results)
        for beside in contestant.beside:
            if (against := measured.get(beside.against)) is not None:
                found += _beside(contestant, against, beside.bars, results)
    return found


def _by_itself(contestant: Contestant, results: Results) -> Iterator[Comparison]:
    for metric in WORKLOADS[contestant.workload].metrics:
        if (bar := contestant.bars.get(metric.name)) is not None:
            figures = tuple(sample[metric.name] for sample in results.samples[contestant.name])
            yield Comparison(contestant, metric, "itself", figures, bar=bar)


def _beside(
    contestant: Contestant, against: Contestant, bars: Mapping[str, float], results: Results
) -> Iterator[Comparison]:
    ours, theirs = results.samples[contestant.name], results.samples[against.name]
    for metric in WORKLOADS[contestant.workload].metrics:
        if metric.compared == "no":
            continue
        pairs = [(a[metric.name], b[metric.name]) for a, b in zip(ours, theirs, strict=True)]
        ratio = metric.compared == "ratio"
        rounds = tuple(a / b if ratio else a - b for a, b in pairs)
        bar = bars.get(metric.name)
        yield Comparison(contestant, metric, metric.compared, rounds, against, bar)
