"""Figures from samples: tables to read, and JSON to compute with."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .contestants import Contestant
from .runner import Results
from .workloads import WORKLOADS, Metric, Workload

NOTES: Final = """\
Figures are medians over the rounds. A ratio compares a contestant with the first of its table
within each round: the median of the rounds, the least and the greatest; 1 is as fast, more is
faster, whatever the figure. The client's load is its CPU time by the clock on the wall: near 1,
neither the server nor another process kept it waiting."""


@dataclass(frozen=True, slots=True)
class Ratio:
    """How good a contestant is beside another, round by round: 1 is as good, more is better."""

    rounds: tuple[float, ...]

    @property
    def median(self) -> float:
        """The ratio of the round in the middle."""
        return statistics.median(self.rounds)

    def __str__(self) -> str:
        return f"{self.median:.2f} ({min(self.rounds):.2f}..{max(self.rounds):.2f})"


def compare(contestant: Contestant, metric: Metric, results: Results) -> Ratio | None:
    """Return the ratio of a contestant to the one that it is compared with, if there is one."""
    if contestant.against is None:
        return None
    ours, theirs = results.samples[contestant.name], results.samples[contestant.against]
    quotients = (a[metric.name] / b[metric.name] for a, b in zip(ours, theirs, strict=True))
    return Ratio(tuple(q if metric.more_is_better else 1 / q for q in quotients))


def to_json(results: Results) -> str:
    """Return everything that was measured, with the ratios."""
    plan = results.plan
    ratios: dict[str, dict[str, object]] = {}
    for contestant in plan.contestants:
        for metric in WORKLOADS[contestant.workload].metrics:
            if metric.compared and (ratio := compare(contestant, metric, results)):
                found = ratios.setdefault(contestant.name, {"against": contestant.against})
                found[metric.name] = {"median": ratio.median, "rounds": ratio.rounds}
    content = {
        "machine": results.machine,
        "loop": plan.loop,
        "seed": plan.seed,
        "amount": asdict(plan.amount),
        "ratios": ratios,
        "samples": results.samples,
    }
    return json.dumps(content, indent=1) + "\n"


def to_markdown(results: Results) -> str:
    """Return the report: what was done, and a table for each workload."""
    amount = results.plan.amount
    kind = "text" if amount.text else "binary"
    facts = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        **results.machine,
        "Event loop": results.plan.loop,
        "Burst": f"{amount.burst:,} {kind} messages of {amount.size} bytes",
        "Round trips": f"{amount.round_trips:,} of {amount.size} bytes",
        "Rounds": f"{results.plan.rounds}, in random order, each measurement in a fresh process",
    }
    parts = ["# Benchmarks", "\n".join(f"- {name}: {fact}" for name, fact in facts.items())]
    for workload in WORKLOADS.values():
        part = [one for one in results.plan.contestants if one.workload == workload.name]
        if part:
            parts += [f"## {workload.title}", _table(workload, part, results)]
    return "\n\n".join([*parts, NOTES]) + "\n"


def write(results: Results, folder: Path, name: str) -> None:
    """Write the report and the JSON to a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(to_json(results), encoding="utf-8")
    (folder / f"{name}.md").write_text(to_markdown(results), encoding="utf-8")


def _table(workload: Workload, contestants: Sequence[Contestant], results: Results) -> str:
    compared = [metric for metric in workload.metrics if metric.compared]
    with_targets = any(one.target is not None for one in contestants)
    header = ["", *(metric.heading for metric in workload.metrics)]
    header += [f"ratio of {metric.heading}" for metric in compared] + ["target"] * with_targets
    rows = [header]
    for contestant in contestants:
        ratios = [compare(contestant, metric, results) for metric in compared]
        row = [contestant.title, *(_median(contestant, m, results) for m in workload.metrics)]
        row += ["1" if ratio is None else str(ratio) for ratio in ratios]
        rows.append(row + [_verdict(contestant, ratios[0])] * with_targets)
    return _align(rows)


def _median(contestant: Contestant, metric: Metric, results: Results) -> str:
    median = statistics.median(sample[metric.name] for sample in results.samples[contestant.name])
    return f"{median:,.{metric.digits}f}"


def _verdict(contestant: Contestant, ratio: Ratio | None) -> str:
    if contestant.target is None or ratio is None:
        return ""
    return f"{contestant.target:.2f} {'met' if ratio.median >= contestant.target else 'MISSED'}"


def _align(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table that can be read as it stands."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
