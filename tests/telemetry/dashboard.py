"""The dashboard of the example, as the tests read it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.docs.reading import ROOT, table

FOLDER: Path = ROOT / "examples/observability"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "grafana/dashboard.json").read_text())

VARIABLES = {"$engine": ".*", "$__rate_interval": "1m", "$__range": "15m"}
"""What Grafana puts in place of its variables."""


@dataclass(frozen=True)
class Query:
    """A query of a panel.

    Args:
        panel: The panel's title.
        text: The query, with Grafana's variables filled in.
    """

    panel: str
    text: str

    @property
    def metrics(self) -> set[str]:
        """The names of the metrics that it asks for, as Prometheus has them."""
        return set(re.findall(r"\bwebsocket_client_\w+", self.text))

    @property
    def labels(self) -> set[str]:
        """The names of the labels that it filters or groups by."""
        filters = re.findall(r"(\w+)=~", self.text)
        groups = ", ".join(re.findall(r"by \(([^)]*)\)", self.text))
        return {*filters, *re.findall(r"\w+", groups)}


def queries() -> Iterator[Query]:
    """Yield all queries of the dashboard."""
    for panel in DASHBOARD["panels"]:
        for target in panel["targets"]:
            text = target["expr"]
            for name, value in VARIABLES.items():
                text = text.replace(name, value)
            yield Query(panel["title"], text)


def series_of_the_documentation() -> dict[str, set[str]]:
    """Return the series that Prometheus has of all documented metrics, with their labels."""
    found = {}
    for _, kind, _, attributes, _, name in table(ROOT / "docs/telemetry.md", "metric"):
        labels = {word.replace(".", "_") for word in re.findall(r"[a-z][\w.]+", attributes)}
        parts = ("_bucket", "_count", "_sum") if kind == "histogram" else ("",)
        for part in parts:
            own = {"le"} if part == "_bucket" else set()
            found[f"{name}{part}"] = {*labels, *own, "wsengine_engine_name"}
    return found
