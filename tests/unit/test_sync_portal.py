from __future__ import annotations

import asyncio
import contextvars
import threading
import traceback
from collections.abc import Iterator

import pytest

from wsengine import EngineStateError
from wsengine.errors import TOOK_TOO_LONG
from wsengine.sync_interruptions import Interruptions, interrupted_by
from wsengine.sync_portal import Portal, PortalClosed, _closing, _see_them_end, within

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


def test_after_the_end_a_call_says_why_it_ended() -> None:
    async def fails() -> None:
        raise LookupError("no such account")

    portal = Portal(fails, name="fails")
    portal.start()
    assert portal.wait_done(PATIENCE)
    with pytest.raises(PortalClosed, match="has stopped: no such account; call start") as caught:
        portal.call(double, 1)
    assert isinstance(caught.value.__cause__, LookupError)


def test_nobody_waits_for_a_loop_that_does_not_close(monkeypatch: pytest.MonkeyPatch) -> None:
    go_on = Gate()

    class Slow(asyncio.SelectorEventLoop):
        def close(self) -> None:
            go_on.wait()
            super().close()

    async def nothing() -> None:
        return

    monkeypatch.setattr("wsengine.sync_portal.new_event_loop", Slow)
    monkeypatch.setattr("wsengine.sync_portal.CLOSING", 0.01)
    portal = Portal(nothing, name="slow")
    portal.start()
    assert portal.wait_done(PATIENCE)
    assert portal.wait_done()
    assert portal._thread.is_alive()
    with pytest.raises(PortalClosed):
        portal.call(double, 1)
    assert portal._thread in _closing  # the end of the program waits a little longer
    go_on.open()
    _see_them_end()
    assert not portal._thread.is_alive()
    assert portal._thread not in _closing


def test_without_a_thread_it_has_ended_and_leaves_no_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    portal = Portal(asyncio.Event().wait, name="none")  # type: ignore[arg-type]
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(RuntimeError, match="new thread"):
            portal.start()
    assert portal.wait_done()
    assert portal._loop.is_closed()
    portal.soon(pytest.fail, "called")


def test_in_another_process_nothing_waits_and_no_lock_is_touched(
    portal: Portal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("os.getpid", lambda: -1)
    monkeypatch.setattr(portal, "_lock", None)
    with pytest.raises(EngineStateError, match="make another SyncEngine here"):
        portal.call(double, 1)
    portal.soon(pytest.fail, "called")
    assert not portal.wait_done()
    monkeypatch.undo()


def test_waiting_for_the_end_is_bounded(portal: Portal) -> None:
    assert not portal.wait_done(0.01)


def test_within_tells_its_own_time_out_from_others(portal: Portal) -> None:
    async def raises() -> None:
        raise TimeoutError("its own")

    with pytest.raises(TimeoutError, match="its own"):
        portal.call(within, 5, raises)
    with pytest.raises(TimeoutError, match=r"wait\(\) was not done within 0.01 s"):
        portal.call(within, 0.01, asyncio.Event().wait)
    assert portal.call(within, None, double, 3, plus=1) == 7
