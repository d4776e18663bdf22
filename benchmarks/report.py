"""What is written of a run: tables to read, plots, and JSON to compute with."""

from __future__ import annotations

import json
import statistics
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .comparisons import Comparison, compare
from .contestant import Contestant
from .plots import plots
from .runner import Results
from .workloads import WORKLOADS, Metric, Workload

NOTES: Final = """\
Figures are medians over the rounds; behind the first stands how far the rounds lie from it at
most. A ratio is taken within each round: the median of the rounds, the least and the greatest.
It is the contestant's figure divided by the other's, so more is better for messages per second,
less for microseconds. The client's load is its CPU time by the clock on the wall: near 1,
neither the server nor another process kept it waiting."""


def to_json(results: Results) -> str:
    """Return everything that was measured, with the comparisons."""
    plan = results.plan
    content = {
        "machine": results.machine,
        "loop": plan.loop,
        "seed": plan.seed,
        "scale": plan.scale,
        "seconds": results.seconds,
        "left_out": results.left_out,
        "amounts": {
            one.name: asdict(one.amount(plan.scale, plan.size, plan.text))
            for one in results.measured
        },
        "comparisons": [_as_dict(comparison) for comparison in compare(results)],
        "samples": results.samples,
    }
    return json.dumps(content, indent=1) + "\n"


def to_markdown(results: Results, pictures: Sequence[str] = ()) -> str:
    """Return the report: what was done, which bars are met, and tables for each workload.

    Args:
        results: What was found out.
        pictures: The names of files with plots.
    """
    found = compare(results)
    parts = ["# Benchmarks", _facts(results)]
    barred = [comparison for comparison in found if comparison.bar is not None]
    if barred or _unmeasured(results):
        parts += ["## Bars", _bars(barred, results)]
    parts += [f"![{name}]({name})" for name in pictures]
    for workload in WORKLOADS.values():
        some = [one for one in results.measured if one.workload == workload.name]
        if some:
            parts += [f"## {workload.title}", _figures(workload, some, results)]
            beside = [one for one in found if one.against and one.contestant in some]
            parts += [_ratios(workload, beside, results)] * bool(beside)
    if results.left_out:
        lines = [f"- `{name}`: {reason}" for name, reason in results.left_out.items()]
        parts += ["## Left out", "\n".join(lines)]
    return "\n\n".join([*parts, NOTES]) + "\n"


def write(results: Results, folder: Path, name: str) -> str:
    """Write the report, its plots and the JSON to a folder; return the report."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = {f"{name}-{plot}.svg": svg for plot, svg in plots(results).items()}
    for file, svg in drawn.items():
        (folder / file).write_text(svg, encoding="utf-8")
    report = to_markdown(results, list(drawn))
    (folder / f"{name}.json").write_text(to_json(results), encoding="utf-8")
    (folder / f"{name}.md").write_text(report, encoding="utf-8")
    return report


def _facts(results: Results) -> str:
    plan, minutes = results.plan, divmod(round(results.seconds), 60)
    kind = "text" if plan.text else "binary"
    facts = {
        "Date": f"{datetime.now(UTC):%Y-%m-%d}",
        **results.machine,
        "Event loop": plan.loop,
        "Messages": f"{plan.size:,} bytes, {kind}, unless said otherwise",
        "Amount": f"{plan.scale:.4g} of the whole",
        "Rounds": f"{plan.rounds} at most, interleaved, in random order; each in fresh processes",
        "Time": f"{minutes[0]} min {minutes[1]} s",
    }
    return "\n".join(f"- {name}: {fact}" for name, fact in facts.items())


def _bars(barred: Sequence[Comparison], results: Results) -> str:
    rows = [["", "figure", "beside", "found", "rounds", "bar"]]
    for one in sorted(barred, key=lambda one: list(WORKLOADS).index(one.contestant.workload)):
        who = f"{one.contestant.workload}: {_title(one.contestant, results)}"
        against = one.against.title if one.against else ""
        rounds = str(len(one.rounds))
        rows.append([who, one.metric.heading, against, str(one), rounds, one.verdict])
    missed, unmeasured = sum(one.met is False for one in barred), _unmeasured(results)
    counts = f"{len(barred) - missed} met, {missed} missed, {len(unmeasured)} not measured"
    names = ": " + ", ".join(f"`{name}`" for name in unmeasured) if unmeasured else ""
    return f"{counts}{names}.\n\n{_align(rows)}"


def _unmeasured(results: Results) -> list[str]:
    """Return who has a bar, and was left out or has nobody to be compared with."""
    missing = results.left_out.keys()
    return [
        one.name
        for one in results.plan.contestants
        if (one.name in missing and (one.bars or any(beside.bars for beside in one.beside)))
        or any(beside.bars and beside.against in missing for beside in one.beside)
    ]


def _figures(workload: Workload, contestants: Sequence[Contestant], results: Results) -> str:
    rows = [["", workload.unit, *(metric.heading for metric in workload.metrics)]]
    for contestant in contestants:
        samples = results.samples[contestant.name]
        row = [_title(contestant, results), f"{samples[0]['count']:,.0f}"]
        for place, metric in enumerate(workload.metrics):
            figures = [sample[metric.name] for sample in samples]
            row.append(_median(metric, figures, spread=place == 0))
        rows.append(row)
    return _align(rows)


def _ratios(workload: Workload, comparisons: Sequence[Comparison], results: Results) -> str:
    metrics = [metric for metric in workload.metrics if metric.compared != "no"]
    heads = {"ratio": "ratio of", "difference": "difference of"}
    rows = [["", "beside", *(f"{heads[m.compared]} {m.heading}" for m in metrics), "bar"]]
    for start in range(0, len(comparisons), len(metrics)):
        some = comparisons[start : start + len(metrics)]
        row = [
            _title(some[0].contestant, results),
            some[0].against.title if some[0].against else "",
        ]
        row += [str(one) for one in some]
        rows.append([*row, ", ".join(filter(None, (one.verdict for one in some)))])
    return _align(rows)


def _title(contestant: Contestant, results: Results) -> str:
    """Return what a contestant is called: a crowd with its size, as there are several."""
    count = results.samples[contestant.name][0]["count"]
    crowd = WORKLOADS[contestant.workload].crowd
    return f"{contestant.title}, {count:,.0f}" if crowd else contestant.title


def _median(metric: Metric, figures: Sequence[float], *, spread: bool) -> str:
    median = statistics.median(figures)
    shown = f"{median:,.{metric.digits}f}"
    if spread and len(figures) > 1 and median:
        shown += f" ±{max(abs(figure / median - 1) for figure in figures):.0%}"
    return shown


def _as_dict(comparison: Comparison) -> dict[str, object]:
    return {
        "contestant": comparison.contestant.name,
        "metric": comparison.metric.name,
        "how": comparison.how,
        "against": comparison.against.name if comparison.against else None,
        "median": comparison.median,
        "rounds": comparison.rounds,
        "bar": comparison.bar,
        "met": comparison.met,
    }


def _align(rows: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table that can be read as it stands."""
    widths = [max(3, *map(len, column)) for column in zip(*rows, strict=True)]
    lines = [[row[0].ljust(widths[0]), *map(str.rjust, row[1:], widths[1:])] for row in rows]
    lines.insert(1, ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
