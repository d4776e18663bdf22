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
NO_KEEPALIVE = "the engine has no keepalive and no read deadline"

GOWSE = {
    "fin": "reconnects",
    "rst": "gorilla: panics; nhooyr: 600,000 read errors in 3 s, does not reconnect",
    "half_open": NO_KEEPALIVE,
    "no_pong": NO_KEEPALIVE,
    "accept_and_drop": "about 5,000 dials a second",
    "retry_after": "gorilla: status and header are lost",
    "handler_raises": "a panic in a callback ends the process",
    "request_in_flight": "gorilla: of three pings pending, one is told, two time out",
    "stop_connected": "stops",
    "stop_ignored": "gorilla: Stop returns, worker and socket remain",
    "stop_waiting": "blocked 300 s, with time-outs disabled for ever",
    "stop_hanging": "Stop returns while the handler runs; that ends 2 s after OnClose",
    "crowd": "no jitter: 50 clients dial within 8 to 17 ms of each other",
    "leaks": "gorilla: sockets in CLOSE_WAIT until garbage collection; 328 bytes for each message",
    "oversized": "no bound in the engine; nhooyr's own (32 KiB): 610,000 read errors in 3 s",
}
"""What gowse does, by the names of situations: f682b98 with Go 1.19.8, not in this run."""


def parts() -> dict[str, Callable[[], str]]:
    """Return the parts with the tables, by their names."""
    return {f"comparison: {chapter}": partial(chapter_table, chapter) for chapter in CHAPTERS}


def chapter_table(chapter: str) -> str:
    """Return the table of the situations of one chapter."""
    found = _read(COMPARISON)["situations"]
    rows = [situation for situation in found if situation["chapter"] == chapter]
    clients = list(dict.fromkeys(client for row in rows for client in row["results"]))
    lines = [
        (
            row["what"],
            *(row["results"].get(client, NOT_TRIED)["words"] for client in clients),
            GOWSE.get(row["name"], "-"),
        )
        for row in rows
    ]
    return tables.table(("situation", *clients, "gowse"), lines)


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
