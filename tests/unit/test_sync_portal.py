from __future__ import annotations

import asyncio
import concurrent.futures
import contextvars
import threading
import traceback
from collections.abc import Iterator

import pytest

from wsengine import EngineStateError
from wsengine.errors import TOOK_TOO_LONG
from wsengine.sync_interruptions import Interruptions, interrupted_by
from wsengine.sync_portal import Portal, PortalClosed, wait, within

from .sync_tools import PATIENCE, Gate


class Open:
    """A portal with a main coroutine that ends when it is told to."""

    def __init__(self) -> None:
        self.end = asyncio.Event()
        self.portal = Portal(self._main, name="portal of a test")
        self.portal.start()

    async def _main(self) -> None:
        await self.end.wait()

    def close(self) -> None:
        self.portal.soon(self.end.set)
        assert self.portal.wait_done(PATIENCE)


@pytest.fixture
def opened() -> Iterator[Open]:
    opened = Open()
    yield opened
    opened.close()


@pytest.fixture
def portal(opened: Open) -> Portal:
    return opened.portal


async def double(number: int, *, plus: int = 0) -> int:
    await asyncio.sleep(0)
    return 2 * number + plus


class Forever:
    """A coroutine function that waits for ever, and notes its cancellation."""

    def __init__(self) -> None:
        self.begun = Gate()
        self.cancelled = Gate()

    async def __call__(self) -> None:
        self.begun.open()
        try:
            await asyncio.Event().wait()
        finally:
            self.cancelled.open()


def test_functions_of_both_kinds_are_called_in_the_loops_thread(portal: Portal) -> None:
    assert portal.call(double, 4, plus=1) == 9
    assert portal.call(threading.current_thread).name == "portal of a test"
    assert portal.call(asyncio.get_running_loop).is_running()


def test_the_thread_is_a_daemon(portal: Portal) -> None:
    assert portal.call(threading.current_thread).daemon


def test_an_exception_has_the_lines_of_both_threads(portal: Portal) -> None:
    async def fails_there() -> None:
        raise LookupError("over there")

    with pytest.raises(LookupError, match="over there") as caught:
        portal.call(fails_there)
    lines = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert lines[0] == "test_an_exception_has_the_lines_of_both_threads"
    assert lines[-1] == "fails_there"


def test_the_callers_context_is_there(portal: Portal) -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable")
    variable.set("mine")
    assert portal.call(variable.get) == "mine"


def test_in_the_loops_own_thread_a_call_is_refused(portal: Portal) -> None:
    def call_again() -> object:
        return portal.call(double, 1)

    with pytest.raises(EngineStateError, match="wait for itself"):
        portal.call(call_again)


def test_after_the_end_a_call_is_refused_at_once(opened: Open) -> None:
    opened.close()
    with pytest.raises(PortalClosed, match="has stopped"):
        opened.portal.call(double, 1)
    opened.portal.soon(pytest.fail, "called after the end")


def test_a_call_that_waits_at_the_end_is_cancelled_and_told(opened: Open) -> None:
    forever = Forever()

    async def end_soon() -> None:
        await asyncio.to_thread(forever.begun.wait)
        opened.end.set()

    opened.portal.soon(asyncio.ensure_future, end_soon())
    with pytest.raises(PortalClosed):
        opened.portal.call(forever)
    forever.cancelled.wait()


def test_a_call_that_the_loop_never_begins_does_not_wait_for_ever(opened: Open) -> None:
    portal = opened.portal
    loop, portal._loop = portal._loop, asyncio.new_event_loop()  # it takes calls, and never turns
    outcome: list[BaseException] = []

    def call() -> None:
        try:
            portal.call(pytest.fail, "begun")
        except PortalClosed as error:
            outcome.append(error)

    thread = threading.Thread(target=call)
    thread.start()
    while not portal._calls:
        assert thread.is_alive()
    with portal._lock:
        portal._loop.close()
        portal._loop = loop
    opened.close()
    thread.join(PATIENCE)
    assert len(outcome) == 1


def test_an_interrupted_callback_gets_what_a_coroutine_would(portal: Portal) -> None:
    forever, interruptions = Forever(), Interruptions()
    outcome: list[BaseException] = []

    def callback() -> None:
        with interrupted_by(interruptions):
            try:
                portal.call(forever)
            except asyncio.CancelledError as error:
                outcome.append(error)

    thread = threading.Thread(target=callback)
    thread.start()
    forever.begun.wait()
    interruptions.interrupt()
    thread.join(PATIENCE)
    assert [str(error) for error in outcome] == [TOOK_TOO_LONG]
    forever.cancelled.wait()


def test_what_ends_the_main_coroutine_is_kept() -> None:
    async def exits() -> None:
        raise SystemExit(3)

    portal = Portal(exits, name="exits")
    portal.start()
    assert portal.wait_done(PATIENCE)
    with pytest.raises(SystemExit):
        portal.done.result()


def test_waiting_for_the_end_is_bounded(portal: Portal) -> None:
    assert not portal.wait_done(0.01)


def test_wait_returns_when_one_is_done(opened: Open) -> None:
    never: concurrent.futures.Future[None] = concurrent.futures.Future()
    opened.portal.soon(opened.end.set)
    wait(never, opened.portal.done)
    assert opened.portal.done.done()
    wait(never, timeout=0.01)
    assert not never.done()


def test_within_tells_its_own_time_out_from_others(portal: Portal) -> None:
    async def raises() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        portal.call(within, 5, raises)
    with pytest.raises(TimeoutError, match=r"wait\(\) was not done within 0.01 s"):
        portal.call(within, 0.01, asyncio.Event().wait)
    assert portal.call(within, None, double, 3, plus=1) == 7
