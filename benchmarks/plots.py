"""The two plots of a report: throughput, and latency percentiles."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Iterator
from typing import Final

from . import svg
from .amount import SHARES
from .contestant import Contestant
from .runner import Results
from .svg import LEFT, ROW, TOP, WIDE

FAMILIES: Final = ("websocket-client", "websockets", "aiohttp", "picows")
"""One colour for each library."""


def plots(results: Results) -> dict[str, str]:
    """Return the plots that the results have figures for, as SVG by name."""
    drawn = {}
    if bursts := _of(results, "burst"):
        drawn["throughput"] = throughput(bursts, results)
    if trips := _of(results, "round-trip"):
        drawn["latency"] = latency(trips, results)
    return drawn


def throughput(contestants: list[Contestant], results: Results) -> str:
    """Draw bars of messages per second, with the least and the greatest of the rounds."""
    figures = {
        one.name: [sample["per_second"] / 1e6 for sample in results.samples[one.name]]
        for one in contestants
    }
    step = nice_step(max(max(some) for some in figures.values()))
    most = step * math.ceil(max(max(some) for some in figures.values()) / step)

    def place(figure: float) -> float:
        return LEFT + WIDE * figure / most

    marks = [i * step for i in range(round(most / step) + 1)]
    shapes = list(_grid(marks, place, len(contestants)))
    for row, one in enumerate(contestants):
        y, some = TOP + row * ROW, figures[one.name]
        median = statistics.median(some)
        style = _colour(one)
        shapes += [
            svg.text(LEFT - 8, y + 16, one.title, anchor="end"),
            svg.bar(LEFT, y + 4, place(median) - LEFT, ROW - 8, style),
            svg.line(place(min(some)), y + ROW / 2, place(max(some)), y + ROW / 2, "whisker"),
            svg.text(place(max(some)) + 6, y + 16, f"{median:.2f}"),
        ]
    subtitle = (
        "Million messages a second: medians, least to greatest of the rounds. Pale: no engine."
    )
    return svg.picture(
        f"Bursts of {results.plan.size}-byte messages", subtitle, len(contestants), shapes
    )


def latency(contestants: list[Contestant], results: Results) -> str:
    """Draw the percentiles of round trips, on a logarithmic scale."""
    figures = {
        one.name: [
            statistics.median(sample[name] for sample in results.samples[one.name])
            for name in SHARES
        ]
        for one in contestants
    }
    least = min(some[0] for some in figures.values())
    most = max(some[-1] for some in figures.values())
    marks = log_marks(least, most)
    scale = WIDE / math.log(marks[-1] / marks[0])

    def place(figure: float) -> float:
        return LEFT + scale * math.log(figure / marks[0])

    shapes = list(_grid(marks, place, len(contestants)))
    for row, one in enumerate(contestants):
        y, some, style = TOP + row * ROW + ROW / 2, figures[one.name], _colour(one)
        shapes.append(svg.text(LEFT - 8, y + 4, one.title, anchor="end"))
        shapes.append(svg.line(place(some[0]), y, place(some[-1]), y, style))
        for figure, radius in zip(some, (6, 4.5, 3.5, 2.5), strict=True):
            shapes.append(svg.dot(place(figure), y, radius, style))
        shapes.append(svg.text(LEFT + WIDE + 10, y + 4, f"{some[0]:.0f} / {some[2]:.0f}"))
    subtitle = (
        "Microseconds: dots for p50, p90, p99, p99.9; at the right p50 / p99. Pale: no engine."
    )
    return svg.picture(
        f"Round trips of {results.plan.size} bytes", subtitle, len(contestants), shapes
    )


def nice_step(most: float) -> float:
    """Return a round step that divides 0 to `most` into about five."""
    power = 10.0 ** math.floor(math.log10(most / 5))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor * 5 >= most)


def log_marks(least: float, most: float) -> list[float]:
    """Return round marks, from below `least` to above `most`."""
    marks = [
        factor * 10.0**power
        for power in range(math.floor(math.log10(least)), math.ceil(math.log10(most)) + 1)
        for factor in (1, 2, 5)
    ]
    first = max(mark for mark in marks if mark <= least)
    last = min(mark for mark in marks if mark > most)
    return [mark for mark in marks if first <= mark <= last]


def _of(results: Results, workload: str) -> list[Contestant]:
    return [one for one in results.measured if one.workload == workload]


def _grid(marks: list[float], place: Callable[[float], float], rows: int) -> Iterator[str]:
    for mark in marks:
        x = place(mark)
        yield svg.line(x, TOP, x, TOP + rows * ROW, "grid")
        yield svg.text(x, TOP - 6, f"{mark:,.6g}", "small", anchor="middle")


def _colour(contestant: Contestant) -> str:
    """Return the style of a contestant: the colour of its library, pale without the engine."""
    title = contestant.title
    family = max(FAMILIES, key=lambda name: len(name) * (name in title))
    return f"c{FAMILIES.index(family)}" + (" bare" if "wsengine" not in title else "")
