from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from wsengine import Close, ConnectError, EngineState, RestartFailure, StateChange
from wsengine.cli.report import JsonReport, Report

from .records import noon, session

S = EngineState
CHANGE = StateChange(S.CLOSING, S.WAITING, "connection ended", 1.5)
FAILURE = RestartFailure(ConnectError("refused"), 3, 0.25)

EVENTS: list[tuple[Callable[[Report], None], dict[str, Any]]] = [
    (
        lambda report: report.state(CHANGE),
        {
            "event": "state",
            "previous": "closing",
            "state": "waiting",
            "reason": "connection ended",
            "delay": 1.5,
        },
    ),
    (
        lambda report: report.opened(session("chat"), restarting=True),
        {
            "event": "open",
            "session": "0123456789abcdef",
            "restarting": True,
            "subprotocol": "chat",
        },
    ),
    (
        lambda report: report.received('a "b"\né\x1b\ud800'),
        {"event": "message", "type": "text", "data": 'a "b"\né\x1b\ud800'},
    ),
    (
        lambda report: report.received(b"\x00\xff"),
        {"event": "message", "type": "binary", "data": "AP8="},
    ),
    (lambda report: report.sent("hi"), {"event": "sent", "type": "text", "data": "hi"}),
    (lambda report: report.sent(b"\x00"), {"event": "sent", "type": "binary", "data": "AA=="}),
    (lambda report: report.held("hi"), {"event": "held", "type": "text", "data": "hi"}),
    (
        lambda report: report.unsent(2, "no connection"),
        {"event": "unsent", "lines": 2, "reason": "no connection"},
    ),
    (
        lambda report: report.closed(Close(1012, "soon")),
        {"event": "close", "code": 1012, "reason": "soon", "client_initiated": False},
    ),
    (
        lambda report: report.dial_failed(FAILURE),
        {"event": "dial_failed", "error": "refused", "attempt": 3, "next_delay": 0.25},
    ),
    (
        lambda report: report.trouble("reading failed", ValueError("odd")),
        {"event": "error", "what": "reading failed", "error": "odd"},
    ),
]


@pytest.mark.parametrize(("tell", "expected"), EVENTS, ids=[str(event)[:40] for _, event in EVENTS])
def test_every_event_is_one_line_of_json(
    tell: Callable[[Report], None], expected: dict[str, Any]
) -> None:
    lines: list[str] = []
    tell(JsonReport(lines.append, noon))
    (line,) = lines
    assert line.isascii()
    assert "\n" not in line
    assert json.loads(line) == {"time": "2026-03-04T12:00:00.005Z", **expected}


def test_the_time_is_utc() -> None:
    lines: list[str] = []
    JsonReport(lines.append).sent("x")
    assert json.loads(lines[0])["time"].endswith("Z")
