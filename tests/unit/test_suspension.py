from __future__ import annotations

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable, Coroutine, Generator
from typing import Any

import looptime
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.suspension import noticing

Run = Callable[[Coroutine[Any, Any, Any]], Awaitable[Any]]


async def by_await(coroutine: Coroutine[Any, Any, Any]) -> None:
    await coroutine


async def noticed(coroutine: Coroutine[Any, Any, Any]) -> None:
    await noticing(coroutine, lambda: None)


BOTH_WAYS = pytest.mark.parametrize("run", [by_await, noticed])


# Every program does the same, noticed or not.


class OddError(Exception):
    pass


async def _returning() -> str:
    return "ignored"


async def _failing(seconds: float) -> None:
    await asyncio.sleep(seconds)
    raise OddError


async def act(what: str, seconds: float) -> None:
    """Do one of the things that a handler may do."""
    future = asyncio.get_running_loop().create_future()
    match what:
        case "nothing":
            pass
        case "yield":
            await asyncio.sleep(0)
        case "sleep":
            await asyncio.sleep(seconds)
        case "wait":
            await asyncio.wait({asyncio.ensure_future(asyncio.sleep(seconds))})
        case "failing":
            with contextlib.suppress(OddError):
                await asyncio.gather(_failing(seconds))
        case "timeout":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await future
        case "wait_for":
            with contextlib.suppress(TimeoutError, OddError):
                await asyncio.wait_for(_failing(1), seconds)
        case "group":
            async with asyncio.TaskGroup() as group:
                group.create_task(asyncio.sleep(seconds))
        case "swallow":
            with contextlib.suppress(asyncio.CancelledError):
                await future
        case "raise":
            raise OddError
        case "raise cancelled":
            raise asyncio.CancelledError


ACTS = st.sampled_from(
    [
        *("nothing", "yield", "sleep", "wait", "failing", "timeout", "wait_for", "group"),
        *("swallow", "raise", "raise cancelled"),
    ]
)
SECONDS = st.sampled_from([0, 0.5, 1, 3])
PROGRAMS = st.lists(st.tuples(ACTS, SECONDS), max_size=6)
CANCELLATIONS = st.lists(st.sampled_from([0, 0.25, 0.5, 1, 2, 5]), max_size=3)


def story(run: Run, program: list[tuple[str, float]], cancellations: list[float]) -> list[object]:
    """Run a program in virtual time, and return all that can be seen of it."""
    seen: list[object] = []

    async def handler() -> str:
        loop = asyncio.get_running_loop()
        try:
            for what, seconds in program:
                seen.append((what, loop.time(), repr(sys.exc_info()[1])))
                await act(what, seconds)
            return "its result"
        finally:
            seen.append(("left", loop.time(), repr(sys.exc_info()[1])))

    async def main() -> None:
        async def in_a_task() -> None:
            await run(handler())

        task = asyncio.create_task(in_a_task())
        for moment in cancellations:
            task.get_loop().call_later(moment, task.cancel)
        await asyncio.wait({task}, timeout=60)
        seen.append(("done", task.done(), task.cancelling(), task.get_loop().time()))
        while not task.done():  # each "swallow" takes one
            task.cancel()
            await asyncio.wait({task}, timeout=60)
        error = None if task.cancelled() else task.exception()
        assert error is None or isinstance(error, OddError)
        seen.append((task.cancelled(), repr(error)))

    with asyncio.Runner(loop_factory=looptime.new_event_loop) as runner:
        runner.run(main())
    return seen


@settings(deadline=None, max_examples=200)
@given(PROGRAMS, CANCELLATIONS)
def test_noticing_is_the_same_as_awaiting(
    program: list[tuple[str, float]], cancellations: list[float]
) -> None:
    assert story(noticed, program, cancellations) == story(by_await, program, cancellations)


# One by one.


async def test_what_does_not_suspend_is_not_noticed() -> None:
    suspensions: list[None] = []
    outcome: object = await noticing(_returning(), lambda: suspensions.append(None))  # type: ignore[func-returns-value]
    assert outcome is None
    assert suspensions == []


async def test_each_suspension_is_noticed_before_anybody_else_runs() -> None:
    seen: list[str] = []
    asyncio.get_running_loop().call_soon(seen.append, "the loop's turn")

    async def handler() -> None:
        for _ in range(3):
            seen.append("runs")
            await asyncio.sleep(0)

    await noticing(handler(), lambda: seen.append("suspended"))
    assert seen == [
        *("runs", "suspended", "the loop's turn"),
        *("runs", "suspended", "runs", "suspended"),
    ]


@BOTH_WAYS
async def test_cancellation_arrives_inside(run: Run) -> None:
    seen: list[str] = []

    async def handler() -> None:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError as error:
            seen.append(f"cancelled: {error}")
            raise

    async def in_a_task() -> None:
        await run(handler())

    task = asyncio.create_task(in_a_task())
    await asyncio.sleep(1)
    task.cancel("enough")
    await asyncio.wait({task})
    assert task.cancelled()
    assert seen == ["cancelled: enough"]


@BOTH_WAYS
def test_closing_it_closes_the_coroutine(run: Run) -> None:
    seen: list[str] = []

    async def handler() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            seen.append("closed")

    async def outer() -> None:
        await run(handler())

    carrier = outer()
    carrier.send(None)
    carrier.close()
    assert seen == ["closed"]


@BOTH_WAYS
def test_a_coroutine_that_will_not_close_is_told_so(run: Run) -> None:
    async def handler() -> None:
        try:
            await asyncio.sleep(0)
        finally:
            await asyncio.sleep(0)

    async def outer() -> None:
        await run(handler())

    carrier = outer()
    carrier.send(None)
    with pytest.raises(RuntimeError, match="coroutine ignored GeneratorExit"):
        carrier.close()


async def test_an_error_after_a_time_out_has_no_false_context() -> None:
    handled: list[BaseException | None] = []

    async def handler() -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(1):
                await asyncio.sleep(60)
        handled.append(sys.exc_info()[1])
        raise OddError

    for run in (by_await, noticed):
        with pytest.raises(OddError) as caught:
            await run(handler())
        handled.append(caught.value.__context__)
    assert handled == [None] * 4


class Odd:
    """An awaitable that yields what no event loop knows."""

    def __await__(self) -> Generator[object, object, object]:
        return (yield self)


def test_what_is_yielded_and_sent_passes_through_untouched() -> None:
    seen: list[object] = []

    async def handler() -> None:
        seen.extend([await Odd(), await Odd()])

    carrier = noticing(handler(), lambda: seen.append("suspended"))
    assert isinstance(next(carrier), Odd)
    assert isinstance(carrier.send("one"), Odd)
    with pytest.raises(StopIteration):
        carrier.send("two")
    assert seen == ["suspended", "suspended", "one", "two"]
