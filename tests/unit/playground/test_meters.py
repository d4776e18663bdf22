from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from wsengine.playground.meters import EVERY, OVER, Meters


def session(name: str, received: int, sent: int, round_trip: float | None = None) -> Any:
    stats = SimpleNamespace(
        messages_received=received,
        messages_sent=sent,
        ping_round_trip=round_trip,
        backlog_messages=3,
    )
    return SimpleNamespace(id=name, stats=lambda: stats)


class Clock:
    now = 0.0


def test_rates_are_taken_over_several_samples() -> None:
    clock = Clock()
    meters = Meters(lambda: clock.now)
    for number in range(OVER * 2):
        meters.sample(session("a", received=5 * number, sent=number, round_trip=0.01))
        clock.now += EVERY
    latest = meters.samples.newest
    assert latest is not None
    assert latest["received"] == 5 / EVERY
    assert latest["sent"] == 1 / EVERY
    assert (latest["roundTrip"], latest["waiting"]) == (0.01, 3)


def test_a_fresh_session_counts_from_nothing() -> None:
    clock = Clock()
    meters = Meters(lambda: clock.now)
    meters.sample(session("a", 100, 100))
    clock.now += EVERY
    meters.sample(session("b", 2, 1))
    latest = meters.samples.newest
    assert latest is not None
    assert (latest["received"], latest["sent"]) == (2 / EVERY, 1 / EVERY)


def test_without_a_session_nothing_comes() -> None:
    clock = Clock()
    meters = Meters(lambda: clock.now)
    meters.sample(None)
    clock.now += EVERY
    meters.sample(None)
    latest = meters.samples.newest
    assert latest is not None
    assert latest == {"at": EVERY, "received": 0, "sent": 0, "roundTrip": None, "waiting": 0}
