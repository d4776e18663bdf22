"""What picows gets wrong beyond the clauses of the contract, seen from a real server."""

from __future__ import annotations

import asyncio
import dataclasses
import gc
import os
import re
import tracemalloc
from collections.abc import AsyncIterator
from typing import Any

import pytest

from wsengine import Close, ConnectError, ConnectionClosed, ConnectOptions
from wsengine.adapters.picows import PicowsAdapter
from wsengine.adapters.picows_connection import PicowsConnection
from wsengine.testing.greetings import hang, proxy, refuse, say, upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode, accept_key, close_payload, parse_close

DIRECT = ConnectOptions(proxy=None)
BOUND = 100_000
DEFLATE = dataclasses.replace(DIRECT, compression="deflate", max_message_size=BOUND)


@pytest.fixture
async def server() -> AsyncIterator[RawServer]:
    async with RawServer() as server:
        yield server


async def dial(server: RawServer, options: ConnectOptions = DIRECT) -> PicowsConnection:
    return await PicowsAdapter(close_timeout=1.0).connect(server.url(), options)


async def connect(
    server: RawServer, options: ConnectOptions = DIRECT
) -> tuple[PicowsConnection, Peer]:
    return await dial(server, options), await server.next_peer()


async def end(connection: PicowsConnection) -> Close:
    async with asyncio.timeout(5):
        with pytest.raises(ConnectionClosed) as caught:
            await connection.receive()
        await connection.close(1000, "")
    return caught.value.close


async def expect_failure(connection: PicowsConnection, peer: Peer, code: int) -> None:
    close = await end(connection)
    assert (close.code, close.client_initiated) == (code, True)
    assert (await peer.next_close())[0] == code


async def refused(server: RawServer) -> ConnectError:
    with pytest.raises(ConnectError) as caught:
        await dial(server)
    return caught.value


# Frames after the end.


async def test_what_comes_with_and_after_a_close_frame_is_not_heard(server: RawServer) -> None:
    connection, peer = await connect(server)
    closing = Frame(Opcode.CLOSE, close_payload(4001, "bye"))
    peer.send(Frame(Opcode.TEXT, b"before"), closing, Frame(Opcode.TEXT, b"after"))
    assert await connection.receive() == "before"
    assert await end(connection) == Close(4001, "bye")
    assert await peer.next_close() == (4001, "bye")


@pytest.mark.parametrize("odd", [Frame(Opcode.CONTINUATION, b"of nothing"), Frame(3, b"?")])
async def test_what_comes_after_a_violation_is_not_heard(server: RawServer, odd: Frame) -> None:
    connection, peer = await connect(server)
    rest = [Frame(Opcode.TEXT, b"after"), Frame(Opcode.CLOSE, close_payload(1000))]
    peer.send(Frame(Opcode.TEXT, b"before"), odd, *rest)
    assert await connection.receive() == "before"
    await expect_failure(connection, peer, 1002)


async def test_a_violation_right_before_a_close_frame_counts(server: RawServer) -> None:
    connection, peer = await connect(server)
    odd = Frame(Opcode.CONTINUATION, b"of nothing")
    peer.send(odd, Frame(Opcode.CLOSE, close_payload(1000)))
    await expect_failure(connection, peer, 1002)


async def test_a_frame_too_big_is_not_heard_when_its_rest_comes(server: RawServer) -> None:
    options = dataclasses.replace(DIRECT, compression=None, max_message_size=1000)
    connection, peer = await connect(server, options)
    data = Frame(Opcode.BINARY, b"x" * 1001).encode()
    peer.write(data[:10])
    receiving = asyncio.create_task(connection.receive())
    assert (await peer.next_close())[0] == 1009
    peer.write(data[10:])
    peer.text("after")
    with pytest.raises(ConnectionClosed) as caught:
        await receiving
    assert (caught.value.close.code, caught.value.close.client_initiated) == (1009, True)


# Close codes and reserved bits.


@pytest.mark.parametrize("code", [0, 1004, 1005, 1006, 1015, 2999, 5000, 65535])
async def test_a_close_code_that_must_not_be_sent(server: RawServer, code: int) -> None:
    connection, peer = await connect(server)
    peer.close_frame(code)
    await expect_failure(connection, peer, 1002)


