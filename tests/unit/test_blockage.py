"""Who blocks the event loop. The watch is a thread, so these tests take real time: hundredths."""

from __future__ import annotations

import asyncio
import ctypes
import importlib
import importlib.util
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import wsengine
from wsengine import blockage
from wsengine.blockage import LOCKED, Watch, culprit, unwatch, watch

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


def keep_lock(seconds: float) -> None:
    """Let no other thread run, as a great regular expression does: it is one call of C."""
    if sys.platform == "win32":
        ctypes.PyDLL("kernel32").Sleep(int(seconds * 1e3))
    else:
        ctypes.PyDLL(None).usleep(int(seconds * 1e6))


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


async def test_who_keeps_the_interpreters_lock_is_told_afterwards(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    watch(listener, 0.2)
    try:
        as_engine(Feed().keep_lock)
        await told(listener)
    finally:
        unwatch(listener)
    ((seconds, name),) = listener.told
    assert 0.3 < seconds < PATIENCE
    assert name == "Feed.keep_lock"
    during, afterwards = warnings(caplog)
    assert "in keep_lock" in during
    assert "the event loop was blocked by Feed.keep_lock" in afterwards


async def test_a_lock_kept_outside_of_callbacks_is_told_all_the_same(listener: Listener) -> None:
    watch(listener, 0.2)
    try:
        keep_lock(0.4)
        await told(listener)
    finally:
        unwatch(listener)
    ((_, name),) = listener.told
    assert name == LOCKED


async def test_what_the_thread_could_not_see_is_told_all_the_same(
    listener: Listener, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Watch, "_look", lambda *_, **__: None)
    watch(listener, 0.2)
    try:
        began = time.monotonic()
        block_until(lambda: time.monotonic() > began + 0.4)
        await told(listener)
    finally:
        unwatch(listener)
    ((_, name),) = listener.told
    assert name == LOCKED
    assert LOCKED in warnings(caplog)[0]


async def test_who_leaves_is_told_before(
    listener: Listener, caplog: pytest.LogCaptureFixture
) -> None:
    other = Listener()
    watch(listener, 0.05)
    watch(other, 60)
    block_until(lambda: warnings(caplog))
    unwatch(listener)
    unwatch(other)
    await asyncio.sleep(0)
    assert (len(listener.told), other.told) == (1, [])
    assert len(warnings(caplog)) == 2


def caller_in(package: str) -> Callable[..., object]:
    """Return a function that calls another, as if it stood in a package beside the engine's."""
    file = Path(wsengine.__file__).parent.parent / package / "calling.py"
    code = f"def {package}_calls(function, *args): return function(*args)"
    namespace: dict[str, Callable[..., object]] = {}
    exec(compile(code, file, "exec"), namespace)
    return namespace[f"{package}_calls"]


as_engine = caller_in("wsengine")
"""Calls a function as the engine does."""


class Feed:
    def on_message(self) -> str:
        secret = "-".join(["token", "123"])
        assert secret
        return self.compute()

    def compute(self) -> str:
        found = culprit(sys._getframe())
        return f"{found.name}\n{found.stack}"

    def keep_lock(self) -> None:
        keep_lock(0.4)


def test_the_callback_is_named_and_values_are_not() -> None:
    name, _, stack = str(as_engine(Feed().on_message)).partition("\n")
    assert name == "Feed.on_message"
    assert "in compute" in stack
    assert "token-123" not in stack


@pytest.mark.parametrize("library", ["asyncio", "uvloop"])
def test_who_runs_the_loop_is_not_the_one_who_blocks_it(library: str) -> None:
    if importlib.util.find_spec(library) is None:
        pytest.skip("there is none for Windows")

    async def main() -> str:
        return str(as_engine(Feed().on_message))

    with asyncio.Runner(loop_factory=importlib.import_module(library).new_event_loop) as runner:
        found = str(as_engine(runner.run, main()))  # as `wsengine.run` does
    assert found.startswith("Feed.on_message\n")


def test_a_package_whose_name_begins_alike_is_not_the_engine() -> None:
    found = as_engine(caller_in("wsengine_feed"), Feed().on_message)
    assert str(found).startswith("wsengine_feed_calls\n")


def test_outside_of_callbacks_there_is_nobody_to_name() -> None:
    found = culprit(sys._getframe())
    assert found.name == "code outside of callbacks"
    assert "test_outside_of_callbacks" in found.stack
    assert culprit(None).stack == ""
