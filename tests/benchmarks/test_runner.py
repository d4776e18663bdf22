"""Rounds and their order, and who cannot take part."""

from __future__ import annotations

import contextlib
import subprocess
from collections.abc import Iterator

import pytest
from benchmarks.amount import Amount, Sample
from benchmarks.client import Order
from benchmarks.runner import Plan, find_impossible, orders, run

from .samples import contestant

BURSTS = [contestant(f"burst-{i}") for i in range(6)]
TRIPS = [contestant(f"trip-{i}", "round-trip") for i in range(3)]
STORM = contestant("storm", "storm", count=2000)


def test_each_round_has_everybody_once_and_workloads_together() -> None:
    for order in orders(Plan([*TRIPS, *BURSTS], rounds=4)):
        assert sorted(order[:6]) == [[one.name] for one in BURSTS]
        assert sorted(order[6:]) == [[one.name] for one in TRIPS]


def test_those_that_take_turns_share_a_process() -> None:
    some = [contestant(f"{name}-{i}", together=name) for name in "ab" for i in range(2)]
    alone = contestant("a")
    for order in orders(Plan([*some, alone], rounds=4)):
        assert sorted(map(sorted, order)) == [["a"], ["a-0", "a-1"], ["b-0", "b-1"]]


def test_chance_decides_and_the_seed_decides_chance() -> None:
    first, again = (list(orders(Plan(BURSTS, rounds=4, seed=7))) for _ in range(2))
    assert first == again
    assert len({str(order) for order in first}) > 1
    assert list(orders(Plan(BURSTS, rounds=4, seed=8))) != first


def test_what_takes_long_takes_part_in_the_first_rounds_only() -> None:
    send = contestant("send", "send")
    rounds = list(orders(Plan([TRIPS[0], send, STORM], rounds=4)))
    assert [{name for group in order for name in group} for order in rounds] == [
        {"trip-0", "send", "storm"},
        {"trip-0", "send"},
        {"trip-0"},
        {"trip-0"},
    ]


def test_who_cannot_take_part() -> None:
    lacking = contestant("lacking", needs="no_such_module_anywhere")
    having = contestant("having", needs="json")
    plan = Plan([lacking, having, STORM, *BURSTS])
    assert find_impossible(plan, 20_000) == {
        "lacking": "the module no_such_module_anywhere is not installed"
    }
    assert find_impossible(plan, 1024)["storm"] == "needs 2,300 open files, and 1,024 are allowed"


def test_whoever_fails_is_left_out_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(order: Order) -> list[Sample]:
        measured.extend(order.contestants)
        if order.contestants == ("burst-1",) and len(measured) > 6:
            raise subprocess.CalledProcessError(1, ["client"])
        return [{"count": 1.0} for _ in order.contestants]

    @contextlib.contextmanager
    def serving(module: str, core: int) -> Iterator[int]:
        served.append(module)
        yield 8080

    measured: list[str] = []
    served: list[str] = []
    monkeypatch.setattr("benchmarks.runner._measure", measure)
    monkeypatch.setattr("benchmarks.runner.serving", serving)
    plan = Plan([*BURSTS, contestant("crowd-1", "idle"), contestant("crowd-2", "idle")], rounds=3)
    found = run(plan, lambda _: None)
    assert "failed in round 2" in found.left_out.pop("burst-1")
    assert found.left_out == {}
    assert "burst-1" not in {one.name for one in found.measured}
    assert len(found.samples["burst-0"]) == 3
    assert measured.count("burst-1") == 2
    assert served == ["server", "crowd", "crowd"]


def test_with_one_of_those_that_take_turns_fail_all(monkeypatch: pytest.MonkeyPatch) -> None:
    def measure(order: Order) -> list[Sample]:
        orders_seen.append(order)
        if len(orders_seen) == 2:
            raise subprocess.CalledProcessError(1, ["client"])
        return [{"count": float(port)} for port in order.ports]

    @contextlib.contextmanager
    def serving(module: str, core: int) -> Iterator[int]:
        served.append(module)
        yield len(served)

    orders_seen: list[Order] = []
    served: list[str] = []
    monkeypatch.setattr("benchmarks.runner._measure", measure)
    monkeypatch.setattr("benchmarks.runner.serving", serving)
    some = [contestant(f"trip-{i}", "round-trip", together="trips") for i in range(3)]
    found = run(Plan(some, rounds=3), lambda _: None)
    assert set(found.left_out) == {"trip-0", "trip-1", "trip-2"}
    assert found.measured == []
    assert served == ["server"] * 3  # one client each
    assert [sorted(order.ports) for order in orders_seen] == [[1, 2, 3]] * 2


def test_an_order_survives_the_way_to_its_process() -> None:
    amounts = Amount(10, 64, text=True), Amount(20)
    order = Order(("one", "other"), (8080, 8081), 1, "uvloop", amounts)
    assert Order.from_json(order.to_json()) == order
