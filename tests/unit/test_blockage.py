"""Who blocks the event loop. The watch is a thread, so these tests take real time: hundredths."""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from collections.abc import Callable, Iterator

import pytest

from wsengine import blockage
from wsengine.blockage import culprit, unwatch, watch
from wsengine.callbacks import as_coroutine

PATIENCE = 5.0
"""Seconds after which a test gives up."""


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blockage, "BEAT", 0.01)


class Listener:
    def __init__(self) -> None:
        self.told: list[tuple[float, str]] = []

    def loop_blocked(self, seconds: float, where: str) -> None:
        self.told.append((seconds, where))


@pytest.fixture
def listener() -> Iterator[Listener]:
    yield Listener()
    assert not any("wsengine watch" in thread.name for thread in threading.enumerate())


def block_until(condition: Callable[[], object]) -> None:
    """Keep the loop's thread busy, as a handler does that computes."""
    until = time.monotonic() + PATIENCE
    while not condition() and time.monotonic() < until:
        time.sleep(0.005)


async def told(listener: Listener) -> None:
    until = time.monotonic() + PATIENCE
    while not listener.told and time.monotonic() < until:  # noqa: ASYNC110 - time is virtual
        await asyncio.sleep(0)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [one.getMessage() for one in caplog.records if one.name == "wsengine.blockage"]


async def test_what_blocks_is_told_while_it_blocks_and_afterwards(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    watch(listener, 0.05)
    try:
        block_until(lambda: warnings(caplog))
        (during,) = warnings(caplog)
        assert "the event loop is blocked by" in during
        assert "in block_until" in during
        assert listener.told == []
        await told(listener)
        ((seconds, _),) = listener.told
        assert 0.05 < seconds < PATIENCE
        assert "the event loop was blocked by" in warnings(caplog)[1]
    finally:
        unwatch(listener)


async def test_what_is_short_is_nobodys_business(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    watch(listener, 60)
    try:
        began = time.monotonic()
        block_until(lambda: time.monotonic() > began + 0.1)
        await asyncio.sleep(0)
    finally:
        unwatch(listener)
    assert (listener.told, warnings(caplog)) == ([], [])


async def test_a_loop_is_watched_by_one_thread_until_nobody_wants_to_know(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    other = Listener()
    watch(listener, 60)
    watch(other, 0.03)
    assert sum(thread.name == "wsengine watch" for thread in threading.enumerate()) == 1
    unwatch(listener)
    try:
        block_until(lambda: warnings(caplog))
        await told(other)
        assert (len(other.told), listener.told) == (1, [])
    finally:
        unwatch(other)
        unwatch(other)  # a second time does nothing


async def test_none_is_never(listener: Listener) -> None:
    watch(listener, None)
    assert not any(thread.name == "wsengine watch" for thread in threading.enumerate())


def test_a_loop_that_is_closed_ends_its_thread(listener: Listener) -> None:
    async def leave() -> None:
        watch(listener, 60)

    asyncio.run(leave())
    block_until(lambda: not any("wsengine" in one.name for one in threading.enumerate()))


class Feed:
    def on_message(self) -> str:
        secret = "-".join(["token", "123"])
        assert secret
        return self.compute()

    def compute(self) -> str:
        found = culprit(sys._getframe())
        return f"{found.name}\n{found.stack}"


async def test_the_callback_is_named_and_values_are_not() -> None:
    # `as_coroutine` stands for the engine, as it is one of its functions.
    name, _, stack = (await _call(Feed().on_message)).partition("\n")
    assert name == "Feed.on_message"
    assert "in compute" in stack
    assert "token-123" not in stack


async def _call(callback: Callable[[], str]) -> str:
    namespace: dict[str, Callable[..., str]] = {}
    engine = as_coroutine.__code__.co_filename
    exec(compile("def call(callback): return callback()", engine, "exec"), namespace)
    return namespace["call"](callback)


def test_outside_of_callbacks_there_is_nobody_to_name() -> None:
    found = culprit(sys._getframe())
    assert found.name == "code outside of callbacks"
    assert "test_outside_of_callbacks" in found.stack
    assert culprit(None).stack == ""
