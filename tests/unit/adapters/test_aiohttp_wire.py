"""The frames of an aiohttp connection, without a socket and in virtual time."""

from __future__ import annotations

import asyncio
import dataclasses
from collections import deque
from typing import Any

import pytest
from aiohttp import EofStream, WebSocketError, WSMsgType

from wsengine.adapters.aiohttp_wire import NOTHING, Wire, handshake_of
from wsengine.message import Message
from wsengine.testing.wire import Frame, Opcode, close_payload

from ..tools import settle
from .aiohttp_peer import CHUNK, AiohttpPeer

PING, PONG = Frame(Opcode.PING, b"i"), Frame(Opcode.PONG, b"o")


def start(peer: AiohttpPeer) -> tuple[Wire, list[bytes]]:
    """Return a wire that has started, and the payloads of the heartbeats it hands over."""
    beats: list[bytes] = []
    wire = Wire(peer.native, lambda frame: beats.append(frame.data))
    wire.start()
    return wire, beats


async def kinds(wire: Wire, count: int) -> list[WSMsgType]:
    return [(await wire.read())[0] for _ in range(count)]


# In.


async def test_heartbeats_that_came_last_are_handed_over_without_a_read() -> None:
    peer = AiohttpPeer()
    wire, beats = start(peer)
    peer.send(PING, Frame(Opcode.TEXT, b"x"), PONG, PING)
    assert beats == [b"o", b"i"]
    assert await kinds(wire, 4) == [
        WSMsgType.PING,  # left to the reader: it stands before a message
        WSMsgType.TEXT,
        NOTHING[0],
        NOTHING[0],
    ]


async def test_heartbeats_that_came_with_the_handshake_are_handed_over() -> None:
    peer = AiohttpPeer()
    peer.send(Frame(Opcode.TEXT, b"x"), PING)
    _, beats = start(peer)
    assert beats == [b"i"]


@pytest.mark.parametrize("between", [[], [Frame(Opcode.TEXT, b"x")]])
@pytest.mark.parametrize("in_one_piece", [True, False])
async def test_heartbeats_behind_a_close_frame_are_not_handed_over(
    between: list[Frame], in_one_piece: bool
) -> None:
    peer = AiohttpPeer()
    _, beats = start(peer)
    closing = Frame(Opcode.CLOSE, close_payload(1000))
    if in_one_piece:
        peer.send(PONG, closing, *between, PING, PONG)
    else:
        for frame in (PONG, closing, *between, PING, PONG):
            peer.send(frame)
    assert beats == ([] if in_one_piece else [b"o"])


async def test_a_server_that_broke_the_protocol_at_once_is_read_to_its_fault() -> None:
    peer = AiohttpPeer()
    peer.text("x")
    peer.send(Frame(3))
    wire, _ = start(peer)
    assert (await wire.read()).data == "x"
    with pytest.raises(Exception, match="opcode=3"):
        await wire.read()


async def test_a_reader_can_be_woken() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    reading: asyncio.Future[Any] = asyncio.ensure_future(wire.read())
    await settle()
    assert not reading.done()
    wire.wake_reader()
    assert await reading == NOTHING


@dataclasses.dataclass
class Taker:
    """Takes replies."""

    offered: list[Message]

    def __call__(self, messages: deque[Message]) -> None:
        self.offered.extend(messages)
        if messages[0] == "reply":
            messages.clear()


async def test_what_is_taken_of_what_comes_alone_does_not_wake_who_reads() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    taker, awaited = Taker([]), [1]
    wire.offer_to(taker, awaited)
    reading: asyncio.Future[Any] = asyncio.ensure_future(wire.read())
    await settle()
    peer.text("reply")
    await settle()
    assert not reading.done()
    peer.text("not alone, once it is here")
    peer.text("reply")
    assert (await reading).data == "not alone, once it is here"
    assert (await wire.read()).data == "reply"
    assert taker.offered == ["reply", "not alone, once it is here"]
    awaited.clear()
    peer.text("reply")
    assert (await wire.read()).data == "reply"
    assert len(taker.offered) == 2


async def test_what_is_taken_while_nobody_reads_is_not_read_either() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    taker = Taker([])
    wire.offer_to(taker, [1])
    peer.text("reply")
    assert await wire.read() == NOTHING
    peer.send(PING)
    assert await wire.read() == NOTHING
    peer.text("no reply")
    assert (await wire.read()).data == "no reply"
    assert taker.offered == ["reply", "no reply"]


async def test_what_was_read_the_usual_way_before_is_told_of_what_comes_alone() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    reading: asyncio.Future[Any] = asyncio.ensure_future(wire.read())
    await settle()
    wire.offer_to(Taker([]), [1])
    peer.text("reply")
    assert await reading == NOTHING


