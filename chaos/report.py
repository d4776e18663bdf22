"""What a run found, as JSON and as a page."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .findings import Findings
from .outcome import Outcome
from .resources import memory_growth

LIBRARIES: Final = ("wsengine", "websockets", "aiohttp", "picows")

_CLIENT: Final = {
    "name": "client",
    "faults": "faults",
    "sessions": "dials",
    "recoveries": "recoveries",
    "slowest": "slowest, s",
    "messages": "messages checked",
    "complete": "sessions complete",
    "answered": "requests answered",
    "failed": "failed as they may",
    "excused": "started again",
}


def summary(outcome: Outcome, findings: Findings) -> dict[str, Any]:
    """Return all that there is to tell, ready for JSON."""
    settings = asdict(outcome.settings)
    clients = outcome.clients
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        "seed": settings.pop("seed"),
        "plan": outcome.plan,
        "settings": settings,
        "seconds": round(outcome.seconds, 1),
        "versions": versions(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "faults_in_all": outcome.faults.total(),
        "faults": dict(sorted(outcome.faults.items())),
        "operations": dict(sorted(outcome.operations.items())),
        "recoveries": sum(client["recoveries"] for client in clients),
        "slowest_recovery": max((client["slowest"] for client in clients), default=0.0),
        "allowed_recovery": round(outcome.bound, 1),
        "messages_checked": sum(client["messages"] for client in clients),
        "sessions_complete": sum(client["complete"] for client in clients),
        "requests_answered": sum(client["answered"] for client in clients),
        "requests_failed": sum(client["failed"] for client in clients),
        "event_loop_stalled": round(outcome.stalls, 1),
        "excused_by_stalls": outcome.excused,
        "clients": clients,
        "proxies": dict(outcome.passed),
        "memory_growth": memory_growth(outcome.held),
        "held_at_rest": [asdict(held) for held in outcome.held],
        "violations": findings.violations,
    }


def versions() -> dict[str, str]:
    """Return what ran."""
    found = {platform.python_implementation(): platform.python_version()}
    return found | {name: importlib.metadata.version(name) for name in LIBRARIES}


def page(told: dict[str, Any]) -> str:
    """Return a summary as Markdown."""
    verdict = f"{len(told['violations'])} violations" if told["violations"] else "nothing violated"
    software = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    parts = [
        f"# Chaos run, seed {told['seed']}: {verdict}",
        f"{told['date']}, {told['seconds']:g} seconds; {software}; {told['machine']}.",
        _table(
            ["what", "how many"],
            [
                ["faults", told["faults_in_all"]],
                ["recoveries", told["recoveries"]],
                [
                    "slowest recovery",
                    f"{told['slowest_recovery']:g} s, allowed are {told['allowed_recovery']:g} s",
                ],
                ["messages checked", told["messages_checked"]],
                ["sessions ended in order by the server, complete", told["sessions_complete"]],
                ["requests answered", told["requests_answered"]],
                ["requests failed as they may", told["requests_failed"]],
                ["seconds that the event loop was late, in all", told["event_loop_stalled"]],
                ["time-outs excused by that", told["excused_by_stalls"]],
                ["memory, MiB more than when warm", _growth(told["memory_growth"])],
                ["violations", len(told["violations"])],
            ],
        ),
        "## Faults and operations, by kind",
        _table(["kind", "how many"], [*told["faults"].items(), *told["operations"].items()]),
        "## Clients",
        _table(_CLIENT.values(), [[one[key] for key in _CLIENT] for one in told["clients"]]),
        "## Held at rest",
        _table(
            ["seconds", "tasks", "timers", "descriptors", "threads", "MiB"],
            [_held(held) for held in _thinned(told["held_at_rest"])],
        ),
        *(["## Violations", *told["violations"]] if told["violations"] else []),
    ]
    return "\n\n".join(parts) + "\n"


def save(told: dict[str, Any], folder: Path, name: str) -> None:
    """Write both forms."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.json").write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
    (folder / f"{name}.md").write_text(page(told), encoding="utf-8")


def _table(head: Iterable[str], rows: Iterable[Iterable[Any]]) -> str:
    titles = list(head)
    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _held(held: dict[str, Any]) -> list[Any]:
    counts = [held[kind] for kind in ("tasks", "timers", "descriptors", "threads")]
    return [round(held["seconds"]), *counts, f"{held['memory'] / 2**20:.1f}"]


def _growth(size: float | None) -> str:
    return "too short a run to say" if size is None else f"{size / 2**20:.1f}"


def _thinned(samples: list[Any]) -> list[Any]:
    """Return at most about twenty of them, the last one included."""
    step = len(samples) // 20 + 1
    return samples[::-step][::-1]
