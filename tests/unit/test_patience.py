"""What excuses the absence of a pong, in virtual time."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast

import pytest

from wsengine.crew import Crew
from wsengine.link import Link
from wsengine.patience import LATE, Patience

from .tools import now

MESSAGES = "messages come, and it may stand behind them"


def make(timeout: float = 8.0) -> tuple[Patience, Any, Any]:
    """Return the patience for one pong, the link, and the crew; the latter two are played."""
    link, crew = SimpleNamespace(received=0), SimpleNamespace(stalls=0, stalled=False)
    return Patience(timeout, cast("Link", link), cast("Crew", crew)), link, crew


async def sleep_until(moment: float) -> None:
    await asyncio.sleep(moment - now())


async def test_it_looks_when_a_quarter_is_left_and_then_there_is_no_excuse() -> None:
    patience, link, _ = make()
    began = now()
    link.received = 5
    look = patience.renew()
    assert look == pytest.approx(began + 6)
    await sleep_until(look)
    link.received = 7  # before the last quarter: what comes behind these would be here
    due = patience.look()
    assert due == pytest.approx(began + 8)
    await sleep_until(due)
    assert patience.excuse() is None


async def test_messages_in_the_last_quarter_give_quarters_of_the_time_out_and_not_for_ever() -> (
    None
):
    patience, link, _ = make()
    await sleep_until(patience.renew())
    began = now()
    for _ in range(12):
        due = patience.look()
        link.received += 1
        await sleep_until(due)
        assert patience.excuse() == MESSAGES
        await sleep_until(patience.renew())
    assert now() - began == pytest.approx(2 + 12 * 2 - 0.5)
    due = patience.look()
    link.received += 1
    await sleep_until(due)
    assert patience.excuse() is None


async def test_that_nobody_reads_is_an_excuse_for_as_long_as_that_is_so() -> None:
    patience, _, crew = make()
    crew.stalled = True
    for _ in range(50):
        await sleep_until(patience.renew())
        await sleep_until(patience.look())
        assert patience.excuse() == "reading had stopped"
    crew.stalled = False
    assert patience.renew() == pytest.approx(now() + 6)  # all the time again
    await sleep_until(patience.look())
    assert patience.excuse() is None


async def test_that_reading_stops_and_goes_on_is_an_excuse_while_messages_come() -> None:
    patience, link, crew = make()
    for _ in range(50):
        await sleep_until(patience.renew())
        crew.stalls += 1
        link.received += 1
        await sleep_until(patience.look())
        assert patience.excuse() == "reading had stopped"


async def test_that_reading_stops_and_goes_on_is_none_for_long_where_nothing_comes() -> None:
    patience, _, crew = make()
    began, excuse = now(), "reading had stopped"
    while excuse:
        await sleep_until(patience.renew())
        crew.stalls += 1
        await sleep_until(patience.look())
        excuse = patience.excuse() or ""
    assert now() - began == pytest.approx(2 * 8)


async def test_that_the_loop_was_blocked_is_an_excuse() -> None:
    for late, excuse in ((LATE - 0.01, None), (LATE + 0.01, "the event loop was blocked")):
        patience, _, _ = make()
        await sleep_until(patience.renew())
        await sleep_until(patience.look() + late)
        assert patience.excuse() == excuse
