"""The chaos run in its short form, and with an engine that was broken on purpose.

It takes a minute where `CI` is set; `WSENGINE_CHAOS_SECONDS` makes it longer, and
`WSENGINE_CHAOS_SEED` repeats one.
"""

from __future__ import annotations

import json
import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from chaos.plan import FAULTS
from chaos.resources import ENOUGH

ROOT = Path(__file__).parents[2]
SECONDS = float(os.environ.get("WSENGINE_CHAOS_SECONDS", "60" if os.environ.get("CI") else "12"))
SEED = os.environ.get("WSENGINE_CHAOS_SEED") or str(random.randrange(1 << 32))
LONG = SECONDS >= 60
"""Whether it is long enough to judge the memory."""
RESTS = ("--calm-every", "4", "--rests", str(ENOUGH)) if LONG else ("--calm-every", "6")
PATIENCE = 150.0
"""Seconds that a busy machine may take longer."""


def run(*command: str, seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", *command],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=seconds + PATIENCE,
        check=False,
    )


@pytest.mark.timeout(SECONDS + PATIENCE + 10)
def test_nothing_is_violated(tmp_path: Path) -> None:
    report = tmp_path / "report"
    done = run(
        *("chaos", "--seed", SEED, "--seconds", str(SECONDS), "--every", "0.2"),
        *("--kill-every", "4", "--save", str(report), *RESTS),
        seconds=SECONDS,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))
    assert told["seed"] == int(SEED)
    assert told["violations"] == []
    assert told["faults_in_all"] >= SECONDS
    assert set(told["faults"]) <= {*FAULTS, "server_kill"}
    assert {client["name"] for client in told["clients"]} == {
        *("websockets-1", "websockets-8", "aiohttp-1", "aiohttp-8", "picows-1", "picows-8")
    }
    assert told["recoveries"] >= 3
    assert told["messages_checked"] >= 500
    assert told["requests_answered"] >= 100
    assert told["memory_growth"] is not None or not LONG
    assert f"seed {SEED}: nothing violated" in report.with_suffix(".md").read_text("utf-8")


@pytest.mark.timeout(20 + PATIENCE + 10)
@pytest.mark.parametrize(
    ("sabotage", "seen"),
    [
        ("lose", "messages were read, but"),
        ("repeat", r"came a second time|but \d+ accounted for"),
        ("leave_tasks", "tasks, at most"),
        ("leave_descriptors", "descriptors, at most"),
        ("linger", "after the loss or start, of which faults have cost"),
    ],
)
def test_a_broken_engine_is_found_out(sabotage: str, seen: str) -> None:
    done = run("tests.chaos.saboteur", sabotage, seconds=20)
    assert done.returncode == 1, done.stderr
    assert re.search(seen, done.stderr)
    assert "VIOLATION: " in done.stderr
    assert "seed 1:" in done.stderr
