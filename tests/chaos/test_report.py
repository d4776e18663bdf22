"""What a chaos run tells, and what it judges by."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from chaos.findings import Findings
from chaos.outcome import Outcome
from chaos.report import page, save, summary
from chaos.resources import Held, memory_grows
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


def test_memory_may_be_flat_and_may_not_grow() -> None:
    flat = [50 * MIB, 58 * MIB, *[60 * MIB, 62 * MIB] * 10]
    assert memory_grows(flat) is None
    growing = [50 * MIB + step * 3 * MIB for step in range(30)]
    assert "memory grew from" in str(memory_grows(growing))
    assert memory_grows(growing[:5]) is None  # too few to say


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
