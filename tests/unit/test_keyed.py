"""Messages of one key in order, those of different keys at the same time."""

from __future__ import annotations

import asyncio
import random
from typing import Any

import pytest

from wsengine import Session

from .tools import Notes, make, settle


def by_first(message: str) -> str:
    return message[0]


class Slow:
    """Handlers that take a second each."""

    def __init__(self) -> None:
        self.running: list[str] = []
        self.started: list[str] = []
        self.ended: list[str] = []
        self.most = 0

    async def __call__(self, session: Session, message: str) -> None:
        assert message[0] not in [other[0] for other in self.running], "two of one key"
        self.started.append(message)
        self.running.append(message)
        self.most = max(self.most, len(self.running))
        await asyncio.sleep(1)
        self.running.remove(message)
        self.ended.append(message)

    def of(self, key: str) -> list[str]:
        return [message for message in self.started if message[0] == key]


def keyed(slow: Any, **settings: Any) -> Any:
    return make(Notes(on_message=slow), order_by=by_first, **{"workers": 4, **settings})


async def test_one_key_is_handled_in_order_one_at_a_time() -> None:
    slow = Slow()
    engine, adapter = keyed(slow)
    async with engine:
        adapter.connection.feed("a1", "a2", "a3")
        await asyncio.sleep(2.5)
        assert slow.started == ["a1", "a2", "a3"]
        assert slow.ended == ["a1", "a2"]
        await asyncio.sleep(1)
        assert slow.most == 1


async def test_different_keys_run_at_the_same_time() -> None:
    slow = Slow()
    engine, adapter = keyed(slow)
    async with engine:
        adapter.connection.feed("a1", "a2", "b1", "a3", "c1", "d1", "e1")
        await settle()
        assert slow.started == ["a1", "b1", "c1", "d1"]
        await asyncio.sleep(1.5)
        assert slow.started[4:] == ["a2", "e1"]
        await asyncio.sleep(5)
        assert slow.of("a") == ["a1", "a2", "a3"]


async def test_a_burst_of_many_keys() -> None:
    slow = Slow()
    engine, adapter = keyed(slow, workers=8)
    chance = random.Random(1)
    messages = [f"{chance.choice('abcdefghijkl')}{number}" for number in range(500)]
    async with engine:
        adapter.connection.feed(*messages)
        await asyncio.sleep(500)
        assert sorted(slow.started) == sorted(messages)
        for key in "abcdefghijkl":
            assert slow.of(key) == [message for message in messages if message[0] == key]
        assert slow.most == 8


async def test_what_does_not_suspend_is_handled_at_once() -> None:
    seen: list[str] = []
    engine, adapter = keyed(lambda session, message: seen.append(message))
    async with engine:
        adapter.connection.feed("a1", "a2", "b1")
        await settle()
        assert seen == ["a1", "a2", "b1"]


async def test_reading_stops_when_all_that_is_held_waits_and_goes_on() -> None:
    slow = Slow()
    engine, adapter = keyed(slow, backlog_messages=3)
    async with engine:
        adapter.connection.feed("a1", "a2", "a3", "a4", "a5", "b1")
        await settle()
        assert slow.started == ["a1"]
        assert adapter.connection.unread == 2  # of one key, three wait: "b1" stands behind them
        await asyncio.sleep(3.5)
        assert "b1" in slow.started
        await asyncio.sleep(5)
        assert slow.of("a") == ["a1", "a2", "a3", "a4", "a5"]


async def test_what_was_read_is_handled_after_a_close() -> None:
    slow = Slow()
    endpoint = Notes(on_message=slow)
    engine, adapter = make(endpoint, order_by=by_first, workers=4, reconnect=None)
    await engine.start()
    adapter.connection.feed("a1", "a2", "b1", "a3")
    adapter.connection.close_by_server(1000)
    await engine.wait_stopped()
    assert slow.ended == ["a1", "b1", "a2", "a3"]
    assert endpoint.notes[-1][0] == "on_close"


async def test_a_pause_gets_what_waits_and_the_rest_goes_on() -> None:
    slow = Slow()
    engine, adapter = keyed(slow)
    async with engine:
        adapter.connection.feed("a1", "a2", "b1", "a3")
        await settle()
        async with engine.session.paused() as connection:
            assert await connection.receive() == "a2"
            await asyncio.sleep(3)
            assert slow.started == ["a1", "b1"]
        await asyncio.sleep(2)
        assert slow.started == ["a1", "b1", "a3"]


async def test_an_exit_drops_and_counts_what_waits() -> None:
    slow = Slow()
    engine, adapter = keyed(slow)
    await engine.start()
    session = engine.session
    adapter.connection.feed("a1", "a2", "a3")
    await settle()
    await engine.stop()
    assert session.stats().messages_dropped == 2
    assert slow.ended == ["a1"]


async def test_a_handler_that_raises_frees_its_key() -> None:
    seen: list[str] = []

    async def fail(session: Session, message: str) -> None:
        seen.append(message)
        await asyncio.sleep(0.1)
        raise ValueError(message)

    engine, adapter = keyed(fail)
    async with engine:
        adapter.connection.feed("a1", "a2", "a3")
        await asyncio.sleep(1)
        assert seen == ["a1", "a2", "a3"]


@pytest.mark.parametrize("key", [lambda message: [message], lambda message: message["no"]])
async def test_a_key_that_cannot_be_had_is_logged_and_the_message_handled(
    key: Any, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow()
    engine, adapter = make(Notes(on_message=slow), order_by=key, workers=4)
    async with engine:
        adapter.connection.feed("a1", "b1")
        await asyncio.sleep(3)
        assert slow.ended == ["a1", "b1"]
        assert slow.most == 1
    assert "order_by raised" in caplog.text


async def test_the_key_of_a_message_that_waits_is_asked_for_once() -> None:
    slow, asked = Slow(), list[str]()

    def order_by(message: str) -> str:
        asked.append(message)
        return message[0]

    engine, adapter = make(Notes(on_message=slow), order_by=order_by, workers=4)
    async with engine:
        await settle()
        adapter.connection.feed("a1")
        await settle()
        adapter.connection.feed("a2", "a3", "b1")
        await asyncio.sleep(4)
    assert sorted(asked) == ["a1", "a2", "a3", "b1"]
