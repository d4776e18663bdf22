"""The proxies for tests, seen by a client that speaks to them in bytes."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator

import pytest

from wsengine.testing.proxies import HttpProxy, Proxy, Socks5Proxy

USER = ("user", "secret")
LOGIN = b"\x01\x04user\x06secret"
REQUESTS = {
    "service.test:443": b"\x05\x01\x00\x03\x0cservice.test\x01\xbb",
    "127.0.0.2:80": b"\x05\x01\x00\x01\x7f\x00\x00\x02\x00\x50",
    "::1:80": b"\x05\x01\x00\x04" + bytes(15) + b"\x01\x00\x50",
}
OK, FORBIDDEN = (bytes([5, reply, 0, 1, 127, 0, 0, 1, 0, 0]) for reply in (0, 2))


@pytest.fixture
async def echo() -> AsyncIterator[int]:
    """The port of a server that says everything twice."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while data := await reader.read(100):
            writer.write(2 * data)
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        yield server.sockets[0].getsockname()[1]


class Client:
    def __init__(self, proxy: Proxy) -> None:
        self.port = int(proxy.url().rpartition(":")[2])

    async def __aenter__(self) -> Client:
        self.reader, self.writer = await asyncio.open_connection("127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self.writer.close()
        await self.writer.wait_closed()

    async def ask(self, data: bytes, size: int) -> bytes:
        """Send bytes, and return the next so many of the answer."""
        self.writer.write(data)
        return await self.reader.readexactly(size)


def connect_to(target: str, *, login: tuple[str, str] | None = None) -> bytes:
    lines = [f"CONNECT {target} HTTP/1.1", f"Host: {target}"]
    if login:
        token = base64.b64encode(":".join(login).encode()).decode()
        lines.append(f"Proxy-Authorization: Basic {token}")
    return "\r\n".join([*lines, "", ""]).encode()


async def test_the_url_has_what_is_asked_for() -> None:
    async with HttpProxy(1) as http, Socks5Proxy(1) as socks:
        assert http.url().startswith("http://127.0.0.1:")
        assert socks.url().startswith("socks5h://127.0.0.1:")
        assert socks.url("socks5", USER).startswith("socks5://user:secret@127.0.0.1:")


# HTTP.


async def test_http_leads_to_the_server_whatever_is_asked_for(echo: int) -> None:
    async with HttpProxy(echo) as proxy, Client(proxy) as client:
        answer = await client.ask(connect_to("service.test:443"), 39)
        assert answer == b"HTTP/1.1 200 Connection established\r\n\r\n"
        assert await client.ask(b"hello", 10) == b"hellohello"
        assert proxy.asked == ["service.test:443"]
        assert proxy.requests[0].one("host") == "service.test:443"


@pytest.mark.parametrize(
    ("login", "status"), [(USER, b"200"), (("user", "x"), b"407"), (None, b"407")]
)
async def test_http_asks_for_user_and_password(
    echo: int, login: tuple[str, str] | None, status: bytes
) -> None:
    async with HttpProxy(echo, user=USER) as proxy, Client(proxy) as client:
        assert (await client.ask(connect_to("a:1", login=login), 12))[-3:] == status


async def test_http_refuses_with_the_given_status(echo: int) -> None:
    async with HttpProxy(echo, answer="502 Bad Gateway") as proxy, Client(proxy) as client:
        client.writer.write(connect_to("a:1"))
        answer = await client.reader.read()
        assert answer == b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n"


async def test_http_notes_what_is_no_connect(echo: int) -> None:
    async with HttpProxy(echo) as proxy, Client(proxy) as client:
        client.writer.write(b"GET http://service.test/ HTTP/1.1\r\n\r\n")
        assert await client.reader.read() == b""
        assert "asked to CONNECT, not to GET" in str(proxy.faults[0])


# SOCKS 5.


@pytest.mark.parametrize("target", REQUESTS)
async def test_socks_leads_to_the_server_whatever_is_asked_for(echo: int, target: str) -> None:
    async with Socks5Proxy(echo) as proxy, Client(proxy) as client:
        assert await client.ask(b"\x05\x02\x00\x02", 2) == b"\x05\x00"
        assert await client.ask(REQUESTS[target], 10) == OK
        assert await client.ask(b"hello", 10) == b"hellohello"
        assert proxy.asked == [target]


async def test_socks_asks_for_user_and_password(echo: int) -> None:
    async with Socks5Proxy(echo, user=USER) as proxy:
        async with Client(proxy) as client:
            assert await client.ask(b"\x05\x02\x00\x02", 2) == b"\x05\x02"
            assert await client.ask(LOGIN, 2) == b"\x01\x00"
            assert await client.ask(REQUESTS["127.0.0.2:80"], 10) == OK
        async with Client(proxy) as client:
            await client.ask(b"\x05\x02\x00\x02", 2)
            assert await client.ask(LOGIN.replace(b"secret", b"Secret"), 2) == b"\x01\x01"
            assert await client.reader.read() == b""
        async with Client(proxy) as client:
            assert await client.ask(b"\x05\x01\x00", 2) == b"\x05\xff"
            assert await client.reader.read() == b""


async def test_socks_refuses_with_the_given_reply(echo: int) -> None:
    async with Socks5Proxy(echo, reply=2) as proxy, Client(proxy) as client:
        await client.ask(b"\x05\x01\x00", 2)
        assert await client.ask(REQUESTS["127.0.0.2:80"], 10) == FORBIDDEN
        assert await client.reader.read() == b""


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"\x04\x01\x00", "must begin with version 5, not 4"),
        (b"\x05\x01\x00\x05\x02\x00\x01", "must ask to connect, not 5 2"),
        (b"\x05\x01\x00\x05\x01\x00\x09", "no SOCKS address of type 9"),
    ],
)
async def test_socks_notes_what_is_none(echo: int, data: bytes, fault: str) -> None:
    async with Socks5Proxy(echo) as proxy, Client(proxy) as client:
        client.writer.write(data)
        await client.reader.read()
        assert fault in str(proxy.faults[0])


# The end.


async def test_one_that_hangs_tells_when_the_client_has_left(echo: int) -> None:
    async with HttpProxy(echo, hangs=True) as proxy:
        async with Client(proxy) as client:
            client.writer.write(connect_to("a:1"))
            await proxy.was_asked()
            leaving = asyncio.create_task(proxy.all_left())
            await asyncio.sleep(0)
            assert not leaving.done()
            client.writer.write_eof()
            assert await client.reader.read() == b""  # no answer, to the end
        await leaving


async def test_leaving_it_ends_those_who_talk(echo: int) -> None:
    async with HttpProxy(echo) as proxy, Client(proxy) as client:
        await client.ask(connect_to("a:1"), 39)
        await proxy.__aexit__(None, None, None)
        assert await client.reader.read() == b""
