"""What the mended connection of the library does, without a socket."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import Any, cast

import pytest
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidMessage
from websockets.extensions.permessage_deflate import PerMessageDeflate
from websockets.protocol import State
from websockets.uri import parse_uri

from wsengine.adapters.websockets_client import Client
from wsengine.message import Message
from wsengine.testing.wire import Deflate, Frame, Opcode, apply_mask, close_payload

BOUND = 20_000


class Transport(asyncio.Transport):
    """Loses its connection when it is aborted, and notes what it is told."""

    def __init__(self) -> None:
        super().__init__()
        self.reading = True
        self.aborted = False
        self.written = bytearray()
        self.client: Client | None = None

    def write(self, data: Any) -> None:
        self.written += data

    def write_eof(self) -> None:
        """The client ends its side of TCP."""

    def can_write_eof(self) -> bool:
        return True

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """Nothing is buffered here."""

    def is_closing(self) -> bool:
        return self.aborted

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def abort(self) -> None:
        assert self.client is not None
        self.aborted = True
        asyncio.get_running_loop().call_soon(self.client.connection_lost, None)


def connect(*, max_size: int | None = BOUND, deflate: bool = False) -> tuple[Client, Transport]:
    """Return a connection that has its handshake behind it."""
    protocol = ClientProtocol(parse_uri("ws://host/"), max_size=max_size, state=State.OPEN)
    if deflate:
        extension = PerMessageDeflate(
            remote_no_context_takeover=False,
            local_no_context_takeover=False,
            remote_max_window_bits=15,
            local_max_window_bits=15,
        )
        protocol.extensions = [extension]
    client, transport = Client(protocol, ping_interval=None, close_timeout=5.0), Transport()
    transport.client = client
    client.connection_made(transport)
    return client, transport


def feed(client: Client, *frames: Frame) -> None:
    client.data_received(b"".join(frame.encode() for frame in frames))


def fragments(*payloads: bytes, opcode: int = Opcode.BINARY, rsv1: bool = False) -> list[Frame]:
    """Return the frames of one message."""
    last = len(payloads) - 1
    return [
        Frame(opcode, payload, fin=number == last, rsv1=rsv1)
        if number == 0
        else Frame(Opcode.CONTINUATION, payload, fin=number == last)
        for number, payload in enumerate(payloads)
    ]


async def end_of(client: Client) -> int:
    """Have the connection end by itself; return the code that was sent."""
    with pytest.raises(ConnectionClosed) as caught:
        await client.recv()
    assert caught.value.sent is not None
    return caught.value.sent.code


# The handshake.


async def test_a_server_that_speaks_first_is_no_fault_of_an_assertion() -> None:
    client = Client(ClientProtocol(parse_uri("ws://host/")), ping_interval=None)
    transport = Transport()
    transport.client = client
    client.connection_made(transport)
    client.data_received(b"220 mail.example ESMTP\r\n")
    with pytest.raises(InvalidMessage):
        await client.handshake()


# Fragments.


async def test_more_fragments_than_the_library_counts_are_one_message() -> None:
    client, _ = connect()
    pieces = [bytes([number % 256]) for number in range(4096 + 1000)]
    feed(client, *fragments(*pieces))
    message = await client.recv()
    assert type(message) is bytes
    assert message == b"".join(pieces)


async def test_a_text_may_be_cut_within_a_character() -> None:
    client, _ = connect()
    text = "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \U0001f41f"
    feed(client, *fragments(*(bytes([byte]) for byte in text.encode()), opcode=Opcode.TEXT))
    assert await client.recv() == text


async def test_messages_stay_apart_and_in_order() -> None:
    client, _ = connect()
    feed(
        client,
        Frame(Opcode.TEXT, b"whole"),
        *fragments(b"a", b"b"),
        *fragments(b"", b""),
        Frame(Opcode.BINARY, b"whole, too"),
        *fragments(b"c", b"", b"d", opcode=Opcode.TEXT),
    )
    received = [await client.recv() for _ in range(5)]
    assert received == ["whole", b"ab", b"", b"whole, too", "cd"]
    assert client._payload == b"", "the last message is not kept"


async def test_control_frames_between_fragments_are_seen_at_once() -> None:
    client, transport = connect()
    pong = cast("asyncio.Future[float]", await client.ping(b"me"))
    transport.written.clear()
    feed(
        client,
        Frame(Opcode.TEXT, b"one ", fin=False),
        Frame(Opcode.PING, b"you"),
        Frame(Opcode.PONG, b"me"),
    )
    assert pong.done()
    assert transport.written[0] == 0x80 | Opcode.PONG
    feed(client, Frame(Opcode.CONTINUATION, b"two"))
    assert await client.recv() == "one two"


async def test_a_receive_cancelled_between_fragments_loses_nothing() -> None:
    client, _ = connect()
    for frame in fragments(b"one ", b"two ", b"three", opcode=Opcode.TEXT):
        receiving = asyncio.create_task(client.recv())
        await asyncio.sleep(0)
        feed(client, frame)  # in the very turn of the cancellation
        receiving.cancel()
        await asyncio.wait({receiving})
        assert receiving.cancelled()
    assert await client.recv() == "one two three"


async def test_what_nobody_receives_pushes_back() -> None:
    client, transport = connect()
    for _ in range(17):  # one more than the library's queue has room for
        assert transport.reading
        feed(client, *fragments(b"x", b"y"))
    assert not transport.reading
    assert [await client.recv() for _ in range(17)] == [b"xy"] * 17
    assert transport.reading


async def test_what_inflates_to_much_is_parsed_as_it_is_received() -> None:
    client, transport = connect(deflate=True)
    deflate, turn, count = Deflate(), asyncio.sleep, 2000
    messages = (f"{number} ".ljust(BOUND).encode() for number in range(count))
    bombs = [Frame(Opcode.TEXT, deflate.compress(message), rsv1=True) for message in messages]
    feed(client, *bombs)
    assert not transport.reading
    queued = len(client.recv_messages.frames)
    assert queued < count / 4
    for number in range(count):
        assert str(await client.recv()).split() == [str(number)]
        assert len(client.recv_messages.frames) < count / 4
    await turn(0)
    assert transport.reading


async def test_what_was_not_parsed_is_lost_with_the_connection() -> None:
    client, _ = connect(deflate=True)
    bomb = Frame(Opcode.BINARY, Deflate().compress(bytes(BOUND)), rsv1=True)
    feed(client, *[bomb] * 2000)
    queued = len(client.recv_messages.frames)
    client.connection_lost(ConnectionResetError())
    for _ in range(queued):
        await client.recv()
    with pytest.raises(ConnectionClosed):
        await client.recv()


@pytest.mark.parametrize("size", [1, 999, BOUND])
async def test_a_message_in_fragments_may_be_as_large_as_one_in_a_frame(size: int) -> None:
    client, _ = connect()
    whole = bytes(BOUND)
    starts = range(0, BOUND, size)
    feed(client, *fragments(*(whole[start : start + size] for start in starts)))
    assert await client.recv() == whole


@pytest.mark.parametrize("size", [1, 999, BOUND])
async def test_fragments_never_add_up_to_more_than_the_bound(size: int) -> None:
    client, _ = connect()
    feed(client, Frame(Opcode.TEXT, b"before"), Frame(Opcode.BINARY, fin=False))
    ended = False
    for _ in range(BOUND // size + 2):
        feed(client, Frame(Opcode.CONTINUATION, bytes(size), fin=False))
        assert len(client._payload) <= BOUND
        ended = ended or client.protocol.close_sent is not None
    assert ended
    assert await client.recv() == "before"
    assert await end_of(client) == 1009


async def test_inflated_fragments_never_add_up_to_more_than_the_bound() -> None:
    client, _ = connect(deflate=True)
    deflate = Deflate()
    halves = [deflate.compress(bytes(BOUND // 2)) + b"\0\0\xff\xff" for _ in range(3)]
    feed(client, *fragments(*halves[:2], b"", rsv1=True)[:2])
    assert len(client._payload) == BOUND
    feed(client, Frame(Opcode.CONTINUATION, halves[2]))
    assert len(client._payload) == BOUND
    assert await end_of(client) == 1009


@pytest.mark.parametrize(
    "frames",
    [
        [Frame(Opcode.CONTINUATION, b"of nothing")],
        [Frame(Opcode.TEXT, b"a", fin=False), Frame(Opcode.TEXT, b"b")],
        [*fragments(b"a", b"b"), Frame(Opcode.CONTINUATION, b"c")],
    ],
)
async def test_fragments_out_of_order_break_the_protocol(frames: list[Frame]) -> None:
    client, _ = connect()
    feed(client, Frame(Opcode.BINARY, b"before"), *frames)
    assert await client.recv() == b"before"
    if frames[0].opcode == Opcode.BINARY:
        assert await client.recv() == b"ab"
    assert await end_of(client) == 1002


async def test_half_a_message_is_none() -> None:
    client, _ = connect()
    feed(client, Frame(Opcode.TEXT, b"half", fin=False))
    client.eof_received()
    client.connection_lost(None)
    with pytest.raises(ConnectionClosed):
        await client.recv()


# Pongs.


def ping_while_paused(client: Client, transport: Transport) -> None:
    client.pause_writing()
    for number in range(1000):
        feed(client, Frame(Opcode.PING, b"%d" % number))
    assert transport.written == b""


def sent(transport: Transport) -> list[tuple[int, bytes]]:
    """Return opcode and payload of the (short) frames that were sent."""
    found, data = [], bytes(transport.written)
    while data:
        size = data[1] & 0x7F
        found.append((data[0] & 0x0F, apply_mask(data[6 : 6 + size], data[2:6])))
        data = data[6 + size :]
    return found


async def test_while_writing_is_paused_only_the_latest_pong_is_kept() -> None:
    client, transport = connect()
    ping_while_paused(client, transport)
    client.resume_writing()
    feed(client, Frame(Opcode.PING, b"next"))
    assert sent(transport) == [(Opcode.PONG, b"999"), (Opcode.PONG, b"next")]
    client.pause_writing()
    client.resume_writing()
    assert len(sent(transport)) == 2


async def test_no_pong_is_sent_behind_a_close_frame() -> None:
    client, transport = connect()
    ping_while_paused(client, transport)
    feed(client, Frame(Opcode.CLOSE, close_payload(1001)))
    client.resume_writing()
    assert sent(transport) == [(Opcode.CLOSE, close_payload(1001))]


async def test_no_pong_is_sent_behind_the_end_of_the_stream() -> None:
    client, transport = connect()
    ping_while_paused(client, transport)
    client.eof_received()
    client.resume_writing()
    assert transport.written == b""


# The end.


async def test_the_wait_for_the_end_of_tcp_is_bounded() -> None:
    client, transport = connect()
    receiving = asyncio.create_task(client.recv())
    await asyncio.sleep(0)
    feed(client, Frame(Opcode.CLOSE, close_payload(1001)))
    await asyncio.sleep(4.9)
    assert not transport.aborted
    await asyncio.sleep(0.2)
    assert transport.aborted
    with pytest.raises(ConnectionClosed):
        await receiving


async def test_nothing_is_cut_off_that_ended_by_itself() -> None:
    client, transport = connect()
    feed(client, Frame(Opcode.CLOSE, close_payload(1001)))
    client.eof_received()
    client.connection_lost(None)
    await asyncio.sleep(10)
    assert not transport.aborted


async def test_a_send_that_waits_is_told_of_the_end() -> None:
    client, transport = connect()
    client.pause_writing()
    sending = asyncio.create_task(client.send(b"x"))
    await asyncio.sleep(0)
    transport.abort()
    with pytest.raises(ConnectionClosed):
        await sending


async def test_an_answer_that_was_refused_is_not_read_on() -> None:
    client = Client(ClientProtocol(parse_uri("ws://host/")), ping_interval=None)
    transport = Transport()
    transport.client = client
    client.connection_made(transport)
    client.data_received(b"HTTP/1.1 101 Yes\r\nno header\r\n\r\n")
    assert client.response is None
    assert transport.aborted


async def test_what_never_was_a_connection_ends_in_silence() -> None:
    client = Client(ClientProtocol(parse_uri("wss://host/")), ping_interval=None)
    client.connection_lost(ConnectionResetError())
    assert not client.connection_lost_waiter.done()


async def test_what_is_taken_while_somebody_waits_does_not_wake_him() -> None:
    client, _ = connect()
    offered: list[Any] = []

    def take(messages: deque[Message]) -> None:
        offered.extend(messages)
        if messages[0] in {"reply", b"reply"}:
            messages.clear()

    client.taker, awaited = take, [1]
    client.awaited = awaited
    feed(client, Frame(Opcode.TEXT, b"reply"))
    assert offered == []  # nobody waits
    assert await client.recv() == "reply"
    receiving = asyncio.create_task(client.recv())
    await asyncio.sleep(0)
    feed(client, Frame(Opcode.TEXT, b"reply"), Frame(Opcode.BINARY, b"reply"))
    feed(client, Frame(Opcode.PING, b"reply"), *fragments(b"re", b"ply"))
    assert await receiving == b"reply"  # fragments are not offered
    assert offered == ["reply", b"reply"]
    awaited.clear()
    receiving = asyncio.create_task(client.recv())
    await asyncio.sleep(0)
    feed(client, Frame(Opcode.TEXT, b"reply"))
    assert (await receiving, len(offered)) == ("reply", 2)


async def test_a_text_that_is_none_is_not_offered() -> None:
    client, _ = connect()
    client.taker, client.awaited = (lambda messages: messages.clear()), [1]
    receiving = asyncio.create_task(client.recv())
    await asyncio.sleep(0)
    feed(client, Frame(Opcode.TEXT, b"\xff"))
    with pytest.raises(ConnectionClosed, match="1007"):
        await receiving
