"""Who reads the frames of an aiohttp connection, without a socket and in virtual time."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from aiohttp import EofStream, WebSocketError, WSMessage, WSMsgType

from wsengine.adapters.aiohttp_reader import Reader
from wsengine.adapters.aiohttp_wire import Wire
from wsengine.testing.wire import Deflate, Frame, Opcode

from ..tools import settle
from .aiohttp_peer import AiohttpPeer


def start(peer: AiohttpPeer, max_size: int | None = None) -> Reader:
    wire = Wire(peer.native, lambda _: None)
    wire.start()
    return Reader(wire, max_size)


async def receive(reader: Reader) -> Any:
    """Return the next message, as `receive` does."""
    while True:
        frame = await reader.read()
        if frame[0] is WSMsgType.TEXT:
            return frame[1]


async def test_without_a_bound_of_its_own_nothing_stands_between() -> None:
    wire = Wire(AiohttpPeer().native, lambda _: None)
    assert Reader(wire, None).read == wire.read


@pytest.mark.parametrize(
    ("message", "fits"), [("x" * 10, True), ("x" * 11, False), ("\N{EURO SIGN}" * 4, False)]
)
async def test_a_bound_holds_to_the_byte(message: str, fits: bool) -> None:
    peer = AiohttpPeer(deflate=True)
    reader = start(peer, 10)
    peer.send(Frame(Opcode.TEXT, Deflate().compress(message.encode()), rsv1=True))
    if fits:
        assert await receive(reader) == message
        return
    with pytest.raises(WebSocketError, match="message of over 10 bytes") as caught:
        await receive(reader)
    assert caught.value.code == 1009


async def test_close_reads_what_nobody_receives() -> None:
    seen: list[WSMessage] = []
    peer = AiohttpPeer()
    reader = start(peer)
    peer.text("one")
    closing = asyncio.create_task(reader.read_for_close(seen.append))
    await settle()
    peer.text("two")
    await settle()
    reader.end()
    peer.text("the last that wakes it")
    await closing
    assert [frame.data for frame in seen if frame.type is WSMsgType.TEXT][:2] == ["one", "two"]


async def test_who_receives_comes_before_close() -> None:
    seen: list[WSMessage] = []
    peer = AiohttpPeer()
    reader = start(peer)
    early = asyncio.create_task(receive(reader))
    await settle()
    closing = asyncio.create_task(reader.read_for_close(seen.append))
    await settle()
    peer.text("early")
    assert await early == "early"
    await settle()
    late = asyncio.create_task(receive(reader))
    await settle()
    peer.text("late")
    assert await late == "late"
    assert [frame for frame in seen if frame.type is WSMsgType.TEXT] == []
    closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()


async def test_what_goes_wrong_comes_out_of_both() -> None:
    peer = AiohttpPeer()
    reader = start(peer)
    peer.send(Frame(3))
    with pytest.raises(WebSocketError, match="opcode=3"):
        await reader.read()
    with pytest.raises(WebSocketError, match="opcode=3"):
        await reader.read_for_close(lambda _: None)


async def test_after_the_end_nothing_is_read() -> None:
    peer = AiohttpPeer()
    reader = start(peer)
    waiting = asyncio.create_task(reader.wait_ended())
    await settle()
    assert not waiting.done()
    peer.text("unread")
    reader.end()
    await waiting
    with pytest.raises(EofStream):
        await reader.read()
    await reader.read_for_close(lambda frame: pytest.fail(str(frame)))
