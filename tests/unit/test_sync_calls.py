from __future__ import annotations

import asyncio
import threading
from concurrent.futures import Future
from functools import partial
from typing import Any

import pytest

from wsengine.sync_calls import Call, wait

from .sync_tools import PATIENCE


async def outcome(call: Call) -> Any:
    """Begin a call, and return or raise what comes of it."""
    call.begin()
    return await asyncio.wrap_future(call.outcome)


@pytest.mark.parametrize("timeout", [None, PATIENCE, 1e300])  # that is more than a lock takes
def test_wait_returns_when_one_is_done(timeout: float | None) -> None:
    never: Future[None] = Future()
    soon: Future[None] = Future()
    timer = threading.Timer(0.01, soon.set_result, [None])
    timer.start()
    wait(never, soon, timeout=timeout)
    assert soon.done()
    wait(never, timeout=0.01)
    assert not never.done()
    timer.join(PATIENCE)


async def test_what_a_function_returns_is_awaited_where_that_is_possible() -> None:
    assert await outcome(Call(lambda: 1)) == 1
    assert await outcome(Call(lambda: asyncio.sleep(0, 2))) == 2


async def test_errors_pass() -> None:
    with pytest.raises(ValueError, match="invalid literal"):
        await outcome(Call(partial(int, "x")))


async def test_one_that_is_cancelled_ends_as_such() -> None:
    forever, dropped = Call(asyncio.Event().wait), Call(list)
    forever.cancel()  # not begun: there is nothing to cancel
    forever.begin()
    forever.cancel()
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    dropped.drop()
    assert (forever.outcome.cancelled(), dropped.outcome.cancelled()) == (True, True)
