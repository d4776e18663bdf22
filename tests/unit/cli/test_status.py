from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import EngineState, SessionStats, StateChange
from wsengine.cli.status import Status, show_age, show_milliseconds, show_rate

S = EngineState
URL = "ws://host"


class Session:
    """As much of a session as the status looks at."""

    def __init__(self) -> None:
        self.received = self.sent = 0
        self.ping: float | None = None
        self.uptime = 0.0

    def stats(self) -> SessionStats:
        return SessionStats(
            messages_received=self.received,
            messages_sent=self.sent,
            bytes_received=0,
            bytes_sent=0,
            messages_dropped=0,
            read_errors=0,
            replies_unmatched=0,
            requests_in_flight=0,
            backlog_messages=0,
            backlog_bytes=0,
            busy_workers=0,
            ping_round_trip=self.ping,
            uptime=self.uptime,
        )


class Stage:
    """A status, with the time and the session in the hands of the test."""

    def __init__(self) -> None:
        self.now = 50.0
        self.session: Any = None
        self.status = Status(URL, lambda: self.session, lambda: self.now)

    def go(self, state: EngineState, delay: float | None = None) -> None:
        self.status.follow(StateChange(S.IDLE, state, "why", delay))


def test_before_and_after_there_is_not_much_to_tell() -> None:
    stage = Stage()
    assert stage.status.line() == "idle | ws://host"
    stage.go(S.CLOSING)
    assert stage.status.line() == "closing | ws://host"
    stage.go(S.OPEN)  # and the session has gone already
    assert stage.status.line() == "open | ws://host"


def test_attempts_are_counted_and_the_next_dial_comes_nearer() -> None:
    stage = Stage()
    stage.go(S.OPENING)
    stage.now += 1.26
    assert stage.status.line() == "opening | attempt 1, for 1.3 s | ws://host"
    stage.go(S.WAITING, 2.5)
    assert stage.status.line() == "waiting | attempt 2 in 2.5 s | ws://host"
    stage.now += 2
    assert stage.status.line() == "waiting | attempt 2 in 0.5 s | ws://host"
    stage.now += 2
    assert stage.status.line() == "waiting | attempt 2 in 0.0 s | ws://host"
    stage.go(S.OPENING)
    assert stage.status.line() == "opening | attempt 2, for 0.0 s | ws://host"
    stage.go(S.OPEN)
    stage.go(S.WAITING, 1.0)
    assert stage.status.line() == "waiting | attempt 1 in 1.0 s | ws://host"


def test_a_session_shows_its_age_rates_and_ping() -> None:
    stage = Stage()
    stage.session = session = Session()
    stage.go(S.OPEN)
    assert stage.status.line() == "open | 0:00 | in 0.0/s | out 0.0/s | ping - | ws://host"
    session.received, session.sent, session.ping, session.uptime = 30, 3, 0.0123, 2.0
    stage.now += 2
    assert stage.status.line() == "open | 0:02 | in 15.0/s | out 1.5/s | ping 12.3 ms | ws://host"
    stage.now += 2.5
    stage.status.line()
    stage.now += 2.5  # the first messages are long ago
    assert "in 0.0/s | out 0.0/s" in stage.status.line()


def test_one_message_in_the_first_moment_is_no_storm() -> None:
    stage = Stage()
    stage.session = session = Session()
    stage.go(S.OPEN)
    stage.status.line()
    stage.now += 0.01
    session.received = 1
    assert "in 1.0/s" in stage.status.line()


def test_another_session_counts_from_nothing() -> None:
    stage = Stage()
    stage.session = session = Session()
    stage.go(S.OPEN)
    session.received = 1000
    stage.status.line()
    stage.session = Session()
    stage.go(S.OPEN)
    stage.now += 1
    assert "in 0.0/s" in stage.status.line()


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0, "0:00"), (59.9, "0:59"), (61, "1:01"), (3723, "1:02:03")]
)
def test_ages(seconds: float, shown: str) -> None:
    assert show_age(seconds) == shown


@pytest.mark.parametrize(("rate", "shown"), [(0, "0.0/s"), (9.96, "10.0/s"), (1234.5, "1234/s")])
def test_rates(rate: float, shown: str) -> None:
    assert show_rate(rate) == shown


@pytest.mark.parametrize(
    ("seconds", "shown"), [(0.00042, "0.4 ms"), (0.0123, "12.3 ms"), (1.5, "1500 ms")]
)
def test_round_trips(seconds: float, shown: str) -> None:
    assert show_milliseconds(seconds) == shown


async def test_the_clock_is_that_of_the_loop() -> None:
    status = Status(URL, lambda: None)
    status.follow(StateChange(S.IDLE, S.OPENING, "why"))
    await asyncio.sleep(3)
    assert "for 3.0 s" in status.line()
