from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wsengine.cli.report import JsonReport, Report
from wsengine.cli.reports import Reports

from .records import noon
from .test_report import EVENTS


@pytest.mark.parametrize(("tell", "expected"), EVENTS, ids=[str(event)[:40] for _, event in EVENTS])
def test_every_event_is_handed_on_to_all(
    tell: Callable[[Report], None], expected: dict[str, Any]
) -> None:
    first: list[str] = []
    second: list[str] = []
    reports = Reports(JsonReport(first.append, noon))
    reports.add(JsonReport(second.append, noon))
    tell(reports)
    (line,) = first
    assert json.loads(line)["event"] == expected["event"]
    assert second == first


def test_who_is_added_hears_it_before_the_others() -> None:
    heard: list[str] = []
    reports = Reports(JsonReport(lambda line: heard.append("screen")))
    reports.add(JsonReport(lambda line: heard.append("recording")))
    reports.sent("x")
    assert heard == ["recording", "screen"]


def test_who_is_added_later_hears_what_comes_then() -> None:
    heard: list[str] = []
    reports = Reports()
    reports.sent("before")
    reports.add(JsonReport(heard.append, noon))
    reports.sent("after")
    assert [json.loads(line)["data"] for line in heard] == ["after"]
