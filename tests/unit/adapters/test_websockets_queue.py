"""When the queue has reading stop, and go on."""

from __future__ import annotations

import asyncio

import pytest
from websockets.exceptions import ConcurrencyError
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


async def test_text_is_str_and_binary_is_bytes_unless_it_is_said_otherwise() -> None:
    queue, _ = make()
    for decode, text, binary in ((None, "ä", b"b"), (False, b"\xc3\xa4", b"b"), (True, "ä", "b")):
        queue.put(Frame(Opcode.TEXT, bytearray("ä".encode())))
        queue.put(Frame(Opcode.BINARY, bytearray(b"b")))
        assert [await queue.get(decode), await queue.get(decode)] == [text, binary]
    queue.put(Frame(Opcode.TEXT, b"\xff"))
    with pytest.raises(UnicodeDecodeError):
        await queue.get()


async def test_one_message_has_one_reader() -> None:
    queue, _ = make()
    reading = asyncio.ensure_future(queue.get())
    await asyncio.sleep(0)
    queue.put(message(1))
    queue.put(message(2))
    with pytest.raises(ConcurrencyError):
        await queue.get()  # not past who waits
    assert [len(await reading), len(await queue.get())] == [1, 2]


async def test_what_came_before_the_end_can_be_taken() -> None:
    queue, _ = make()
    queue.put(message(1))
    queue.close()
    assert len(await queue.get()) == 1
    with pytest.raises(EOFError):
        await queue.get()


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
