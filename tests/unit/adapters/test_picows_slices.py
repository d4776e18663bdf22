"""How much the parser gets at a time, and when it gets no more."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine.adapters.picows_inbox import READ_AHEAD, Inbox
from wsengine.adapters.picows_slices import MEMORY, SLICE, Slices


class Parser(asyncio.BufferedProtocol):
    """Stands for the parser; every byte is a message of that many kilobytes."""

    def __init__(self) -> None:
        self.memory = bytearray(2 * SLICE)
        self.parsed: list[bytes] = []
        self.slices: Slices | None = None
        self.lost = False

    def get_buffer(self, sizehint: int) -> memoryview:
        return memoryview(self.memory)

    def buffer_updated(self, nbytes: int) -> None:
        assert self.slices is not None
        data = bytes(self.memory[:nbytes])
        self.parsed.append(data)
        for kilobytes in data:
            self.slices.inflated(kilobytes * 1024, fin=True)

    def connection_lost(self, error: Exception | None) -> None:
        self.lost = True


class Transport:
    def __init__(self, parser: Parser) -> None:
        self.protocol: Any = parser
        self.reading = True

    def get_protocol(self) -> Any:
        return self.protocol

    def set_protocol(self, protocol: Any) -> None:
        self.protocol = protocol

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True


class Client:
    ended = False
    wire: Any = None

    def end(self) -> None:
        """Nobody asks for it here."""


class Stage:
    def __init__(self) -> None:
        self.parser, self.client = Parser(), Client()
        below: Any = Transport(self.parser)
        self.transport = below
        self.slices = self.parser.slices = Slices(self.client, below)
        self.inbox = self.slices.inbox = Inbox(self._receive, self.slices)

    async def _receive(self) -> Any:
        return "message"

    def give(self, data: bytes) -> None:
        while data:
            buffer = self.slices.get_buffer(-1)
            size = min(len(buffer), len(data))
            buffer[:size] = data[:size]
            self.slices.buffer_updated(size)
            data = data[size:]

    @property
    def parsed(self) -> bytes:
        return b"".join(self.parser.parsed)


async def test_the_parser_gets_slices() -> None:
    stage = Stage()
    data = bytes(100_000)  # messages without content, but each is an object
    for start in range(0, len(data), 1000):
        stage.give(data[start : start + 1000])
        while stage.inbox._later:
            assert await stage.inbox.receive() == "message"
            await asyncio.sleep(0)
    assert stage.parsed == data
    assert max(map(len, stage.parser.parsed)) <= SLICE
    assert stage.transport.reading


async def test_it_stops_where_too_much_waits_and_goes_on_when_that_was_received() -> None:
    stage = Stage()
    data = bytes([1]) * 40_000
    stage.give(data)
    assert not stage.transport.reading
    for number in range(len(data)):
        inflated = (len(stage.parsed) - number) * 1024
        assert inflated <= READ_AHEAD + SLICE * 1024
        assert await stage.inbox.receive() == "message"
        await asyncio.sleep(0)
    assert stage.parsed == data
    assert not stage.inbox._later
    waiting = asyncio.ensure_future(stage.inbox.receive())
    await asyncio.sleep(0)
    assert stage.transport.reading
    waiting.cancel()


async def test_it_does_not_stop_within_a_message() -> None:
    stage = Stage()
    fragments: list[bool] = [False] * 500 + [True]

    def parse(nbytes: int) -> None:
        for _ in range(nbytes):
            stage.slices.inflated(1024, fin=fragments.pop(0))

    stage.slices._buffer_updated = parse
    stage.give(bytes(500))
    assert stage.transport.reading
    stage.give(b"1")
    assert not stage.transport.reading
    assert await stage.inbox.receive() == "message"


async def test_memory_grows_where_much_comes() -> None:
    stage = Stage()
    stage.slices._buffer_updated = lambda nbytes: None
    assert len(stage.slices.get_buffer(-1)) == SLICE
    stage.give(bytes(SLICE))
    assert len(stage.slices.get_buffer(-1)) == MEMORY


@pytest.mark.parametrize("how", ["ended", "lost"])
async def test_nothing_is_parsed_after_the_end(how: str) -> None:
    stage = Stage()
    stage.give(bytes([200]) * 10_000)
    parsed = len(stage.parsed)
    assert not stage.transport.reading
    if how == "ended":
        stage.client.ended = True
    else:
        stage.slices.connection_lost(None)
        assert stage.parser.lost
    stage.slices.resume_reading()
    await asyncio.sleep(0)
    assert len(stage.parsed) == parsed
