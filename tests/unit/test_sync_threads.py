from __future__ import annotations

import asyncio
import contextvars
import logging
import threading
from collections.abc import Coroutine
from typing import Any

import pytest

from wsengine import EngineStateError
from wsengine.sync_threads import CallbackThreads

from .sync_tools import PATIENCE, Gate


def run(main: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine on a real event loop: threads know nothing of virtual time."""
    return asyncio.run(asyncio.wait_for(main, PATIENCE))


def threads(*, grace: float = PATIENCE, most_left: int = 8) -> CallbackThreads:
    return CallbackThreads("engine", grace=grace, most_left=most_left)


def test_what_runs_one_after_the_other_runs_in_one_daemon_thread() -> None:
    async def main() -> None:
        pool = threads()
        used = [await pool.run("on_message", threading.current_thread) for _ in range(5)]
        pool.close()
        assert {thread.name for thread in used} == {"engine: callbacks 1"}
        assert used[0].daemon
        assert not used[0].is_alive()

    run(main())


def test_what_runs_at_once_runs_in_threads_of_its_own() -> None:
    barrier = threading.Barrier(3)

    async def main() -> None:
        pool = threads()
        await asyncio.gather(*(pool.run("on_message", barrier.wait, PATIENCE) for _ in range(3)))
        pool.close()

    run(main())
    assert not barrier.broken


def test_arguments_and_results_and_exceptions_pass() -> None:
    async def main() -> None:
        pool = threads()
        assert await pool.run("on_close", divmod, 7, 2) == (3, 1)
        with pytest.raises(ValueError, match="invalid literal"):
            await pool.run("on_message", int, "x", base=10)
        with pytest.raises(RuntimeError, match="StopIteration"):
            await pool.run("on_message", next, iter(()))
        pool.close()

    run(main())


def test_the_context_is_copied() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="")

    def callback() -> str:
        seen = variable.get()
        variable.set("changed")
        return seen

    async def main() -> None:
        pool = threads()
        variable.set("outside")
        assert await pool.run("on_message", callback) == "outside"
        assert variable.get() == "outside"
        pool.close()

    run(main())


def test_one_that_does_not_end_is_left_behind_and_named(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, go_on, went_on = Gate(), Gate(), Gate()

    def stuck() -> None:
        begun.open()
        go_on.wait()
        went_on.open()
        raise ValueError("late")

    async def main() -> None:
        pool = threads(grace=0.01)
        task = asyncio.create_task(pool.run("on_message", stuck))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        (logged,) = caplog.records
        assert logged.levelno == logging.ERROR
        assert "engine: on_message took too long and still runs in" in logged.message
        assert await pool.run("on_close", threading.current_thread) is not None  # another one
        go_on.open()
        await asyncio.to_thread(went_on.wait)
        while len(caplog.records) < 2:  # noqa: ASYNC110 - the log tells nobody
            await asyncio.sleep(0.001)
        pool.close()

    run(main())
    assert "on_message, which was left behind, has ended" in caplog.records[1].message
    assert caplog.records[1].exc_info


def test_one_that_outlives_the_loop_keeps_nobody_waiting(
    caplog: pytest.LogCaptureFixture,
) -> None:
    begun, go_on = Gate(), Gate()
    thread: list[threading.Thread] = []

    def stuck() -> None:
        thread.append(threading.current_thread())
        begun.open()
        go_on.wait()

    async def main() -> None:
        pool = threads(grace=0.01)
        task = asyncio.create_task(pool.run("on_message", stuck))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.wait([task])
        pool.close()

    run(main())
    go_on.open()
    thread[0].join(PATIENCE)
    assert not thread[0].is_alive()
    assert "has ended" in caplog.records[-1].message


def test_above_a_number_left_behind_no_session_is_opened_until_one_ends() -> None:
    begun, go_on = threading.Semaphore(0), Gate()

    def stuck() -> None:
        begun.release()
        go_on.wait()

    async def leave_behind(pool: CallbackThreads, what: str) -> None:
        task = asyncio.create_task(pool.run(what, stuck))
        await asyncio.to_thread(begun.acquire)
        task.cancel()
        await asyncio.wait([task])

    async def main() -> None:
        pool = threads(grace=0.01, most_left=2)
        await leave_behind(pool, "on_open")
        await leave_behind(pool, "on_message")
        for what in ("url", "options", "on_open"):
            with pytest.raises(EngineStateError, match=f"{what} is not called: 2 callbacks"):
                await pool.run(what, pytest.fail, "it was called")
        for what in ("on_restart_error", "on_message", "on_close"):
            assert await pool.run(what, str, what) == what
        await leave_behind(pool, "on_restart_error")
        with pytest.raises(EngineStateError, match="on_restart_error is not called: 3 callbacks"):
            await pool.run("on_restart_error", pytest.fail, "it was called")
        assert await pool.run("on_close", str, "closed") == "closed"
        go_on.open()
        while pool._left:  # noqa: ASYNC110 - nobody is told
            await asyncio.sleep(0.001)
        assert await pool.run("on_open", str, "again") == "again"
        pool.close()

    run(main())


@pytest.mark.parametrize("error", [ValueError("late"), asyncio.CancelledError("obeyed")])
def test_one_that_ends_in_time_raises_its_own_error(
    error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    begun, go_on = Gate(), Gate()

    def slow() -> None:
        begun.open()
        go_on.wait()
        raise error

    async def main() -> None:
        pool = threads()
        task = asyncio.create_task(pool.run("on_message", slow))
        await asyncio.to_thread(begun.wait)
        task.cancel()
        await asyncio.sleep(0)
        go_on.open()
        with pytest.raises(type(error)):
            await task
        pool.close()

    run(main())
    assert not caplog.records
