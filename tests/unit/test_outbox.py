"""Messages that wait for a connection."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from wsengine import Close, ConnectionClosed, EngineConfig, EngineStateError
from wsengine.change import Change
from wsengine.message import SendableMessage
from wsengine.outbox import Outbox
from wsengine.telemetry.tally import Tally

from .tools import settle


def outbox(**settings: Any) -> Outbox:
    return Outbox("feed", EngineConfig(**settings), Change(), Tally("feed"))


def put(box: Outbox, *messages: SendableMessage) -> None:
    for message in messages:
        box.put(message, box.ticket())


async def emptied(box: Outbox) -> list[Any]:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    while box:
        await box.send_next(send)
    return sent


async def test_first_in_first_out() -> None:
    box = outbox()
    put(box, "a", b"b", "c")
    assert len(box) == 3
    assert await emptied(box) == ["a", b"b", "c"]
    assert box.dropped == 0


async def test_what_may_change_is_copied() -> None:
    box, array = outbox(), bytearray(b"then")
    put(box, array)
    array[:] = b"now!"
    assert await emptied(box) == [b"then"]


@pytest.mark.parametrize(
    ("policy", "left"), [("drop_oldest", ["4", "5", "6"]), ("drop_newest", ["0", "1", "2"])]
)
async def test_at_the_bound(policy: str, left: list[str], caplog: pytest.LogCaptureFixture) -> None:
    box = outbox(outbox_messages=3, outbox_policy=policy)
    put(box, *map(str, range(7)))
    assert box.dropped == 4
    assert len(caplog.records) == 1  # not one for each
    assert "the outbox is full (outbox_messages=3)" in caplog.text
    assert await emptied(box) == left
    assert "4 messages dropped from the outbox" in caplog.text
    put(box, *map(str, range(4)))
    assert caplog.text.count("is full") == 2  # another burst


async def test_it_may_refuse() -> None:
    box = outbox(outbox_messages=1, outbox_policy="raise")
    put(box, "a")
    with pytest.raises(EngineStateError, match=r"the outbox is full \(outbox_messages=1\)"):
        put(box, "b")
    assert (await emptied(box), box.dropped) == (["a"], 0)


async def test_a_message_stays_until_it_is_sent() -> None:
    box = outbox(outbox_messages=2)
    put(box, "a", "b")

    async def closed(message: Any) -> None:
        assert len(box) == 2
        raise ConnectionClosed(Close(1006))

    with pytest.raises(ConnectionClosed):
        await box.send_next(closed)
    blocked = asyncio.create_task(box.send_next(lambda message: asyncio.sleep(9)))
    await settle()
    put(box, "c")
    assert len(box) == 3  # "a" is on its way, and is not dropped for it
    blocked.cancel()
    await settle()
    assert box.dropped == 1  # it came back as the oldest
    assert await emptied(box) == ["b", "c"]


async def test_one_that_can_never_be_sent_does_not_block_the_others(
    caplog: pytest.LogCaptureFixture,
) -> None:
    box = outbox()
    put(box, "\ud800", "b")

    async def send(message: Any) -> None:
        raise ValueError("no UTF-8")

    await box.send_next(send)
    assert "cannot be sent" in caplog.text
    assert (await emptied(box), box.dropped) == (["b"], 1)


async def test_what_was_sent_in_vain_keeps_its_place() -> None:
    box = outbox()
    first, second = box.ticket(), box.ticket()
    put(box, "c")
    box.put("b", second)
    box.put("a", first)
    assert await emptied(box) == ["a", "b", "c"]


async def test_it_is_cleared_and_says_so(caplog: pytest.LogCaptureFixture) -> None:
    box = outbox()
    with caplog.at_level(logging.WARNING):
        box.clear()
        assert caplog.text == ""
        put(box, "a", "b")
        box.clear()
    assert "stopped with 2 messages in the outbox" in caplog.text
    assert (len(box), box.dropped) == (0, 2)


@pytest.mark.parametrize(
    ("policy", "most", "left"),
    [
        ("drop_oldest", 2, ["1", "2"]),
        ("drop_newest", 2, ["0", "1"]),
        ("drop_oldest", 1, ["2"]),
        ("drop_newest", 1, ["0"]),
    ],
)
async def test_what_is_being_sent_counts_too(policy: str, most: int, left: list[str]) -> None:
    box = outbox(outbox_messages=most, outbox_policy=policy)
    put(box, "0")

    async def break_in_the_middle(_: Any) -> None:
        put(box, "1", "2")
        raise ConnectionClosed(Close(1006))

    with pytest.raises(ConnectionClosed):
        await box.send_next(break_in_the_middle)
    assert await emptied(box) == left
    assert box.dropped == 3 - most


async def test_what_is_being_sent_is_not_dropped_for_what_comes() -> None:
    box = outbox(outbox_messages=2)
    put(box, "0")
    sent: list[Any] = []

    async def send(message: Any) -> None:
        if not sent:
            put(box, "1", "2", "3")
        sent.append(message)

    while box:
        await box.send_next(send)
    assert sent == ["0", "2", "3"]
    assert box.dropped == 1


async def test_a_full_one_refuses_while_it_sends() -> None:
    box = outbox(outbox_messages=1, outbox_policy="raise")
    put(box, "0")

    async def send(_: Any) -> None:
        with pytest.raises(EngineStateError, match="the outbox is full"):
            put(box, "1")

    await box.send_next(send)
    put(box, "1")
    assert await emptied(box) == ["1"]
