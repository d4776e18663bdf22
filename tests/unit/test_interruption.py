from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine.interruption import Interruption, act_for, current_caller, current_task


class Waiter:
    """A task that waits, and goes on after an interruption."""

    def __init__(self) -> None:
        self.interruptions = 0
        self.cancelling: list[int] = []
        self.task = asyncio.create_task(self._run())

    async def begun(self) -> Waiter:
        await asyncio.sleep(0)
        return self

    async def _run(self) -> None:
        task = current_task()
        self.interruption = Interruption(task)
        while True:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                if not self.interruption.absorb():
                    raise
                self.interruptions += 1
                self.cancelling.append(task.cancelling())
            else:
                return

    def do(self, act: str) -> None:
        if act == "interrupt":
            self.interruption.interrupt()
        else:
            self.task.cancel()

    async def outcome(self) -> str:
        await asyncio.wait({self.task})
        return "cancelled" if self.task.cancelled() else "done"


async def test_it_ends_a_wait_and_leaves_no_trace() -> None:
    waiter = await Waiter().begun()
    for turn in range(1, 4):
        waiter.interruption.interrupt()
        await asyncio.sleep(1)
        assert waiter.interruptions == turn
    assert waiter.cancelling == [0, 0, 0]
    assert await waiter.outcome() == "done"
    assert waiter.task.cancelling() == 0


async def test_asking_twice_is_asking_once() -> None:
    waiter = await Waiter().begun()
    waiter.interruption.interrupt()
    waiter.interruption.interrupt()
    await asyncio.sleep(1)
    assert (waiter.interruptions, waiter.cancelling) == (1, [0])
    assert await waiter.outcome() == "done"


async def test_somebody_elses_cancellation_is_not_absorbed() -> None:
    waiter = await Waiter().begun()
    waiter.task.cancel()
    assert await waiter.outcome() == "cancelled"
    assert waiter.interruptions == 0


@pytest.mark.parametrize("first", ["interrupt", "cancel"])
async def test_both_at_once_is_not_absorbed(first: str) -> None:
    waiter = await Waiter().begun()
    for act in sorted(["interrupt", "cancel"], key=lambda act: act != first):
        waiter.do(act)
    assert await waiter.outcome() == "cancelled"
    assert waiter.interruptions == 0
    assert waiter.task.cancelling() == 1  # the other's; the interruption took its own back


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["interrupt", "cancel"]), max_size=3), max_size=4))
async def test_a_task_ends_with_the_first_cancellation_of_somebody_else(
    turns: list[list[str]],
) -> None:
    waiter = await Waiter().begun()
    expected = 0
    for turn in turns:
        for act in turn:
            waiter.do(act)
        await asyncio.sleep(1)
        if "cancel" in turn:
            break
        expected += bool(turn)
    assert waiter.interruptions == expected
    assert set(waiter.cancelling) <= {0}
    cancelled = any("cancel" in turn for turn in turns)
    assert await waiter.outcome() == ("cancelled" if cancelled else "done")


async def test_a_cancellation_that_was_there_before_is_left_alone() -> None:
    """As inside a task group that is being cancelled: the count goes back to what it was."""
    counts: list[int] = []

    async def run() -> None:
        task = current_task()
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(10)
        interruption = Interruption(task)
        asyncio.get_running_loop().call_later(1, interruption.interrupt)
        with pytest.raises(asyncio.CancelledError):
            await asyncio.sleep(10)
        counts.extend([task.cancelling(), interruption.absorb(), task.cancelling()])

    task = asyncio.create_task(run())
    asyncio.get_running_loop().call_later(1, task.cancel)
    await task
    assert counts == [2, True, 1]


async def test_within_a_time_out_each_takes_its_own() -> None:
    timed_out = False
    interruption = Interruption(current_task())
    asyncio.get_running_loop().call_later(1, interruption.interrupt)
    try:
        async with asyncio.timeout(2):
            with pytest.raises(asyncio.CancelledError):
                await asyncio.sleep(10)
            assert interruption.absorb()
            await asyncio.sleep(10)
    except TimeoutError:
        timed_out = True
    assert timed_out
    assert asyncio.get_running_loop().time() == 2
    assert current_task().cancelling() == 0


async def test_nothing_asked_nothing_absorbed() -> None:
    assert not Interruption(current_task()).absorb()


def test_it_needs_a_task() -> None:
    with pytest.raises(RuntimeError, match=r"no running event loop"):
        current_task()


async def test_a_plain_callback_of_the_loop_is_no_task() -> None:
    outcome = asyncio.get_running_loop().create_future()

    def callback() -> None:
        with pytest.raises(RuntimeError, match="must be called from a task"):
            current_task()
        outcome.set_result(None)

    asyncio.get_running_loop().call_soon(callback)
    await outcome


async def test_a_task_acts_for_another_and_what_it_starts_does_not() -> None:
    assert current_caller() is current_task()

    async def ask() -> tuple[object, object]:
        return current_caller(), current_task()

    async def act() -> None:
        act_for("a thread")
        assert current_caller() == "a thread"
        assert (await ask())[0] == "a thread"
        caller, task = await asyncio.create_task(ask())
        assert caller is task

    await asyncio.create_task(act())
