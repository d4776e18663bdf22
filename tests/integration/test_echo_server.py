"""The echo server, with the websockets client and with bare sockets that behave badly."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator

import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from wsengine import ConfigError
from wsengine.servers.echo import CLOSE_TIMEOUT, EchoServer

from .servers import PATIENCE


@pytest.fixture
async def server() -> AsyncIterator[EchoServer]:
    async with asyncio.timeout(3 * PATIENCE), EchoServer() as server:
        yield server


async def dial(server: EchoServer) -> ClientConnection:
    return await connect(server.url, proxy=None, compression=None, max_size=None)


async def closed(client: ClientConnection) -> ConnectionClosed:
    """Return how the connection of a client ends."""
    async with asyncio.timeout(PATIENCE):
        try:
            while True:
                await client.recv()
        except ConnectionClosed as error:
            return error


@pytest.mark.parametrize("message", ["", "text é", b"", b"\x00\xff", "x" * 3_000_000])
async def test_a_message_comes_back_as_it_was(server: EchoServer, message: str | bytes) -> None:
    async with await dial(server) as client:
        await client.send(message)
        assert await client.recv() == message


async def test_messages_come_back_in_order_to_whom_sent_them(server: EchoServer) -> None:
    async with await dial(server) as one, await dial(server) as other:
        for number in range(100):
            await one.send(f"one {number}")
            await other.send(f"other {number}")
        assert [await one.recv() for _ in range(100)] == [f"one {n}" for n in range(100)]
        assert [await other.recv() for _ in range(100)] == [f"other {n}" for n in range(100)]
        assert server.clients == 2


async def test_it_takes_the_first_subprotocol_offered(server: EchoServer) -> None:
    async with connect(server.url, subprotocols=["b", "a"], proxy=None) as client:  # type: ignore[list-item]
        assert client.subprotocol == "b"


async def test_stop_closes_clients_and_start_comes_back_on_the_same_port(
    server: EchoServer,
) -> None:
    client, port = await dial(server), server.port
    ended = asyncio.create_task(closed(client))
    await asyncio.gather(server.stop(), server.stop())
    error = await ended
    assert error.rcvd is not None
    assert error.rcvd.code == 1001
    with pytest.raises(ConnectionRefusedError):
        await dial(server)
    await server.stop()
    await server.start()
    assert server.port == port
    async with await dial(server) as client:
        await client.send("again")
        assert await client.recv() == "again"


async def test_it_cannot_be_started_twice(server: EchoServer) -> None:
    with pytest.raises(RuntimeError, match="running already"):
        await server.start()
    with pytest.raises(OSError, match="address already in use"):
        await EchoServer(server.host, server.port).start()


async def test_clients_can_be_closed_with_a_frame(server: EchoServer) -> None:
    clients = [await dial(server) for _ in range(3)]
    ended = [asyncio.create_task(closed(client)) for client in clients]
    await server.close_clients(4001, "bye")
    for task in ended:
        error = await task
        assert error.rcvd is not None
        assert (error.rcvd.code, error.rcvd.reason) == (4001, "bye")
    async with await dial(server) as client:
        await client.send("still there")
        assert await client.recv() == "still there"


async def test_a_close_that_cannot_be_sent_is_refused(server: EchoServer) -> None:
    with pytest.raises(ConfigError, match="1006 cannot be sent"):
        await server.close_clients(1006)


async def test_clients_can_be_dropped_with_a_reset(server: EchoServer) -> None:
    clients = [await dial(server) for _ in range(3)]
    ended = [asyncio.create_task(closed(client)) for client in clients]
    await server.drop_clients()
    for task in ended:
        error = await task
        assert error.rcvd is None
        assert isinstance(error.__cause__, ConnectionResetError)
    assert server.clients == 0


async def test_stop_does_not_wait_for_those_who_never_answer(server: EchoServer) -> None:
    """One has not begun its handshake, one reads nothing, so its echoes pile up."""
    _, silent = await asyncio.open_connection(server.host, server.port)
    deaf = await dial(server)
    deaf.transport.pause_reading()
    flood = asyncio.create_task(send_for_ever(deaf))
    await asyncio.wait({flood}, timeout=0.3)  # by then, nothing goes through any more
    began = asyncio.get_running_loop().time()
    await server.stop()
    assert asyncio.get_running_loop().time() - began < 3 * CLOSE_TIMEOUT
    deaf.transport.abort()
    with pytest.raises(ConnectionClosed):
        await flood
    silent.close()


async def send_for_ever(client: ClientConnection) -> None:
    while True:
        await client.send(b"x" * 100_000)


async def test_what_clients_do_is_no_error(
    server: EchoServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        vanished = await dial(server)
        vanished.transport.abort()
        await vanished.wait_closed()
        for request in (b"", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"\x16\x03\x01 TLS\r\n\r\n"):
            reader, writer = await asyncio.open_connection(server.host, server.port)
            writer.write(request)
            writer.write_eof()
            async with asyncio.timeout(PATIENCE):
                await reader.read()
            writer.close()
            await writer.wait_closed()
        await server.stop()
    assert caplog.records == []
