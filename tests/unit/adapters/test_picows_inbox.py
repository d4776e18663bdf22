"""In which order the inbox gives what waits in it and in the library."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from picows.websockets import ConcurrencyError

from wsengine.adapters.picows_inbox import READ_AHEAD, Inbox


class Library:
    """Stands for the library's queue, and for the transport."""

    def __init__(self) -> None:
        self.queue: asyncio.Queue[str] = asyncio.Queue()
        self.calls: list[str] = []
        self.end: Exception | None = None

    async def receive(self) -> str:
        if self.end is not None:
            raise self.end
        return await self.queue.get()

    def pause_reading(self) -> None:
        self.calls.append("pause")

    def resume_reading(self) -> None:
        self.calls.append("resume")


def make() -> tuple[Any, Library]:
    library: Any = Library()
    return Inbox(library.receive, library), library


def put(inbox: Any, *messages: str) -> None:
    for message in messages:
        inbox.into.append(message)
    inbox.delivered(1)


async def test_messages_of_both_come_in_order() -> None:
    inbox, library = make()
    put(inbox, "a", "b")
    for name in ("c", "d"):
        library.queue.put_nowait(name)
        inbox.in_library()
    put(inbox, "e", "f")
    library.queue.put_nowait("g")
    inbox.in_library()
    put(inbox, "h")
    assert list(inbox.ready) == ["a", "b"]
    assert [await inbox.receive() for _ in range(5)] == list("abcde")
    assert list(inbox.ready) == ["f"]
    assert [await inbox.receive() for _ in range(3)] == list("fgh")


async def test_a_cancelled_receive_loses_nothing() -> None:
    inbox, library = make()
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    put(inbox, "a")  # it is woken, and cancelled before it runs
    waiting.cancel()
    await asyncio.wait({waiting})
    assert waiting.cancelled()
    inbox.in_library()  # begun, not whole
    put(inbox, "c")
    assert await inbox.receive() == "a"
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    waiting.cancel()
    await asyncio.wait({waiting})
    library.queue.put_nowait("b")
    assert [await inbox.receive(), await inbox.receive()] == ["b", "c"]


async def test_one_receives_at_a_time() -> None:
    inbox, _ = make()
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    with pytest.raises(ConcurrencyError):
        await inbox.receive()
    put(inbox, "a")
    assert await waiting == "a"


async def test_the_library_tells_the_end_after_the_last_message() -> None:
    inbox, library = make()
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    put(inbox, "a", "b")
    library.end = EOFError("over")
    inbox.end()
    assert await waiting == "a"
    assert await inbox.receive() == "b"
    for _ in range(2):
        with pytest.raises(EOFError):
            await inbox.receive()


async def test_the_end_wakes_who_waits() -> None:
    inbox, library = make()
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    library.end = EOFError("over")
    inbox.end()
    with pytest.raises(EOFError):
        await waiting


async def test_reading_pauses_when_too_much_waits_and_goes_on_when_nothing_does() -> None:
    inbox, library = make()
    inbox.ready.extend("ab")
    inbox.delivered(READ_AHEAD)
    assert library.calls == []
    inbox.ready.append("c")
    inbox.delivered(1)
    assert library.calls == ["pause"]
    inbox.ready.clear()  # by a reader that takes them itself
    waiting = asyncio.create_task(inbox.receive())
    await asyncio.sleep(1)
    assert library.calls == ["pause", "resume"]
    put(inbox, "d")
    assert await waiting == "d"


async def test_reading_goes_on_to_the_close_frame_unless_messages_wait() -> None:
    inbox, library = make()
    inbox.ready.append("a")
    inbox.delivered(READ_AHEAD + 1)
    inbox.read_on()
    assert library.calls == ["pause"]
    inbox.ready.clear()
    inbox.read_on()
    assert library.calls == ["pause", "resume"]


async def test_what_comes_while_the_reader_waits_is_offered_first() -> None:
    inbox, _ = make()
    offered: list[list[str]] = []

    def take(messages: Any) -> None:
        offered.append(list(messages))
        messages.remove("b")

    inbox.taker, inbox.awaited = take, [1]
    put(inbox, "early")
    assert offered == []
    assert await inbox.receive() == "early"
    reader = asyncio.create_task(inbox.receive())
    await asyncio.sleep(0)
    put(inbox, "a", "b", "c")
    assert await reader == "a"
    assert (offered, await inbox.receive()) == ([["a", "b", "c"]], "c")


async def test_a_reader_whose_messages_are_all_taken_waits_on_and_reading_goes_on() -> None:
    inbox, library = make()
    inbox.taker, inbox.awaited = (lambda messages: messages.clear()), [1]
    reader = asyncio.create_task(inbox.receive())
    await asyncio.sleep(0)
    inbox.into.append("reply")
    inbox.delivered(READ_AHEAD + 1)
    await asyncio.sleep(0)
    assert not reader.done()
    assert library.calls == ["pause", "resume"]
    inbox.awaited = ()
    put(inbox, "message")
    assert await reader == "message"
