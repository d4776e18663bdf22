"""Messages, pings and closes on a connection of aiohttp without a socket, in virtual time."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from wsengine import Close, ConnectionClosed
from wsengine.adapters.aiohttp_connection import AiohttpConnection
from wsengine.testing.wire import Deflate, Frame, Opcode, close_payload

from ..tools import now, settle
from .aiohttp_peer import CHUNK, AiohttpPeer

PATIENCE = 7.0


def connect(peer: AiohttpPeer, *, max_size: int | None = None) -> AiohttpConnection:
    return AiohttpConnection(peer.native, max_size, PATIENCE, None)


async def closed(awaitable: Awaitable[Any]) -> Close:
    with pytest.raises(ConnectionClosed) as caught:
        await awaitable
    return caught.value.close


def close(code: int | None, reason: str = "") -> tuple[int, bytes]:
    return Opcode.CLOSE, close_payload(code, reason)


# Messages.


async def test_messages_come_out_in_order_and_pings_are_no_messages() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.send(
        Frame(Opcode.TEXT, b"one"),
        Frame(Opcode.PING, b"p"),
        Frame(Opcode.PONG, b"odd"),
        Frame(Opcode.BINARY, b"two"),
    )
    assert await connection.receive() == "one"
    assert await connection.receive() == b"two"
    assert await peer.frames() == [(Opcode.PONG, b"p")]


async def test_a_cancelled_receive_loses_nothing() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    for message in ("a", "b", "c"):
        receiving = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        peer.text(message)  # in the very turn of the cancellation
        receiving.cancel()
        await asyncio.wait({receiving})
        assert receiving.cancelled()
        assert await connection.receive() == message


@pytest.mark.parametrize(
    ("message", "sent"),
    [
        ("\N{EURO SIGN}", (Opcode.TEXT, "\N{EURO SIGN}".encode())),
        (b"b", (Opcode.BINARY, b"b")),
        (bytearray(b"ba"), (Opcode.BINARY, b"ba")),
        (memoryview(b"abcd").cast("H"), (Opcode.BINARY, b"abcd")),
    ],
)
async def test_text_and_bytes_of_any_kind_are_sent(message: Any, sent: tuple[int, bytes]) -> None:
    peer = AiohttpPeer()
    await connect(peer).send(message)
    assert await peer.frames() == [sent]


async def test_text_that_has_no_utf8_is_refused_and_nothing_else_happens() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    with pytest.raises(ValueError, match="surrogates"):
        await connection.send("\ud800")
    await connection.send("good")
    assert await peer.frames() == [(Opcode.TEXT, b"good")]


async def test_a_sender_that_is_cancelled_does_not_take_the_next_one_along() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.protocol.pause_writing()
    senders = [asyncio.create_task(connection.send(bytes(2 * CHUNK))) for _ in range(2)]
    await settle()
    senders[0].cancel()
    await settle()
    assert senders[0].cancelled()
    assert not senders[1].done()
    peer.protocol.resume_writing()
    await senders[1]


async def test_who_waits_to_send_is_told_of_the_end() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.protocol.pause_writing()
    senders = [asyncio.create_task(connection.send(bytes(2 * CHUNK))) for _ in range(3)]
    await settle()
    peer.transport.lose()
    assert [(await closed(sender)).code for sender in senders] == [1006] * 3


@pytest.mark.parametrize(
    ("message", "fits"), [("x" * 10, True), ("x" * 11, False), ("\N{EURO SIGN}" * 4, False)]
)
async def test_the_bound_holds_to_the_byte_for_what_was_compressed(
    message: str, fits: bool
) -> None:
    peer = AiohttpPeer(max_size=11, deflate=True)
    connection = connect(peer, max_size=10)
    payload = Deflate().compress(message.encode())
    peer.send(Frame(Opcode.TEXT, payload, rsv1=True))
    if fits:
        assert await connection.receive() == message
    else:
        end = await closed(connection.receive())
        assert (end.code, end.client_initiated) == (1009, True)


# Pings.


@pytest.fixture
def virtual_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    def now() -> float:
        return asyncio.get_running_loop().time()

    monkeypatch.setattr("wsengine.adapters.aiohttp_connection.monotonic", now)


@pytest.mark.usefixtures("virtual_clock")
async def test_a_ping_takes_the_time_to_its_pong_though_nobody_receives() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    pinging = asyncio.create_task(connection.ping())
    await asyncio.sleep(0)
    ((opcode, payload),) = await peer.frames()
    assert opcode == Opcode.PING
    asyncio.get_running_loop().call_later(3.0, peer.send, Frame(Opcode.PONG, payload))
    assert await pinging == pytest.approx(3.0)


async def test_a_pong_answers_earlier_pings_but_no_later_ones() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    pings = [asyncio.create_task(connection.ping()) for _ in range(3)]
    await asyncio.sleep(0)
    payloads = [payload for _, payload in await peer.frames()]
    assert len(set(payloads)) == 3
    peer.send(Frame(Opcode.PONG, payloads[1]))
    await settle()
    assert [ping.done() for ping in pings] == [True, True, False]
    peer.close_frame(1001)
    receiving = await closed(connection.receive())
    assert await closed(pings[2]) == receiving == Close(1001)


@pytest.mark.usefixtures("virtual_clock")
async def test_a_cancelled_ping_gives_up_only_itself() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    pings = [asyncio.create_task(connection.ping()) for _ in range(2)]
    await asyncio.sleep(0)
    payloads = [payload for _, payload in await peer.frames()]
    pings[0].cancel()
    await asyncio.wait({pings[0]})
    peer.send(*(Frame(Opcode.PONG, payload) for payload in payloads))
    assert await pings[1] == 0


# The server ends it.


@pytest.mark.parametrize(
    ("code", "reason", "end"),
    [(1000, "", 1000), (1001, "bye", 1001), (4999, "x", 4999), (None, "", 1005)],
)
async def test_a_close_frame_is_answered_with_its_own_code(
    code: int | None, reason: str, end: int
) -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.text("last words")
    peer.close_frame(code, reason)
    assert await connection.receive() == "last words"
    assert await closed(connection.receive()) == Close(end, reason)
    assert await peer.frames() == [close(code, reason)]
    assert peer.transport.ways == ["close"]


async def test_a_ping_behind_the_close_frame_is_not_answered() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.close_frame(1000)
    peer.send(Frame(Opcode.PING, b"late"))
    assert await peer.frames() == []
    assert await closed(connection.receive()) == Close(1000)
    assert await peer.frames() == [close(1000)]


@pytest.mark.parametrize(
    ("error", "reason"),
    [(None, "Server disconnected"), (ConnectionResetError(104, "reset"), "[Errno 104] reset")],
)
async def test_a_lost_connection_tells_why(error: Exception | None, reason: str) -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.text("last words")
    peer.transport.lose(error)
    assert await connection.receive() == "last words"
    assert await closed(connection.receive()) == Close(1006, reason)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        (Frame(3), 1002),
        (Frame(Opcode.CONTINUATION), 1002),
        (Frame(Opcode.TEXT, b"\xff"), 1007),
        (Frame(Opcode.BINARY, b"x" * 11), 1009),
        (Frame(Opcode.CLOSE, close_payload(999)), 1002),
        (Frame(Opcode.CLOSE, close_payload(1006)), 1002),
        (Frame(Opcode.CLOSE, close_payload(5000)), 1002),
    ],
)
async def test_what_breaks_the_protocol_is_the_clients_close(frame: Frame, code: int) -> None:
    peer = AiohttpPeer(max_size=11)
    connection = connect(peer, max_size=10)
    peer.send(Frame(Opcode.TEXT, b"good"), frame)
    assert await connection.receive() == "good"
    end = await closed(connection.receive())
    assert end == Close(code, end.reason, client_initiated=True)
    assert await peer.frames() == [close(code, end.reason)]
    assert peer.transport.ways == [], "what the server still sends is discarded, not reset"


async def test_what_does_not_inflate_breaks_the_protocol() -> None:
    peer = AiohttpPeer(deflate=True)
    connection = connect(peer)
    peer.send(Frame(Opcode.TEXT, b"\xff\xff\xff", rsv1=True))
    end = await closed(connection.receive())
    assert (end.code, end.client_initiated) == (1002, True)


async def test_after_the_end_everything_raises_the_same() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.close_frame(4001, "bye")
    calls: list[Callable[[], Awaitable[Any]]] = [
        connection.receive,
        connection.receive,
        connection.ping,
        lambda: connection.send("x"),
    ]
    for call in calls:
        assert await closed(call()) == Close(4001, "bye")
    await connection.close(1000, "late")
    assert await peer.frames() == [close(4001, "bye")]
    assert await closed(connection.receive()) == Close(4001, "bye")


# The client ends it.


async def test_close_sends_its_frame_once_and_the_clients_code_counts() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    receiving = asyncio.create_task(connection.receive())
    await settle()
    closings = [asyncio.create_task(connection.close(code, "mine")) for code in (4001, 4002)]
    await settle()
    assert await peer.frames() == [close(4001, "mine")]
    assert await closed(connection.send("late")) == Close(4001, "mine", client_initiated=True)
    peer.close_frame(4003, "yours")
    await asyncio.gather(*closings)
    assert await closed(receiving) == Close(4001, "mine", client_initiated=True)
    assert await closed(connection.ping()) == Close(4001, "mine", client_initiated=True)
    assert await peer.frames() == []
    assert peer.native.closed
    assert peer.released


async def test_close_drops_what_nobody_receives() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.text("unread", "unread too")
    closing = asyncio.create_task(connection.close(1001, ""))
    await settle()
    peer.text("late")
    peer.close_frame(1001)
    await closing
    assert await closed(connection.receive()) == Close(1001, client_initiated=True)


async def test_who_receives_while_it_closes_gets_what_comes() -> None:
    async def receive() -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                got.append(await connection.receive())

    got: list[Any] = []
    peer = AiohttpPeer()
    connection = connect(peer)
    early = asyncio.create_task(receive())
    await settle()
    closing = asyncio.create_task(connection.close(1001, ""))
    await settle()
    peer.text("one", "two")
    await settle()
    early.cancel()
    await settle()
    peer.text("dropped, as nobody receives")
    await settle()
    late = asyncio.create_task(receive())
    await settle()
    peer.text("three", "four")
    peer.close_frame(1001)
    await asyncio.gather(closing, late)
    assert got == ["one", "two", "three", "four"]
    assert await closed(connection.receive()) == Close(1001, client_initiated=True)


async def test_close_is_bounded() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    began = now()
    await connection.close(1000, "")
    assert now() - began == pytest.approx(PATIENCE)
    assert peer.transport.ways[-1] == "abort"
    assert (await closed(connection.receive())).code == 1006


async def test_close_is_bounded_where_the_socket_takes_nothing() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.protocol.pause_writing()
    sending = asyncio.create_task(connection.send(bytes(2 * CHUNK)))
    await settle()
    began = now()
    await connection.close(1000, "")
    assert now() - began == pytest.approx(PATIENCE)
    assert (await closed(sending)).code == 1006


async def test_a_cancelled_close_cuts_off_at_once() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    receiving = asyncio.create_task(connection.receive())
    closing = asyncio.create_task(connection.close(1000, ""))
    await settle()
    began = now()
    closing.cancel()
    await asyncio.wait({closing})
    assert closing.cancelled()
    assert now() == began
    assert peer.transport.ways[-1] == "abort"
    assert await closed(receiving) == Close(1006, "cut off")


async def test_a_server_that_does_not_hang_up_after_a_failure_is_cut_off() -> None:
    peer = AiohttpPeer()
    connection = connect(peer)
    peer.send(Frame(3))
    assert (await closed(connection.receive())).code == 1002
    await asyncio.sleep(PATIENCE - 1)
    assert peer.transport.ways == []
    await asyncio.sleep(2)
    assert peer.transport.ways == ["abort"]
