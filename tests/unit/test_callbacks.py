from __future__ import annotations

import asyncio
import contextvars
from types import CoroutineType, SimpleNamespace
from typing import Any

import pytest

from wsengine import Endpoint, Engine, EngineState, Session
from wsengine.callbacks import (
    OneCall,
    as_coroutine,
    enter_scope,
    inside_callback,
)
from wsengine.testing import ScriptedAdapter

ENGINE, OTHER = object(), object()


async def asked(engine: object = ENGINE) -> bool:
    return inside_callback(engine)


# Where the user calls from.


async def test_outside_of_every_callback() -> None:
    assert not inside_callback(ENGINE)


async def test_inside_of_a_callback_and_only_of_its_engine() -> None:
    async def callback() -> tuple[bool, bool]:
        await asyncio.sleep(1)
        return inside_callback(ENGINE), inside_callback(OTHER)

    assert await OneCall(ENGINE, callback)() == (True, False)
    assert not inside_callback(ENGINE)


async def test_inside_of_a_plain_function() -> None:
    assert await OneCall(ENGINE, lambda: inside_callback(ENGINE))()


@pytest.mark.parametrize(
    "through",
    [
        lambda: asyncio.wait_for(asked(), 5),
        lambda: asyncio.create_task(asked()),
        lambda: asyncio.shield(asked()),
        lambda: asyncio.create_task(asyncio.wait_for(asyncio.create_task(asked()), 5)),
    ],
)
async def test_it_holds_through_tasks_that_the_callback_awaits(through: Any) -> None:
    async def callback() -> bool:
        return bool(await through())

    assert await OneCall(ENGINE, callback)()


async def test_a_task_that_outlives_the_callback_is_not_inside() -> None:
    seen: list[bool] = []

    async def ask_twice() -> None:
        await asyncio.sleep(1)
        seen.append(inside_callback(ENGINE))
        await asyncio.sleep(10)
        seen.append(inside_callback(ENGINE))

    async def callback() -> asyncio.Task[None]:
        task = asyncio.create_task(ask_twice())
        await asyncio.sleep(5)
        return task

    await (await OneCall(ENGINE, callback)())
    assert seen == [True, False]


async def test_a_task_in_a_context_of_its_own_is_not_inside() -> None:
    async def callback() -> bool:
        return await asyncio.create_task(asked(), context=contextvars.Context())

    assert not await OneCall(ENGINE, callback)()


async def test_a_callback_that_raised_is_over() -> None:
    tasks: list[asyncio.Task[bool]] = []

    def callback() -> None:
        tasks.append(asyncio.create_task(asked()))
        raise LookupError

    call = OneCall(ENGINE, callback)
    with pytest.raises(LookupError):
        await call()
    assert (call.active, inside_callback(ENGINE), await tasks[0]) == (False, False, False)


async def test_a_callback_within_another_engines_callback() -> None:
    async def outer() -> list[bool]:
        inner = await OneCall(OTHER, lambda: [inside_callback(OTHER)])()
        return [*inner, inside_callback(ENGINE)]

    assert await OneCall(ENGINE, outer)() == [True, True]


async def test_a_callback_awaited_by_another_engines_callback_is_inside_of_both() -> None:
    async def outer() -> bool:
        return bool(await OneCall(OTHER, lambda: inside_callback(ENGINE))())

    assert await OneCall(ENGINE, outer)()


@pytest.mark.parametrize("active", [True, False])
async def test_a_scope_is_inherited_and_asked_when_it_matters(active: bool) -> None:
    scope = SimpleNamespace(engine=ENGINE, active=not active, outer=None)

    async def reader() -> bool:
        enter_scope(scope)
        task = asyncio.create_task(asked())
        scope.active = active
        return await task

    assert await asyncio.create_task(reader()) is active
    assert not inside_callback(ENGINE)


async def test_a_task_of_an_earlier_handler_counts_as_inside_while_its_worker_is_busy() -> None:
    """A scope for each message would tell better, at a cost for each message; so `stop` says it."""
    states: list[EngineState] = []
    tasks: list[asyncio.Task[None]] = []

    class Spawning(Endpoint):
        async def on_message(self, session: Session, message: str) -> None:
            if message == "spawn":
                tasks.append(asyncio.create_task(self.stop_it()))
            else:
                await asyncio.sleep(3)

        async def stop_it(self) -> None:
            await asyncio.sleep(1)
            await engine.stop()
            states.append(engine.state)

    adapter = ScriptedAdapter()
    engine = Engine("ws://scripted", Spawning(), adapter=adapter)
    async with engine:
        adapter.connection.feed("spawn", "slow")
        await engine.wait_stopped()
    await tasks[0]
    assert states == [EngineState.OPEN]  # `stop` returned at once; the stop itself came


# Calling.


async def test_arguments_go_in_and_the_result_comes_out() -> None:
    async def asynchronous(*args: object, **kwargs: object) -> tuple[object, ...]:
        return args, kwargs

    def plain(*args: object, **kwargs: object) -> tuple[object, ...]:
        return args, kwargs

    for callback in (asynchronous, plain):
        assert await OneCall(ENGINE, callback)(1, key=2) == ((1,), {"key": 2})


async def test_one_call_after_another_leaves_nothing_in_the_context() -> None:
    calls = [OneCall(ENGINE, lambda: None) for _ in range(3)]
    for call in calls:
        assert not call.active
        await call()
    assert [call.outer for call in calls] == [None] * 3


async def test_whatever_can_be_awaited_is_awaited() -> None:
    def future() -> asyncio.Future[str]:
        result = asyncio.get_running_loop().create_future()
        result.get_loop().call_later(3, result.set_result, "later")
        return result

    assert await OneCall(ENGINE, future)() == "later"
    assert asyncio.get_running_loop().time() == 3


async def test_a_cancelled_callback_is_over() -> None:
    call = OneCall(ENGINE, lambda: asyncio.sleep(60))
    task = asyncio.create_task(call())
    await asyncio.sleep(1)
    was_active = call.active
    task.cancel()
    await asyncio.wait({task})
    assert (was_active, call.active, task.cancelled()) == (True, False, True)


# What a callback returned.


async def test_a_coroutine_is_taken_as_it_is() -> None:
    coroutine = asked()
    assert as_coroutine(coroutine) is coroutine
    await coroutine


async def test_another_awaitable_becomes_a_coroutine() -> None:
    coroutine = as_coroutine(asyncio.create_task(asyncio.sleep(1, "slept")))
    assert isinstance(coroutine, CoroutineType)
    assert await coroutine == "slept"


@pytest.mark.parametrize("result", [None, 0, "text", [], (value for value in "ab")])
def test_what_cannot_be_awaited_is_no_coroutine(result: object) -> None:
    assert as_coroutine(result) is None
