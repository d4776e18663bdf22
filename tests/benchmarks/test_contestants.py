"""The list of contestants, and who is chosen from it."""

from __future__ import annotations

import pytest
from benchmarks.__main__ import QUICK, choose, parse
from benchmarks.contestants import CONTESTANTS
from benchmarks.workloads import WORKLOADS

from .samples import contestant


def names(*only: str, quick: bool = False) -> set[str]:
    return {one.name for one in choose(only, quick=quick)}


def test_every_workload_has_contestants() -> None:
    assert {one.workload for one in CONTESTANTS.values()} == set(WORKLOADS)


def test_names_tell_one_thing_each() -> None:
    assert not set(CONTESTANTS) & set(WORKLOADS)
    titles = [(one.workload, one.title, one.count) for one in CONTESTANTS.values()]
    assert len(set(titles)) == len(titles)


def test_comparisons_stay_within_a_workload_and_look_back() -> None:
    seen: dict[str, str] = {}
    for one in CONTESTANTS.values():
        for other in one.beside:
            assert seen[other.against] == one.workload
        seen[one.name] = one.workload


def test_bars_are_for_figures_that_there_are() -> None:
    for one in CONTESTANTS.values():
        metrics = {metric.name: metric for metric in WORKLOADS[one.workload].metrics}
        assert set(one.bars) <= set(metrics)
        for other in one.beside:
            assert all(metrics[name].compared != "no" for name in other.bars)


@pytest.mark.parametrize(
    ("name", "against", "metric", "bar"),
    [
        ("picows-async-1", "picows-bare", "per_second", 0.55),
        ("picows-def-1", "picows-bare", "per_second", 0.72),
        ("picows-async-4", "picows-bare", "per_second", 0.40),
        ("picows-async-4", "websockets-bare", "per_second", 5.0),
        ("picows-async-4", "aiohttp-bare", "per_second", 1.3),
        ("websockets-async-4", "websockets-bare", "per_second", 0.9),
        ("aiohttp-async-4", "aiohttp-bare", "per_second", 0.7),
        ("trip-websockets-1", "trip-websockets-bare", "p50_us", 1.07),
        ("trip-aiohttp-1", "trip-aiohttp-bare", "p99_us", 1.2),
        ("trip-picows-1", "trip-picows-bare", "p99_us", 1.2),
        ("suspend-websockets-4", "suspend-websockets-tasks", "per_second", 1.5),
        ("suspend-aiohttp-4", "suspend-aiohttp-tasks", "per_second", 1.5),
        ("ask-websockets", "ask-websockets-bare", "p50_us", 1.15),
        ("ask-aiohttp", "ask-aiohttp-bare", "p50_us", 1.15),
        ("ask-picows", "ask-picows-bare", "p50_us", 1.15),
        ("typed-picows", "typed-picows-hand", "per_second", 0.952),
        ("metrics-websockets-on", "metrics-websockets-off", "per_second", 0.97),
        ("idle-picows-10000", "idle-picows-10000-bare", "kib", 12.0),
    ],
)
def test_bars(name: str, against: str, metric: str, bar: float) -> None:
    (bars,) = [other.bars for other in CONTESTANTS[name].beside if other.against == against]
    assert bars[metric] == bar


def test_memory_must_not_grow() -> None:
    assert CONTESTANTS["memory-picows"].bars == {"growth_mib": 2.0}
    assert CONTESTANTS["memory-picows"].count == 10_000_000


def test_a_contestant_comes_with_all_that_it_is_compared_with() -> None:
    assert names("picows-async-4") == {
        *("picows-async-4", "picows-bare", "websockets-bare", "aiohttp-bare")
    }


def test_a_workload_comes_whole() -> None:
    assert names("storm") == {"storm-websockets", "storm-aiohttp", "storm-picows"}


def test_a_quick_run_leaves_out_what_takes_long() -> None:
    quick, full = names(quick=True), names()
    assert quick < full < set(CONTESTANTS)
    assert full - quick >= {"memory-picows", "idle-picows-10000", "storm-websockets"}
    assert "storm-picows" not in full


def test_the_command_line() -> None:
    plan, name = parse(["sleep", "--rounds", "2", "--text", "--size", "64", "--name", "mine"])
    assert name == "mine"
    assert [one.workload for one in plan.contestants] == ["sleep"] * 4
    assert (plan.rounds, plan.scale, plan.size, plan.text) == (2, 1.0, 64, True)
    plan, name = parse(["--quick"])
    assert (plan.rounds, plan.scale, name) == (1, QUICK, "part")
    assert parse(["burst"])[1] == "part"
    assert parse([])[1] == "latest"


@pytest.mark.parametrize(
    "wrong", [["nobody"], ["--rounds", "0"], ["--scale", "0"], ["--size", "-1"]]
)
def test_wrong_arguments_are_refused(wrong: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parse(wrong)
    assert wrong[0].strip("-") in capsys.readouterr().err


def test_amounts_are_scaled_and_own_sizes_kept() -> None:
    free = contestant("free", count=1000).amount(0.5, 64, True)
    assert (free.count, free.size, free.text) == (500, 64, True)
    assert free.parts() == (50, 500)
    fixed = contestant("fixed", count=1000, size=1024, text=False).amount(1e-9, 64, True)
    assert (fixed.count, fixed.size, fixed.text) == (10, 1024, False)
