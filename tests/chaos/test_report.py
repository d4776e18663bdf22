"""What a chaos run tells, and what it judges by."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from chaos.findings import Findings
from chaos.outcome import Outcome
from chaos.report import page, save, summary
from chaos.resources import ENOUGH, Held, memory_grows, memory_growth
from chaos.settings import Settings, config, slowest_recovery

MIB = 1 << 20


def outcome() -> Outcome:
    client = dict.fromkeys(
        ("faults", "sessions", "recoveries", "messages", "complete", "answered", "failed"), 3
    )
    return Outcome(
        Settings(seed=42),
        seconds=12.34,
        faults=Counter(cut_fin=2, delay=1),
        clients=[{"name": "picows-8", "slowest": 0.5, "excused": 0, **client}],
        held=[Held(10.0, 20, 5, 30, 8, 50 * MIB)],
        bound=8.1,
    )


async def test_a_good_run_is_told(tmp_path: Path) -> None:
    told = summary(outcome(), Findings())
    save(told, tmp_path / "results", "long")
    kept = json.loads((tmp_path / "results/long.json").read_text(encoding="utf-8"))
    assert (kept["seed"], kept["faults_in_all"], kept["recoveries"]) == (42, 3, 3)
    text = (tmp_path / "results/long.md").read_text(encoding="utf-8")
    assert text.startswith("# Chaos run, seed 42: nothing violated\n")
    assert "| slowest recovery | 0.5 s, allowed are 8.1 s |" in text
    assert "| 10 | 20 | 5 | 30 | 8 | 50.0 |" in text


async def test_a_violation_is_told_with_its_history() -> None:
    findings = Findings()
    findings.note("picows-8", "fault: delay")
    findings.note("picows-1", "another one's")
    findings.violation("picows-8", "it is lost")
    findings.note("picows-8", "what came later")
    assert findings.wrong.is_set()
    around = [line.split(maxsplit=1)[1] for line in findings.around()]
    assert [line.split(maxsplit=1)[1] for line in around] == [
        "fault: delay",
        "VIOLATION: it is lost",
    ]
    text = page(summary(outcome(), findings))
    assert text.startswith("# Chaos run, seed 42: 1 violations\n")
    assert "picows-8: it is lost" in text


def sampled(count: int, mib: Callable[[float], float], *, minutes: float) -> list[Held]:
    """Return what was held at so many moments of a run."""
    moments = [minutes * number / count for number in range(1, count + 1)]
    return [Held(60 * at, 20, 5, 30, 8, int(mib(at) * MIB)) for at in moments]


def test_memory_may_be_flat_and_may_not_grow() -> None:
    levels_off = sampled(30, lambda minute: 60 - 10 * 0.5 ** (minute / 0.5), minutes=15)
    assert memory_grows(levels_off) is None
    uneven = sampled(40, lambda minute: 60 + 2 * (minute % 2), minutes=20)
    assert memory_grows(uneven) is None


@pytest.mark.parametrize(("mib_a_minute", "minutes"), [(1, 15), (0.5, 20), (0.15, 60)])
def test_a_leak_is_found(mib_a_minute: float, minutes: float) -> None:
    leak = sampled(30, lambda minute: 60 + mib_a_minute * minute, minutes=minutes)
    assert "memory grew by" in str(memory_grows(leak))
    assert memory_growth(leak[:ENOUGH]) is not None
    assert memory_growth(leak[: ENOUGH - 1]) is None  # too few to say


def test_what_is_held_is_compared_by_kind() -> None:
    bound = Held(0, tasks=10, timers=10, descriptors=10, threads=10, memory=0)
    assert Held(5, 10, 10, 10, 10, 99).above(bound) == []
    assert Held(5, 11, 10, 10, 12, 99).above(bound) == [
        "11 tasks, at most 10 are right",
        "12 threads, at most 10 are right",
    ]


def test_the_bound_of_a_recovery_is_that_of_the_policy() -> None:
    settings = config("c", 1)
    assert slowest_recovery(settings) >= settings.open_timeout + settings.stop_timeout