async def test_a_close_frame_without_a_code_is_answered_with_a_valid_one(server: RawServer) -> None:
    connection, peer = await connect(server)
    assert await peer.close(None) == (1000, "")
    assert await end(connection) == Close(1005)


@pytest.mark.parametrize("bit", [0x40, 0x20, 0x10])
@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.CLOSE])
async def test_a_reserved_bit_on_a_control_frame(server: RawServer, opcode: int, bit: int) -> None:
    connection, peer = await connect(server)
    peer.write(bytes([0x80 | bit | opcode, 0]))
    await expect_failure(connection, peer, 1002)


# Compression.


async def test_noise_just_as_large_as_the_bound_is_received(server: RawServer) -> None:
    server.greeting = upgrade(deflate=True)
    connection, peer = await connect(server, DEFLATE)
    noise = os.urandom(BOUND)
    frame = peer.compressed(noise, Opcode.BINARY)
    assert len(frame.payload) > BOUND
    peer.send(frame, Frame(Opcode.TEXT, b"after"))
    assert await connection.receive() == noise
    assert await connection.receive() == "after"
    peer.send(peer.compressed(os.urandom(BOUND + 1), Opcode.BINARY))
    await expect_failure(connection, peer, 1009)


async def test_no_fragment_inflates_over_the_bound(server: RawServer) -> None:
    server.greeting = upgrade(deflate=True)
    connection, peer = await connect(server, DEFLATE)
    full = peer.compressed(bytes(BOUND), Opcode.BINARY).payload + b"\x00\x00\xff\xff"
    bomb = peer.compressed(bytes(500 * BOUND)).payload
    tracemalloc.start()
    try:
        peer.send(
            Frame(Opcode.BINARY, full, fin=False, rsv1=True), Frame(Opcode.CONTINUATION, bomb)
        )
        await expect_failure(connection, peer, 1009)
        assert tracemalloc.get_traced_memory()[1] < 50 * BOUND
    finally:
        tracemalloc.stop()


# Sending.


async def fill(connection: PicowsConnection) -> list[asyncio.Task[None]]:
    """Send until a send waits; return all of them."""
    sendings = [asyncio.create_task(connection.send(bytes(1 << 20))) for _ in range(20)]
    await asyncio.sleep(0.2)
    assert not sendings[-1].done()
    return sendings


async def test_sends_that_are_cancelled_in_a_row_do_not_stop_the_others(server: RawServer) -> None:
    connection, peer = await connect(server)
    sendings = await fill(connection)
    reading = asyncio.create_task(peer.gone())
    for sending in sendings[::2]:
        await asyncio.sleep(0)
        sending.cancel()
    _, waiting = await asyncio.wait(sendings, timeout=5)
    assert not waiting
    closing = asyncio.create_task(connection.close(1000, ""))
    peer.close_frame(1000)
    await closing
    await reading


async def test_close_while_a_send_waits_is_sent_behind_it(server: RawServer) -> None:
    connection, peer = await connect(server)
    sendings = await fill(connection)
    closing = asyncio.create_task(connection.close(4001, "mine"))
    await asyncio.sleep(0)
    arrived = 0
    while (frame := await peer.next_frame(Opcode.BINARY, Opcode.CLOSE)).opcode == Opcode.BINARY:
        arrived += 1
    assert parse_close(frame) == (4001, "mine")
    peer.close_frame(4001, "mine")
    await closing
    results = await asyncio.gather(*sendings, return_exceptions=True)
    assert results[:arrived] == [None] * arrived
    assert all(isinstance(result, ConnectionClosed) for result in results[arrived:])


async def test_a_cancelled_send_leaves_no_exception_behind(
    server: RawServer, caplog: pytest.LogCaptureFixture
) -> None:
    connection, peer = await connect(server)
    sendings = await fill(connection)
    for sending in sendings:
        sending.cancel()
    await asyncio.wait(sendings)
    peer.reset()
    assert (await end(connection)).code == 1006
    del connection, sending, sendings
    gc.collect()
    assert "never retrieved" not in caplog.text


