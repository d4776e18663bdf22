"""How long handlers take: a sample."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import Any

import pytest

from wsengine.telemetry import sampling
from wsengine.telemetry.sampling import INTERVAL, HandlerSampling

from .told import Told


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(sampling, "perf_counter", clock)
    return clock


def make(told: Told, handler: Any) -> HandlerSampling:
    meter = told.meters.get_meter("t")
    return HandlerSampling(handler, meter.create_histogram("websocket.client.handler.duration"), {})


def test_one_of_a_turn_is_timed(told: Told, clock: Clock) -> None:
    def handle(session: Any, message: Any) -> str:
        clock.now += 0.5
        return "result"

    assert [handler(None, "x") for handler in make(told, handle).turn(3)] == ["result"] * 3
    assert told.value("handler.duration") == (1, 0.5)


def test_turns_that_follow_at_once_are_not(told: Told, clock: Clock) -> None:
    made = make(told, lambda session, message: None)
    for _ in range(10):
        for handler in made.turn(5):
            handler(None, "x")
    assert told.value("handler.duration")[0] == 1
    clock.now += INTERVAL
    for handler in made.turn(5):
        handler(None, "x")
    assert told.value("handler.duration")[0] == 2


def test_a_slow_stream_is_sampled_within_its_turn(told: Told, clock: Clock) -> None:
    made = make(told, lambda session, message: None)
    for handler in islice(made.turn(500), 20):
        handler(None, "x")
        clock.now += INTERVAL
        made.rearm()
    assert told.value("handler.duration")[0] == 20


async def test_a_handler_that_suspends_is_timed_to_its_end(told: Told, clock: Clock) -> None:
    async def handle(session: Any, message: Any) -> None:
        await asyncio.sleep(1)
        clock.now += 2

    await next(iter(make(told, handle).turn(1)))(None, "x")
    assert told.value("handler.duration") == (1, 2)


@pytest.mark.parametrize("late", [False, True])
async def test_one_that_raises_is_timed_too(told: Told, clock: Clock, late: bool) -> None:
    async def raise_late(session: Any, message: Any) -> None:
        raise ValueError("odd")

    def raise_now(session: Any, message: Any) -> None:
        raise ValueError("odd")

    timed = next(iter(make(told, raise_late if late else raise_now).turn(1)))
    with pytest.raises(ValueError, match="odd"):
        await timed(None, "x")
    assert told.value("handler.duration")[0] == 1
