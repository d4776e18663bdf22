"""A subscription in the user's hands."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import EngineStateError, RequestFailed, RequestTimeoutError, SubscriptionState
from wsengine.subscription import Subscription

from .tools import settle


def subscription() -> Subscription:
    made = Subscription("btc", "+btc", "-btc", acknowledged=False)
    made.want(+1)
    return made


async def test_ready_waits_until_it_is_active() -> None:
    wanted = subscription()
    ready = asyncio.create_task(wanted.ready())
    for state in (SubscriptionState.SENT, SubscriptionState.WAITING, SubscriptionState.SENT):
        wanted.enter(state)
        await settle()
        assert not ready.done()
    wanted.enter(SubscriptionState.ACTIVE)
    await ready
    await wanted.ready()
    assert repr(wanted) == "<Subscription 'btc' active>"


async def test_ready_raises_why_it_failed() -> None:
    wanted, error = subscription(), RequestFailed({}, message="no")
    ready = [asyncio.create_task(wanted.ready()) for _ in range(2)]
    await settle()
    wanted.enter(SubscriptionState.FAILED, error)
    assert await asyncio.gather(*ready, return_exceptions=True) == [error, error]
    wanted.enter(SubscriptionState.WAITING)
    assert wanted.error is None


async def test_ready_of_what_is_removed_or_stopped() -> None:
    wanted = subscription()
    ready = asyncio.create_task(wanted.ready())
    await settle()
    wanted.want(-1)
    with pytest.raises(EngineStateError, match="was removed"):
        await ready
    wanted = subscription()
    ready = asyncio.create_task(wanted.ready())
    await settle()
    wanted.note_stopped(True)
    with pytest.raises(EngineStateError, match="the engine stopped before"):
        await ready


async def test_ready_after_a_stop_does_not_wait() -> None:
    wanted = subscription()
    wanted.note_stopped(True)
    with pytest.raises(EngineStateError, match="the engine stopped before"):
        await asyncio.wait_for(wanted.ready(), 1)
    wanted.note_stopped(False)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wanted.ready(), 1)


def test_two_are_alike_if_their_messages_are_or_what_is_sent() -> None:
    def made(message: object, *, encoded: str, acknowledged: bool = True) -> Subscription:
        pair = encoded, None
        return Subscription("k", message, None, acknowledged=acknowledged, encoded=pair)

    assert made({"a": 1}, encoded="one").is_like(made({"a": 1}, encoded="other"))
    assert made(object(), encoded="one").is_like(made(object(), encoded="one"))
    assert not made(object(), encoded="one").is_like(made(object(), encoded="other"))
    assert not made(1, encoded="1").is_like(made(1, encoded="1", acknowledged=False))


def test_what_was_not_acknowledged_may_be_there() -> None:
    wanted = subscription()
    assert wanted.may_be_there
    wanted.enter(SubscriptionState.FAILED, RequestTimeoutError(1, 1))
    assert wanted.may_be_there
    wanted.enter(SubscriptionState.FAILED, RequestFailed({}))
    assert not wanted.may_be_there
