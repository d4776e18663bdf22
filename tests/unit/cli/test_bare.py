from __future__ import annotations

import pytest

from wsengine import Close, ConnectError, EngineState, RestartFailure, StateChange
from wsengine.cli.bare import Bare
from wsengine.cli.output import Part
from wsengine.message import Message

from .records import session


def bare(*, everything: bool = True, terminal: bool = False) -> tuple[Bare, list[Part]]:
    written: list[Part] = []
    return Bare(written.append, everything=everything, terminal=terminal), written


@pytest.mark.parametrize(
    ("message", "terminal", "line"),
    [
        ("text", False, "text"),
        ("a\x1b[2J\nb", False, "a\x1b[2J\nb"),  # for the next program, as it came
        ("a\x1b[2J\nb", True, "a\\x1b[2J\nb"),
        (b"\x00\xff", False, "AP8="),
        (b"\x00\xff", True, "AP8="),
    ],
)
def test_a_message_is_all_that_is_written(message: Message, terminal: bool, line: str) -> None:
    report, written = bare(terminal=terminal)
    report.received(message)
    assert written == [(line, "")]


def test_only_what_is_to_be_shown_is_written() -> None:
    report, written = bare(everything=False)
    report.received("greeting")
    report.show("reply")
    assert written == [("reply", "")]


def test_nothing_else_is_written() -> None:
    report, written = bare()
    report.state(StateChange(EngineState.IDLE, EngineState.OPENING, "dialling"))
    report.opened(session(), restarting=False)
    report.sent("x")
    report.held("x")
    report.unsent(1, "why")
    report.closed(Close(1000))
    report.dial_failed(RestartFailure(ConnectError("no"), 1, None))
    report.trouble("what", OSError("why"))
    assert written == []
