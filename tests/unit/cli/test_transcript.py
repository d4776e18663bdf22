from __future__ import annotations

from collections.abc import Callable

import pytest

from wsengine import Close, ConnectError, EngineState, RestartFailure, StateChange
from wsengine.cli.output import Part
from wsengine.cli.transcript import Transcript

from .records import noon, session

S = EngineState
URL = "ws://host/path"
REFUSED = ConnectError(f"{URL}: connection refused; is it running?")
DIAL = StateChange(S.IDLE, S.OPENING, "dialling")
DIAL_AGAIN = StateChange(S.WAITING, S.OPENING, "dialling")
WAIT = StateChange(S.CLOSING, S.WAITING, "connection ended", 1.234)


class Written:
    def __init__(self, *, interactive: bool = False, shows_sent: bool = False) -> None:
        self.lines: list[str] = []
        self.transcript = Transcript(
            self.write, URL, interactive=interactive, shows_sent=shows_sent, now=noon
        )

    def write(self, *parts: Part) -> None:
        self.lines.append("".join(text for text, _ in parts))


@pytest.mark.parametrize(
    ("tell", "line"),
    [
        (lambda t: t.state(DIAL), "* connecting to ws://host/path"),
        (lambda t: t.state(DIAL_AGAIN), "* connecting again"),
        (lambda t: t.state(WAIT), "* connecting again in 1.23 s"),
        (lambda t: t.state(StateChange(S.WAITING, S.STOPPED, "exit")), "* stopped"),
        (lambda t: t.opened(session(), restarting=False), "* connected (session 01234567)"),
        (
            lambda t: t.opened(session("chat"), restarting=True),
            "* connected again (session 01234567, subprotocol chat)",
        ),
        (lambda t: t.received("hello"), "< hello"),
        (lambda t: t.received("two\nlines\x1b"), f"< two\n{15 * ' '}lines\\x1b"),
        (lambda t: t.received(b"\x01\x02"), "< binary, 2 bytes: 01 02"),
        (lambda t: t.held("hi"), "* not connected; kept, to be sent later: hi"),
        (
            lambda t: t.held(b"hi"),
            "* not connected; kept, to be sent later: binary, 2 bytes: 68 69",
        ),
        (lambda t: t.unsent(1, "why"), "* 1 line was not sent: why"),
        (lambda t: t.unsent(7, "why"), "* 7 lines were not sent: why"),
        (
            lambda t: t.closed(Close(1012, "so\non")),
            "* closed by the server: 1012 SERVICE_RESTART (so on)",
        ),
        (lambda t: t.closed(Close(1006)), "* connection lost: 1006 ABNORMAL_CLOSURE"),
        (lambda t: t.closed(Close(1001, client_initiated=True)), "* closing: 1001 GOING_AWAY"),
        (lambda t: t.trouble("closing failed", OSError("no")), "* closing failed: no"),
    ],
)
def test_events_are_told_in_a_line(tell: Callable[[Transcript], None], line: str) -> None:
    written = Written()
    tell(written.transcript)
    assert written.lines == [f"12:00:00.005 {line}"]


@pytest.mark.parametrize(
    "change",
    [
        StateChange(S.OPENING, S.OPEN, "session is open"),
        StateChange(S.OPEN, S.CLOSING, "1001"),
        StateChange(S.OPENING, S.WAITING, "opening failed", 1.0),
    ],
)
def test_what_a_callback_tells_is_not_told_twice(change: StateChange) -> None:
    written = Written()
    written.transcript.state(change)
    assert written.lines == []


def test_attempts_are_counted_from_the_last_connection_on() -> None:
    written = Written()
    told = written.transcript
    for failed in (RestartFailure(REFUSED, 1, 0.5), RestartFailure(REFUSED, 2, 1.0)):
        told.state(DIAL_AGAIN)
        told.dial_failed(failed)
    told.state(DIAL_AGAIN)
    told.opened(session(), restarting=False)
    told.state(DIAL_AGAIN)
    told.dial_failed(RestartFailure(REFUSED, 2, None))  # a short session counts for the engine
    failures = [line.partition("* ")[2] for line in written.lines if "failed" in line]
    assert failures == [
        "attempt 1 failed: connection refused; is it running?; the next one in 0.50 s",
        "attempt 2 failed: connection refused; is it running?; the next one in 1.00 s",
        "attempt 1 failed: connection refused; is it running?",
    ]


def test_who_types_is_told_how_to_end_it_once() -> None:
    written = Written(interactive=True)
    written.transcript.opened(session(), restarting=False)
    written.transcript.opened(session(), restarting=True)
    assert ["Ctrl-D ends" in line for line in written.lines] == [True, False]


def test_a_typed_line_is_not_repeated() -> None:
    written = Written()
    written.transcript.sent("typed")
    assert written.lines == []


def test_what_nobody_typed_is_shown() -> None:
    written = Written(shows_sent=True)
    written.transcript.sent("one\ntwo")
    written.transcript.sent(b"\x01")
    assert written.lines == [
        f"12:00:00.005 > one\n{15 * ' '}two",
        "12:00:00.005 > binary, 1 byte: 01",
    ]
