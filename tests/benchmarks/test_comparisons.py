"""Ratios within a round, differences, and bars."""

from __future__ import annotations

import pytest
from benchmarks.comparisons import Comparison, compare
from benchmarks.contestant import Beside, Contestant
from benchmarks.workloads import WORKLOADS, Metric

from .samples import contestant, rate, results

RATE = WORKLOADS["burst"].metrics[0]
KIB = WORKLOADS["idle"].metrics[0]


def beside(*others: Beside) -> Contestant:
    return contestant("engine", beside=others)


def test_ratios_are_taken_within_a_round_and_then_the_median() -> None:
    engine, bare = beside(Beside("bare")), contestant("bare")
    samples = {"bare": [rate(100), rate(10), rate(200)], "engine": [rate(50), rate(9), rate(40)]}
    found = compare(results([bare, engine], samples))
    assert [one.metric.name for one in found] == ["per_second", "cpu_us"]
    assert found[0].rounds == (0.5, 0.9, 0.2)
    assert found[0].median == 0.5  # that of the medians would be 0.4
    assert found[1].median == pytest.approx(2.0)
    assert str(found[0]) == "0.50 (0.20..0.90)"


def test_one_contestant_beside_several() -> None:
    engine = beside(Beside("fast", {"per_second": 0.5}), Beside("slow", {"per_second": 5.0}))
    samples = {"fast": [rate(100)], "slow": [rate(9)], "engine": [rate(50)]}
    found = compare(results([contestant("fast"), contestant("slow"), engine], samples))
    verdicts = {(one.against.name, one.metric.name): one.verdict for one in found if one.against}
    assert verdicts == {
        ("fast", "per_second"): ">= 0.5 met",
        ("fast", "cpu_us"): "",
        ("slow", "per_second"): ">= 5 met",
        ("slow", "cpu_us"): "",
    }


def test_whoever_is_not_measured_is_not_compared_with() -> None:
    samples = {"bare": [], "engine": [rate(50)]}
    assert compare(results([contestant("bare"), beside(Beside("bare"))], samples)) == []


def test_memory_is_compared_by_difference() -> None:
    engine = contestant("engine", "idle", beside=(Beside("bare", {"kib": 12.0}),))
    bare = contestant("bare", "idle")
    samples = {
        "bare": [{"count": 10, "kib": 10.0, "start_s": 1.0, "cpu_percent": 0.0}],
        "engine": [{"count": 10, "kib": 22.5, "start_s": 3.0, "cpu_percent": 0.1}],
    }
    kib, start = compare(results([bare, engine], samples))
    assert (kib.rounds, kib.how, kib.verdict) == ((12.5,), "difference", "<= 12 MISSED")
    assert (start.rounds, start.how) == ((3.0,), "ratio")
    assert str(kib) == "12.5"


def test_a_bar_on_a_figure_itself() -> None:
    one = contestant("memory", "memory", bars={"growth_mib": 2.0})
    samples = {"memory": [{"count": 10, "growth_mib": 1.25, "per_second": 5.0}]}
    (found,) = compare(results([one], samples))
    assert (found.how, found.against, found.median, found.met) == ("itself", None, 1.25, True)


@pytest.mark.parametrize(
    ("metric", "median", "bar", "met"),
    [
        (RATE, 0.9, 0.9, True),
        (RATE, 0.899, 0.9, False),
        (KIB, 12.0, 12.0, True),
        (KIB, 12.001, 12.0, False),
        (KIB, 12.0, None, None),
    ],
)
def test_bars_are_lower_or_upper_bounds(
    metric: Metric, median: float, bar: float | None, met: bool | None
) -> None:
    comparison = Comparison(contestant("one"), metric, "ratio", (median,), bar=bar)
    assert comparison.met is met