# The handshake.


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (b"HTTP/1.0 503 Service Unavailable", 503),
        (b"HTTP/1.1 503", 503),
        (b"HTTP/1.1 520 Unknown Error", 520),
    ],
)
async def test_a_status_that_the_library_does_not_know(
    server: RawServer, line: bytes, status: int
) -> None:
    server.greeting = say(line + b"\r\nRetry-After: 3\r\nX-Node: Blue\r\n\r\n")
    error = await refused(server)
    assert (error.status, error.retry_after) == (status, 3.0)
    assert error.headers["x-node"] == "Blue"


async def test_a_redirect_is_not_followed(server: RawServer) -> None:
    server.greeting = refuse("302 Found", {"Location": server.url("/there?token=hunter2")})
    error = await refused(server)
    assert error.status == 302
    assert "token=..., dial that" in str(error)


async def test_user_info_of_the_url_is_no_part_of_the_host(server: RawServer) -> None:
    url = server.url().replace("//", "//user:pass@")
    connection = await PicowsAdapter().connect(url, DIRECT)
    peer = await server.next_peer()
    assert peer.request.one("host") == f"127.0.0.1:{server.port}"
    assert peer.request.one("authorization") == "Basic dXNlcjpwYXNz"
    peer.hang_up()
    assert (await end(connection)).code == 1006


async def test_a_proxy_is_told_user_and_password(server: RawServer) -> None:
    server.greeting = proxy
    url = f"http://user:pass@127.0.0.1:{server.port}"
    options = dataclasses.replace(DIRECT, proxy=url)
    connection = await PicowsAdapter().connect("ws://service.test/", options)
    peer = await server.next_peer()
    assert peer.asked[0].one("proxy-authorization") == "Basic dXNlcjpwYXNz"
    peer.hang_up()
    assert (await end(connection)).code == 1006


async def test_a_connect_cancelled_at_any_turn_leaves_no_socket(server: RawServer) -> None:
    server.greeting = hang
    for count in range(12):
        dialling = asyncio.create_task(dial(server))
        for _ in range(count):
            await asyncio.sleep(0)
        dialling.cancel()
        await asyncio.wait({dialling})
        assert dialling.cancelled()
    async with asyncio.timeout(5):
        while not server._arrived.empty():
            assert await (await server.next_peer()).gone() in {"eof", "reset"}


async def test_a_socket_factory_of_the_users_is_asked(server: RawServer) -> None:
    asked: list[Any] = []
    adapter = PicowsAdapter(socket_factory=lambda target: asked.append(target.port))
    connection = await adapter.connect(server.url(), DIRECT)
    peer = await server.next_peer()
    assert asked == [server.port]
    peer.hang_up()
    assert (await end(connection)).code == 1006


async def test_a_dial_given_up_with_many_messages_behind_the_answer_leaves_no_socket(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    many = b"\x81\x02hi" * 40  # more than the library's queue holds, so that it pauses reading
    gone = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        (key,) = re.findall("(?i)sec-websocket-key: (\\S+)", head)
        lines = (
            "HTTP/1.1 101 Switching Protocols",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Accept: {accept_key(key)}",
            "Sec-WebSocket-Extensions: permessage-deflate",
        )
        writer.write("".join(f"{line}\r\n" for line in (*lines, "")).encode() + many)
        await reader.read()
        gone.set()
        writer.close()

    adapter = PicowsAdapter()
    make_client = adapter._make_client

    def make_and_cancel(*arguments: Any) -> Any:
        asyncio.get_running_loop().call_soon(dialling.cancel)
        return make_client(*arguments)

    monkeypatch.setattr(adapter, "_make_client", make_and_cancel)
    listening = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with listening, asyncio.timeout(5):
        url = f"ws://127.0.0.1:{listening.sockets[0].getsockname()[1]}/"
        dialling = asyncio.create_task(adapter.connect(url, DEFLATE))
        with pytest.raises(asyncio.CancelledError):
            await dialling
        await gone.wait()
