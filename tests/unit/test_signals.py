"""What needs no signal; signals themselves are sent in tests/integration/test_signals.py."""

from __future__ import annotations

import asyncio
import signal
from typing import Any

import pytest

from wsengine.signals import stop_on_signals

SIGNALS = (signal.SIGINT, signal.SIGTERM)


def handlers() -> list[Any]:
    return [signal.getsignal(number) for number in SIGNALS]


async def watched() -> list[bool]:
    """Return for each signal whether its handler is another one inside than before."""
    before = handlers()
    with stop_on_signals(lambda: None):
        inside = handlers()
    assert handlers() == before
    return [was is not now for was, now in zip(before, inside, strict=True)]


def test_both_signals_are_taken_and_given_back() -> None:
    assert asyncio.run(watched()) == [True, True]


def test_they_are_given_back_after_an_error() -> None:
    async def fail() -> None:
        with stop_on_signals(lambda: None):
            raise LookupError

    before = handlers()
    with pytest.raises(LookupError):
        asyncio.run(fail())
    assert handlers() == before


async def test_outside_of_the_main_thread_nothing_is_done() -> None:
    assert await asyncio.to_thread(asyncio.run, watched()) == [False, False]


async def test_a_handler_that_the_program_installs_meanwhile_stays() -> None:
    def mine(*_: Any) -> None:
        """Do nothing."""

    before = signal.getsignal(signal.SIGTERM)
    try:
        with stop_on_signals(lambda: None):
            signal.signal(signal.SIGTERM, mine)
        assert signal.getsignal(signal.SIGTERM) is mine
    finally:
        signal.signal(signal.SIGTERM, before)
