from __future__ import annotations

import asyncio
import contextlib
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.bounds import StopSchedule, first_of, reap, shielded

Work = Callable[[], Awaitable[object]]


def now() -> float:
    return asyncio.get_running_loop().time()


async def forever() -> None:
    await asyncio.get_running_loop().create_future()


async def stubborn() -> None:
    """Ignore one cancellation, as broken code does."""
    with contextlib.suppress(asyncio.CancelledError):
        await asyncio.sleep(3600)
    await asyncio.sleep(50)


async def tidying_up(seconds: float) -> None:
    try:
        await forever()
    finally:
        await asyncio.sleep(seconds)


def start(*coroutines: Any) -> list[asyncio.Task[Any]]:
    return [asyncio.create_task(coroutine) for coroutine in coroutines]


async def end(tasks: list[asyncio.Task[Any]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


# The schedule of a close.


@settings(deadline=None)
@given(st.floats(0, 1e6), st.floats(1e-3, 1e4))
def test_all_steps_of_a_close_fit_into_the_time_out(begin: float, timeout: float) -> None:
    schedule = StopSchedule(begin, timeout)
    steps = [
        *(schedule.handlers, schedule.on_close, schedule.close_frames, schedule.on_close_error),
        begin + 0.95 * timeout,  # the rest is for `stop` itself, should all else fail
    ]
    for before, after in itertools.pairwise(steps):
        assert before + schedule.grace < after + 1e-9 * (begin + timeout)


def test_handlers_have_half_of_the_time_out() -> None:
    assert StopSchedule(begin=10, timeout=4).handlers == 12


# The first of several.


async def test_the_first_that_is_done_ends_the_wait_and_nothing_is_cancelled() -> None:
    slow, fast = start(asyncio.sleep(5), asyncio.sleep(2))
    await first_of(slow, fast)
    assert (now(), fast.done(), slow.done(), slow.cancelling()) == (2, True, False, 0)
    await slow


async def test_the_wait_is_bounded() -> None:
    (slow,) = start(asyncio.sleep(5))
    await first_of(slow, timeout=2)
    assert (now(), slow.done()) == (2, False)
    await slow


async def test_an_exception_is_not_raised_by_the_wait() -> None:
    future = asyncio.get_running_loop().create_future()
    future.set_exception(LookupError())
    await first_of(future)
    assert isinstance(future.exception(), LookupError)


async def test_cancelling_the_wait_cancels_none_of_them() -> None:
    (slow,) = start(asyncio.sleep(5))
    waiting = asyncio.create_task(first_of(slow))
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait({waiting})
    assert (waiting.cancelled(), slow.cancelling()) == (True, 0)
    await slow


# Reaping.


async def test_to_cancel_a_shielded_wait_does_not_cancel_what_is_waited_for() -> None:
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()
    given_up, waiting = shielded(future), shielded(future)
    given_up.cancel()
    await asyncio.sleep(0)
    assert not future.done()
    future.set_exception(ValueError("for its owner"))
    await waiting
    assert given_up.cancelled()
    assert isinstance(future.exception(), ValueError)


async def test_tasks_that_end_in_time_are_left_alone() -> None:
    tasks = start(asyncio.sleep(1), asyncio.sleep(3))
    assert await reap(tasks, until=10, grace=1, what="x")
    assert now() == 3
    assert not any(task.cancelled() for task in tasks)


async def test_what_is_cancelled_at_once_takes_no_other_step() -> None:
    steps = []

    async def step() -> None:
        await asyncio.sleep(0)
        steps.append("too late")

    for until, expected in ((None, []), (0.0, ["too late"])):
        task = asyncio.create_task(step())
        await asyncio.sleep(0)
        await reap([task], until=until, grace=1, what="x")
        assert steps == expected


async def test_nothing_to_reap_takes_no_time() -> None:
    done = start(asyncio.sleep(0))
    await asyncio.wait(done)
    assert await reap([], until=10, grace=1, what="x")
    assert await reap(done, until=10, grace=1, what="x")
    assert now() == 0


async def test_an_exception_is_for_the_owner_of_the_task() -> None:
    async def fail() -> None:
        raise LookupError

    (task,) = start(fail())
    assert await reap([task], until=10, grace=1, what="x")
    assert isinstance(task.exception(), LookupError)


async def test_what_runs_too_long_is_cancelled() -> None:
    tasks = start(forever(), asyncio.sleep(1), tidying_up(0.5))
    assert not await reap(tasks, until=10, grace=1, what="x")
    assert now() == 10.5
    assert [task.cancelled() for task in tasks] == [True, False, True]


async def test_a_moment_in_the_past_cancels_at_once() -> None:
    await asyncio.sleep(100)
    (task,) = start(forever())
    assert not await reap([task], until=0.0, grace=1, what="x")
    assert (now(), task.cancelled()) == (100, True)


async def test_what_is_done_by_then_is_not_cancelled() -> None:
    await asyncio.sleep(100)
    (task,) = start(asyncio.sleep(0))
    assert await reap([task], until=0.0, grace=1, what="x")
    assert not task.cancelled()


async def test_what_ignores_its_cancellation_is_left_behind_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tasks = start(stubborn())
    assert not await reap(tasks, until=10, grace=2, what="a handler")
    assert now() == 12
    assert not tasks[0].done()
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.getMessage().startswith("a handler ignores its cancellation and is left behind")
    await tasks[0]


async def test_the_exception_of_what_was_left_behind_is_logged_later(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail_late() -> None:
        await stubborn()
        raise LookupError("too late")

    tasks = start(fail_late())
    await reap(tasks, until=10, grace=2, what="a handler")
    caplog.clear()
    await asyncio.wait(tasks)
    await asyncio.sleep(0)
    assert [record.getMessage() for record in caplog.records] == [
        "what was left behind has ended: LookupError('too late')"
    ]


@pytest.mark.parametrize("moment", [5, 11])
async def test_cancelling_the_reaping_cancels_the_tasks(moment: float) -> None:
    tasks = start(forever(), tidying_up(3))
    reaping = asyncio.create_task(reap(tasks, until=10, grace=5, what="x"))
    await asyncio.sleep(moment)
    reaping.cancel()
    await asyncio.wait({reaping})
    assert (reaping.cancelled(), now()) == (True, moment)
    await asyncio.wait(tasks)
    assert all(task.cancelled() for task in tasks)


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.sampled_from([0.0, 1.0, 7.0, 12.0, -1.0]), max_size=4),
    st.sampled_from([0.0, 5.0, 10.0]),
    st.sampled_from([0.0, 2.0]),
)
async def test_reaping_is_bounded_whatever_the_tasks_do(
    work: list[float], patience: float, grace: float
) -> None:
    begin = now()
    tasks = start(*(stubborn() if seconds < 0 else asyncio.sleep(seconds) for seconds in work))
    in_time = await reap(tasks, until=begin + patience, grace=grace, what="x")
    assert now() - begin <= patience + grace + 1e-6
    assert in_time == all(0 <= seconds <= patience for seconds in work)
    assert all(task.done() for task, seconds in zip(tasks, work, strict=True) if seconds >= 0)
    if tasks:
        await end(tasks)