@pytest.mark.parametrize("hanging_up", [True, False])
async def test_who_waits_to_read_where_messages_are_offered_is_told_of_the_end(
    hanging_up: bool,
) -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    wire.offer_to(Taker([]), [1])
    reading: asyncio.Future[Any] = asyncio.ensure_future(wire.read())
    await settle()
    if hanging_up:
        peer.transport.lose()
    else:
        peer.send(Frame(3))
    for _ in range(2):
        with pytest.raises(EofStream if hanging_up else WebSocketError):
            await asyncio.wait_for(reading, 1)
        reading = asyncio.ensure_future(wire.read())
    with pytest.raises(EofStream if hanging_up else WebSocketError):
        await reading


async def test_cancelling_who_waits_to_read_where_messages_are_offered_loses_nothing() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    wire.offer_to(Taker([]), [1])
    for moment in ("before", "after"):
        reading: asyncio.Future[Any] = asyncio.ensure_future(wire.read())
        await settle()
        if moment == "after":
            peer.text("x")
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
    assert (await wire.read()).data == "x"


# Out.


async def test_a_control_frame_does_not_wait_for_the_transport() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    peer.protocol.pause_writing()
    sending = asyncio.create_task(wire.send(bytes(CHUNK), WSMsgType.BINARY))
    await settle()
    for _ in range(2 * CHUNK // 100):  # aiohttp waits after so many bytes, whatever they are
        wire.send_control(WSMsgType.PING, bytes(100))
    peer.protocol.resume_writing()
    await sending
    assert len(await peer.frames()) == 1 + 2 * CHUNK // 100


@pytest.mark.parametrize("closing", [False, True])
async def test_while_the_transport_is_full_only_the_latest_pong_is_kept(closing: bool) -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    peer.protocol.pause_writing()
    for number in range(1000):
        wire.send_control(WSMsgType.PONG, b"%d" % number)
    if closing:
        wire.send_control(WSMsgType.CLOSE, close_payload(1000))
    peer.protocol.resume_writing()
    peer.protocol.pause_writing()
    peer.protocol.resume_writing()
    last = (Opcode.CLOSE, close_payload(1000)) if closing else (Opcode.PONG, b"999")
    assert await peer.frames() == [last]


async def test_a_wait_that_was_given_up_is_not_reported_when_it_fails() -> None:
    reported: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: reported.append(context))
    peer = AiohttpPeer()
    wire, _ = start(peer)
    peer.protocol.pause_writing()
    for _ in range(2 * CHUNK // 100):
        wire.send_control(WSMsgType.PING, bytes(100))
    peer.transport.lose(ConnectionResetError())
    await settle()
    del peer, wire
    assert reported == []


async def test_a_control_frame_into_a_lost_connection_is_no_error() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    peer.transport.abort()
    wire.send_control(WSMsgType.CLOSE, b"")
    assert await peer.frames() == []


# The end.


async def test_letting_go_closes_the_transport_and_aborts_it_where_that_takes_too_long() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    peer.protocol.pause_writing()  # so that what is buffered never goes
    wire.end(5.0, reading=False)
    await asyncio.sleep(4)
    assert peer.transport.ways == ["close"]
    await asyncio.sleep(2)
    assert peer.transport.ways == ["close", "abort"]
    await wire.wait_gone()


async def test_reading_on_leaves_the_transport_open_for_a_while() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    wire.end(5.0, reading=True)
    await asyncio.sleep(4)
    assert peer.transport.ways == []
    await wire.wait_gone()
    assert peer.transport.ways == ["abort"]


async def test_nothing_is_aborted_when_the_server_has_hung_up() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    wire.end(5.0, reading=True)
    peer.transport.lose()
    await wire.wait_gone()
    await asyncio.sleep(10)
    assert peer.transport.ways == []


async def test_cutting_off_gives_the_connection_back() -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    await wire.cut_off()
    await wire.wait_gone()
    assert peer.transport.ways == ["abort"]
    assert peer.native.closed
    assert peer.released
    assert await peer.frames() == []


@pytest.mark.parametrize(
    ("error", "why"),
    [(None, "Server disconnected"), (ConnectionResetError(104, "reset"), "[Errno 104] reset")],
)
async def test_it_knows_why_the_connection_was_lost(error: Exception | None, why: str) -> None:
    peer = AiohttpPeer()
    wire, _ = start(peer)
    assert wire.loss == ""
    peer.transport.lose(error)
    assert wire.loss == why


# The handshake.


async def test_the_handshake_has_its_headers_in_lower_case() -> None:
    peer = AiohttpPeer([("X-Node", "Blue")], subprotocol="v2")
    handshake = handshake_of(peer.native)
    assert (handshake.status, handshake.subprotocol) == (101, "v2")
    assert handshake.headers == {"x-node": "Blue"}
