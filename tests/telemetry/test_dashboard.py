"""The dashboard asks for metrics and labels that there are, and for every metric."""

from __future__ import annotations

import re

import pytest

from .dashboard import DASHBOARD, FOLDER, Query, queries, series_of_the_documentation

QUERIES = [pytest.param(query, id=query.panel) for query in queries()]
SERIES = series_of_the_documentation()


@pytest.mark.parametrize("query", QUERIES)
def test_a_query_asks_for_what_there_is(query: Query) -> None:
    assert query.metrics
    assert query.metrics <= set(SERIES)
    assert query.labels <= set.union(*(SERIES[name] for name in query.metrics))
    assert "$" not in query.text


def test_every_metric_is_shown() -> None:
    shown = set().union(*(query.metrics for query in queries()))
    families = {re.sub("_(bucket|count|sum)$", "", name) for name in shown}
    assert families == {re.sub("_(bucket|count|sum)$", "", name) for name in SERIES}


def test_the_variable_lists_the_engines() -> None:
    (variable,) = DASHBOARD["templating"]["list"]
    metric, label = re.findall(r"\w+", variable["definition"].removeprefix("label_values"))
    assert label in SERIES[metric]
    assert variable["query"]["query"] == variable["definition"]


def test_panels_have_different_ids_and_do_not_overlap() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (panel["gridPos"]["x"] + x, panel["gridPos"]["y"] + y)
        for panel in panels
        for x in range(panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["h"])
    ]
    assert len(cells) == len(set(cells))
    assert max(x for x, _ in cells) < 24


def test_compose_mounts_files_that_there_are() -> None:
    compose = (FOLDER / "compose.yaml").read_text()
    mounted = re.findall(r"- \./([\w./]+):/", compose)
    assert "grafana/dashboard.json" in mounted
    for name in mounted:
        assert (FOLDER / name).exists(), name
    folder = (FOLDER / "grafana/provisioning/dashboards/dashboards.yaml").read_text()
    assert "path: /var/lib/grafana/dashboards" in folder
    assert ":/var/lib/grafana/dashboards/wsengine.json" in compose


def test_the_readme_names_the_ports_of_compose() -> None:
    compose = (FOLDER / "compose.yaml").read_text()
    readme = (FOLDER / "README.md").read_text()
    for port in re.findall(r'"127\.0\.0\.1:(\d+):\d+"', compose):
        assert f"127.0.0.1:{port}" in readme
    for variable in ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"):
        assert f"export {variable}=" in readme
