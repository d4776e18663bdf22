"""When the queue has reading stop, and go on."""

from __future__ import annotations

import pytest
from websockets.frames import Frame, Opcode

from wsengine.adapters.websockets_queue import READ_AHEAD, Queue


def make(most: int | None = 16) -> tuple[Queue, list[str]]:
    calls: list[str] = []
    pause, resume = lambda: calls.append("pause"), lambda: calls.append("resume")
    return Queue(most, None, pause=pause, resume=resume), calls


def message(size: int) -> Frame:
    return Frame(Opcode.BINARY, bytes(size))


async def test_it_is_bounded_in_bytes() -> None:
    queue, calls = make()
    half = READ_AHEAD // 2
    for size in (half, half):
        queue.put(message(size))
    assert calls == []
    queue.put(message(1))
    queue.put(message(1))
    assert calls == ["pause"]
    assert [len(await queue.get()) for _ in range(3)] == [half, half, 1]
    assert calls == ["pause"]
    await queue.get()
    assert calls == ["pause", "resume"]
    queue.put(message(half))
    assert calls == ["pause", "resume"]


async def test_one_message_may_be_too_much() -> None:
    queue, calls = make()
    for _ in range(3):
        queue.put(message(READ_AHEAD + 1))
        await queue.get()
    assert calls == ["pause", "resume"] * 3


async def test_it_is_bounded_in_messages_as_before() -> None:
    queue, calls = make()
    for _ in range(17):
        queue.put(message(1))
    assert calls == ["pause"]
    for _ in range(13):
        await queue.get()
    assert calls == ["pause", "resume"]


async def test_who_wants_no_bound_has_none() -> None:
    queue, calls = make(None)
    for _ in range(3):
        queue.put(message(READ_AHEAD))
    await queue.get()
    assert calls == []


async def test_nothing_comes_after_the_end() -> None:
    queue, _ = make()
    queue.close()
    with pytest.raises(EOFError):
        queue.put(message(1))
