"""The table of the metrics."""

from __future__ import annotations

import re

import pytest

from wsengine.telemetry.names import METRICS, Metric


def test_no_name_is_given_twice() -> None:
    names = [metric.name for metric in METRICS]
    assert len(names) == len(set(names)) == 20


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_keeps_the_naming_rules(metric: Metric) -> None:
    assert re.fullmatch(r"websocket\.client(\.[a-z]+)+", metric.name)
    assert metric.unit in {"s", "By"} or re.fullmatch(r"\{[a-z]+\}", metric.unit)
    assert metric.meaning.endswith(".")
    assert not metric.name.endswith(("total", "count"))
    for attribute in metric.attributes:
        assert re.fullmatch(r"[a-z]+(\.[a-z_]+)+", attribute)
