"""One request that waits for its reply."""

from __future__ import annotations

import asyncio
import contextlib
from math import inf

import pytest

from wsengine import RequestTimeoutError
from wsengine.interruption import current_task
from wsengine.pending import Pending


def pending(timeout: float | None = 5.0) -> Pending:
    return Pending(7, {"id": 7}, timeout, asyncio.get_running_loop())


async def test_its_reply() -> None:
    request = pending()
    assert (request.deadline, request.is_answered) == (request.began + 5, False)
    request.succeed("yes")
    assert request.is_answered
    assert await request.reply == "yes"


async def test_an_error_is_no_reply_and_comes_once() -> None:
    request = pending(None)
    assert request.deadline == inf
    request.fail(ValueError("first"))
    request.fail(ValueError("second"))
    assert not request.is_answered
    with pytest.raises(ValueError, match="first"):
        await request.reply


async def test_its_time_is_up() -> None:
    request = pending()
    await asyncio.sleep(5.5)
    assert request.age == pytest.approx(5.5)
    request.expire()
    with pytest.raises(RequestTimeoutError) as raised:
        await request.reply
    assert (raised.value.request_id, raised.value.age) == (7, 5.5)


async def test_a_cancelled_one_is_not_answered() -> None:
    request = pending()
    request.reply.cancel()
    assert not request.is_answered


@pytest.mark.parametrize("replied", [True, False])
async def test_the_wait_for_the_transport_ends_with_it(replied: bool) -> None:
    request = pending()

    async def send() -> None:
        request.sender = current_task()
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            assert request.absorb_interruption()
            assert current_task().cancelling() == 0

    sending = asyncio.create_task(send())
    await asyncio.sleep(1)
    if replied:
        request.succeed("yes")
    else:
        request.expire()
        request.reply.exception()
    await sending
    assert request.age == pytest.approx(1)


async def test_a_reply_that_comes_out_of_the_sending_itself_interrupts_nothing() -> None:
    request = pending()
    request.sender = current_task()
    request.succeed("yes")
    await asyncio.sleep(0)
    assert current_task().cancelling() == 0
    assert not request.absorb_interruption()
    assert await request.reply == "yes"


async def test_a_cancellation_by_somebody_else_is_told_from_its_end() -> None:
    request = pending()
    kept: list[bool] = []

    async def send() -> None:
        request.sender = current_task()
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            kept.append(request.absorb_interruption())
            raise

    sending = asyncio.create_task(send())
    await asyncio.sleep(1)
    sending.cancel()
    request.succeed("yes")  # in the same moment
    with pytest.raises(asyncio.CancelledError):
        await sending
    assert kept == [False]


async def test_earlier_cancellations_of_the_sender_are_taken_for_granted() -> None:
    request = pending()
    kept: list[bool] = []

    async def send() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(100)
        request.sender, request.cancelled_before = current_task(), current_task().cancelling()
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            kept.append(request.absorb_interruption())

    sending = asyncio.create_task(send())
    await asyncio.sleep(1)
    sending.cancel()
    await asyncio.sleep(1)
    request.succeed("yes")
    await sending
    assert kept == [True]
