"""What is to be sent, so that the server has what is wanted; no network, no time."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    EngineStateError,
    RequestFailed,
    RequestTimeoutError,
    SubscriptionState,
)
from wsengine.change import Change
from wsengine.message import check_sendable
from wsengine.subscription import Subscription
from wsengine.subscriptions import Subscriptions
from wsengine.telemetry.tally import Tally


def encode(value: Any) -> Any:
    check_sendable(value)
    return value


def subscriptions(*, can_acknowledge: bool = False) -> Subscriptions:
    return Subscriptions(
        "x", encode, Change(), Change(), Tally("x"), can_acknowledge=can_acknowledge
    )


def add(wanted: Subscriptions, *keys: str) -> None:
    for key in keys:
        wanted.add(key, subscribe=f"+{key}", unsubscribe=f"-{key}")


def sent(wanted: Subscriptions) -> list[str]:
    """Send all that is to be sent, and return it."""
    messages = []
    while (step := wanted.next_step()) is not None:
        messages.append(step.message)
        wanted.done(step)
    return messages


def test_what_is_added_is_sent_once_and_again_on_each_connection() -> None:
    wanted = subscriptions()
    add(wanted, "a", "b")
    wanted.begin()
    assert sent(wanted) == ["+a", "+b"]
    add(wanted, "c")
    assert sent(wanted) == ["+c"]
    assert sent(wanted) == []
    for _ in range(2):
        wanted.end()
        wanted.begin()
        assert sent(wanted) == ["+a", "+b", "+c"]


def test_what_is_removed_is_ended() -> None:
    wanted = subscriptions()
    add(wanted, "a", "b")
    wanted.begin()
    assert sent(wanted) == ["+a", "+b"]
    wanted.remove("a")
    assert "a" not in wanted
    assert [one.key for one in wanted] == ["b"]
    assert sent(wanted) == ["-a"]
    wanted.end()
    wanted.begin()
    assert sent(wanted) == ["+b"]


def test_references_are_counted() -> None:
    wanted = subscriptions()
    wanted.begin()
    add(wanted, "a", "a")
    assert len(wanted) == 1
    assert sent(wanted) == ["+a"]
    wanted.remove("a")
    assert sent(wanted) == []
    wanted.remove("a")
    assert sent(wanted) == ["-a"]
    with pytest.raises(ConfigError, match="'a': there is no such subscription"):
        wanted.remove("a")


def test_changes_collapse() -> None:
    wanted = subscriptions()
    wanted.begin()
    add(wanted, "a")
    wanted.remove("a")
    assert sent(wanted) == []
    add(wanted, "a")
    assert sent(wanted) == ["+a"]
    handle = next(iter(wanted))
    wanted.remove("a")
    assert handle.state is SubscriptionState.REMOVED
    add(wanted, "a")
    assert sent(wanted) == []
    assert next(iter(wanted)) is handle
    assert handle.state is SubscriptionState.ACTIVE


def test_changes_while_there_is_no_session_are_kept() -> None:
    wanted = subscriptions()
    add(wanted, "a", "b")
    wanted.begin()
    assert sent(wanted) == ["+a", "+b"]
    wanted.end()
    wanted.remove("a")
    add(wanted, "c")
    wanted.remove("b")
    add(wanted, "b")
    wanted.begin()
    assert sent(wanted) == ["+c", "+b"]


def test_what_comes_and_goes_leaves_nothing() -> None:
    wanted = subscriptions()
    for connected in (False, True):
        if connected:
            wanted.begin()
        for number in range(10):
            add(wanted, str(number))
            wanted.remove(str(number))
        assert not wanted.due
    add(wanted, "a")
    assert sent(wanted) == ["+a"]
    wanted.remove("a")
    wanted.end()
    add(wanted, "b")
    assert wanted.unsent


def test_one_with_other_messages_takes_its_place() -> None:
    wanted = subscriptions()
    wanted.begin()
    add(wanted, "a")
    assert sent(wanted) == ["+a"]
    with pytest.raises(ConfigError, match="is subscribed to with other messages"):
        wanted.add("a", subscribe="+A")
    wanted.remove("a")
    wanted.add("a", subscribe="+A")
    assert sent(wanted) == ["-a", "+A"]


def test_what_cannot_be_unsubscribed_is_not_subscribed_to_twice() -> None:
    wanted = subscriptions()
    wanted.begin()
    wanted.add("a", subscribe="+a")
    assert sent(wanted) == ["+a"]
    wanted.remove("a")
    assert sent(wanted) == []
    wanted.add("a", subscribe="+a")
    assert sent(wanted) == []
    wanted.remove("a")
    wanted.end()
    wanted.begin()
    assert sent(wanted) == []


def test_what_was_refused_is_tried_again_on_the_next_connection_only(
    caplog: pytest.LogCaptureFixture,
) -> None:
    wanted = subscriptions(can_acknowledge=True)
    handle = wanted.add("a", subscribe="+a", unsubscribe="-a", acknowledged=True)
    wanted.begin()
    step = wanted.next_step()
    assert step is not None
    assert handle.state is SubscriptionState.SENT
    refused = RequestFailed({}, message="no")
    wanted.failed(step, refused)
    assert (handle.state, handle.error, wanted.failures) == (SubscriptionState.FAILED, refused, 1)
    assert "subscribing 'a' failed: the server answered with an error: 'no'" in caplog.text
    assert sent(wanted) == []
    wanted.end()
    assert handle.state is SubscriptionState.FAILED
    wanted.begin()
    assert handle.state is SubscriptionState.WAITING
    assert sent(wanted) == ["+a"]
    assert handle.state is SubscriptionState.ACTIVE


def fail(wanted: Subscriptions, error: Exception) -> None:
    """Send what is next, and have it fail."""
    step = wanted.next_step()
    assert step is not None
    wanted.failed(step, error)


REFUSED, LATE = RequestFailed({}), RequestTimeoutError(1, 1)


@pytest.mark.parametrize(
    ("error", "unsubscribe", "messages"),
    [
        (REFUSED, "-a", ["+a"]),
        (REFUSED, None, ["+a"]),
        (LATE, "-a", ["-a", "+a"]),  # it may have come late: then it must not be there twice
        (LATE, None, ["+a"]),
    ],
)
def test_what_failed_is_tried_again_when_it_is_added_once_more(
    error: Exception, unsubscribe: str | None, messages: list[str]
) -> None:
    wanted = subscriptions(can_acknowledge=True)
    wanted.begin()

    def add() -> Subscription:
        return wanted.add("a", subscribe="+a", unsubscribe=unsubscribe, acknowledged=True)

    handle = add()
    fail(wanted, error)
    assert add() is handle
    assert (handle.state, handle.error, handle.wanted) == (SubscriptionState.WAITING, None, 2)
    assert sent(wanted) == messages
    assert handle.state is SubscriptionState.ACTIVE
    assert add() is handle
    assert sent(wanted) == []
    for _ in range(3):
        wanted.remove("a")
    assert sent(wanted) == [] if unsubscribe is None else [unsubscribe]


@pytest.mark.parametrize("error", [REFUSED, LATE])
def test_what_is_to_be_tried_again_may_be_removed_and_added_before(error: Exception) -> None:
    wanted = subscriptions(can_acknowledge=True)
    wanted.begin()
    ends = ["-a"] if error is LATE else []

    def add() -> Subscription:
        return wanted.add("a", subscribe="+a", unsubscribe="-a", acknowledged=True)

    add()
    fail(wanted, error)
    add()
    wanted.remove("a")
    wanted.remove("a")
    add()
    assert sent(wanted) == [*ends, "+a"]
    wanted.remove("a")
    assert sent(wanted) == ["-a"]


def test_what_failed_in_the_last_session_waits_for_the_next_one_when_it_is_added_again() -> None:
    wanted = subscriptions(can_acknowledge=True)
    wanted.begin()
    handle = wanted.add("a", subscribe="+a", acknowledged=True)
    fail(wanted, REFUSED)
    wanted.end()
    assert wanted.add("a", subscribe="+a", acknowledged=True) is handle
    assert handle.state is SubscriptionState.WAITING
    wanted.begin()
    assert sent(wanted) == ["+a"]


@pytest.mark.parametrize(
    ("error", "messages"), [(RequestFailed({}), []), (RequestTimeoutError(1, 1), ["-a"])]
)
def test_removing_what_failed(error: Exception, messages: list[str]) -> None:
    wanted = subscriptions(can_acknowledge=True)
    wanted.begin()
    wanted.add("a", subscribe="+a", unsubscribe="-a", acknowledged=True)
    step = wanted.next_step()
    assert step is not None
    wanted.failed(step, error)
    wanted.remove("a")
    assert sent(wanted) == messages
    wanted.add("a", subscribe="+a", unsubscribe="-a", acknowledged=True)
    assert sent(wanted) == ["+a"]


def test_what_is_acknowledged_is_checked_at_once_and_kept_as_it_is_now() -> None:
    wanted = Subscriptions("x", json.dumps, Change(), Change(), Tally("x"), can_acknowledge=True)
    for wrong in ({"subscribe": {1}}, {"subscribe": "+", "unsubscribe": {1}}):
        with pytest.raises(TypeError, match="not JSON serializable"):
            wanted.add("k", **wrong, acknowledged=True)
    assert len(wanted) == 0
    names = ["a"]
    message = {"to": names}
    handle = wanted.add("k", subscribe=message, unsubscribe=message, acknowledged=True)
    names.append("b")
    assert (handle.subscribe, handle.unsubscribe) == ({"to": ["a"]}, {"to": ["a"]})
    again = {"to": ["a"]}
    assert wanted.add("k", subscribe=again, unsubscribe=again, acknowledged=True) is handle
    with pytest.raises(ConfigError, match="with other messages"):
        wanted.add("k", subscribe=message, unsubscribe=message, acknowledged=True)


@pytest.mark.parametrize("kind", [lambda buffer: buffer, memoryview])
@pytest.mark.parametrize("acknowledged", [False, True])
def test_bytes_that_change_are_kept_as_they_are_now(kind: Any, acknowledged: bool) -> None:
    wanted, buffer = subscriptions(can_acknowledge=True), bytearray(b"+a")
    message = kind(buffer)
    handle = wanted.add("a", subscribe=message, unsubscribe=message, acknowledged=acknowledged)
    buffer[1:] = b"b"
    wanted.add("b", subscribe=message, acknowledged=acknowledged)
    wanted.begin()
    assert sent(wanted) == [b"+a", b"+b"]
    assert handle.unsubscribe == b"+a"
    assert wanted.add("a", subscribe=b"+a", unsubscribe=b"+a", acknowledged=acknowledged) is handle


async def test_after_a_stop_nothing_gets_ready_until_the_next_start() -> None:
    wanted = subscriptions()
    add(wanted, "before")
    wanted.stopped()
    add(wanted, "after")
    for handle in wanted:
        with pytest.raises(EngineStateError, match="the engine stopped before"):
            await asyncio.wait_for(handle.ready(), 1)
    wanted.started()
    add(wanted, "later")
    waiting = [asyncio.create_task(handle.ready()) for handle in wanted]
    await asyncio.sleep(0)
    wanted.begin()
    assert sent(wanted) == ["+before", "+after", "+later"]
    await asyncio.gather(*waiting)


def test_word_that_comes_too_late_changes_nothing() -> None:
    wanted = subscriptions(can_acknowledge=True)
    wanted.begin()
    handle = wanted.add("a", subscribe="+a", acknowledged=True)
    step = wanted.next_step()
    assert step is not None
    wanted.end()
    wanted.begin()
    wanted.done(step)
    wanted.failed(step, ValueError("of the last session"))
    assert handle.state is SubscriptionState.WAITING


def test_what_cannot_be_is_refused_at_once() -> None:
    wanted = subscriptions()
    with pytest.raises(ConfigError, match="acknowledged=True: needs a correlator"):
        wanted.add("a", subscribe="+a", acknowledged=True)
    with pytest.raises(TypeError, match="encode it first"):
        wanted.add("a", subscribe={})
    with pytest.raises(TypeError, match="encode it first"):
        wanted.add("a", subscribe="+a", unsubscribe={})
    assert len(wanted) == 0
