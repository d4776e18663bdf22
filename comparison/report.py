"""What a comparison found, as JSON; `docs/comparing.py` makes tables of it."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
from collections.abc import Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from .order import PING_INTERVAL, PING_TIMEOUT
from .trial import SITUATIONS, Result

LIBRARIES: Final = ("wsengine", "websockets", "websocket-client", "rel")


def summary(found: Mapping[str, Mapping[str, Result]]) -> dict[str, Any]:
    """Return all that there is to tell, ready for JSON."""
    return {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
        "versions": versions(),
        "pings": {"interval": PING_INTERVAL, "timeout": PING_TIMEOUT},
        "situations": [
            {
                "name": name,
                "chapter": SITUATIONS[name].chapter,
                "what": SITUATIONS[name].what,
                "results": {client: rounded(result) for client, result in results.items()},
            }
            for name, results in found.items()
        ],
    }


def rounded(result: Result) -> dict[str, Any]:
    """Return a result with figures that can be read."""
    told = asdict(result)
    for name, value in result.figures.items():
        if isinstance(value, float):
            told["figures"][name] = round(value, 3)
    return told


def versions() -> dict[str, str]:
    """Return the versions of what takes part."""
    found = {"Python": platform.python_version()}
    for library in LIBRARIES:
        try:
            found[library] = importlib.metadata.version(library)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def save(told: Mapping[str, Any], path: Path) -> None:
    """Write it; what an earlier run found of other situations stays."""
    if path.exists():
        before = json.loads(path.read_text(encoding="utf-8"))
        old = {found["name"]: found for found in before["situations"]}
        new = {found["name"]: found for found in told["situations"]}
        merged = {**old, **new}
        order = [name for name in SITUATIONS if name in merged]
        told = {**told, "situations": [merged[name] for name in order]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(told, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
