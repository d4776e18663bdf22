"""Parts of the page on reliability, made of what was measured: comparisons and chaos runs."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import tables

ROOT = Path(__file__).resolve().parents[1]

COMPARISON = ROOT / "comparison/results/latest.json"
LONG_RUN = ROOT / "chaos/results/long.json"

CHAPTERS = (
    "The network",
    "The server",
    "Handlers",
    "Messages and requests",
    "Stopping",
    "Many",
    "Hostile servers",
    "TLS and credentials",
)

NOT_TRIED = {"words": "-"}


def parts() -> dict[str, Callable[[], str]]:
    """Return the parts with the tables, by their names."""
    return {f"comparison: {chapter}": partial(chapter_table, chapter) for chapter in CHAPTERS}


def chapter_table(chapter: str) -> str:
    """Return the table of the situations of one chapter, with all who were in them."""
    found = _read(COMPARISON)["situations"]
    rows = [situation for situation in found if situation["chapter"] == chapter]
    clients = list(dict.fromkeys(client for row in rows for client in row["results"]))
    lines = [
        (row["what"], *(row["results"].get(client, NOT_TRIED)["words"] for client in clients))
        for row in rows
    ]
    return tables.table(("situation", *clients), lines)


def how() -> str:
    """Return what took part in the comparison."""
    told = _read(COMPARISON)
    versions = ", ".join(f"{name} {version}" for name, version in told["versions"].items())
    pings = told["pings"]
    return (
        f"{versions}; {told['machine']}; {told['date']}. "
        f"Pings every {pings['interval']:g} s, with a time-out of {pings['timeout']:g} s."
    )


def chaos_run() -> str:
    """Return the figures of the long chaos run."""
    if not LONG_RUN.exists():
        return "No long run is recorded yet."
    told = _read(LONG_RUN)
    lines = [
        ("seed", f"{told['seed']}"),
        ("seconds", f"{told['seconds']:,.0f}"),
        ("faults", f"{told['faults_in_all']:,}"),
        ("recoveries", f"{told['recoveries']:,}"),
        ("slowest recovery", f"{told['slowest_recovery']:g} s of {told['allowed_recovery']:g} s"),
        ("messages checked", f"{told['messages_checked']:,}"),
        ("requests answered", f"{told['requests_answered']:,}"),
        ("violations", f"{len(told['violations'])}"),
    ]
    return tables.table(("long run", "figure"), lines)


def _read(path: Path) -> Any:
    return json.loads(path.read_text(encoding="utf-8"))
