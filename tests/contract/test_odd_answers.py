"""Odd answers to the handshake, on every adapter: taken or refused, and never the user's fault.

A dial that fails for what the server answered is a `ConnectError`, which is dialled again; anything
else would end the engine for good, or be reported to the event loop.
"""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from wsengine import ConnectError, ConnectOptions
from wsengine.testing.greetings import Greeting
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import accept_key

from .conftest import ADAPTERS

DIRECT = ConnectOptions(proxy=None, subprotocols=("a", "b"))
GOOD = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate; "

AGREEING = {
    "as it should be": b"",
    "a header in latin-1": b"X-A: \xe9\xff\r\n",
    "a name in latin-1": b"X-\xe9: a\r\n",
    "a null": b"X-A: a\0b\r\n",
    "no colon": b"garbage\r\n",
    "a folded line": b"X-A: a\r\n b\r\n",
    "no name": b": a\r\n",
    "two upgrades": b"Upgrade: websocket\r\n",
    "a subprotocol in latin-1": b"Sec-WebSocket-Protocol: \xe9\r\n",
    "8 bits": DEFLATE + b"client_max_window_bits=8\r\n",
    "bits that are no number": DEFLATE + b"server_max_window_bits=x\r\n",
    "bits without end": DEFLATE + b"client_max_window_bits=" + b"9" * 5000 + b"\r\n",
    "bits of a server without end": DEFLATE + b"server_max_window_bits=" + b"9" * 5000 + b"\r\n",
    "quoted bits": DEFLATE + b'server_max_window_bits="10"\r\n',
    "half quoted bits": DEFLATE + b'server_max_window_bits="10\r\n',
    "odd cookies": b"Set-Cookie: \xff=;=;expires=foo; domain=..\r\n",
    "a length": b"Content-Length: 10\r\n",
    "chunks": b"Transfer-Encoding: chunked\r\n",
    "gzip": b"Content-Encoding: gzip\r\n",
}
"""What stands in the answer besides what has to."""

REFUSING = {
    "a status in latin-1": b"HTTP/1.1 503 \xe9\xff\0\x1b[31m\r\n",
    "a long status": b"HTTP/1.1 99999 X\r\n",
    "no status": b"HTTP/1.1 abc X\r\n",
    "status 0": b"HTTP/1.1 000 X\r\n",
    "a negative status": b"HTTP/1.1 -01 X\r\n",
    "status 999": b"HTTP/1.1 999 X\r\n",
    "arabic digits": b"HTTP/1.1 \xd9\xa2\xd9\xa0\xd9\xa0 X\r\n",
    "HTTP/2": b"HTTP/2 503 X\r\n",
    "HTTP/1.12": b"HTTP/1.12 503 X\r\n",
    "no content": b"HTTP/1.1 204 No Content\r\n",
    "to a bad host": b"HTTP/1.1 302 F\r\nLocation: http://[::bad\r\n",
    "to garbage": b"HTTP/1.1 302 F\r\nLocation: \xe9\xff\0\r\n",
    "to a bad port": b"HTTP/1.1 302 F\r\nLocation: http://a:99999999/\r\n",
    "to nowhere": b"HTTP/1.1 302 F\r\nLocation: \r\n",
    "to a mail box": b"HTTP/1.1 302 F\r\nLocation: mailto:x\r\n",
    "to a login": b"HTTP/1.1 302 F\r\nLocation: http://u:hunter2@h/?t=hunter2\r\n",
    "no length": b"HTTP/1.1 503 F\r\nContent-Length: abc\r\n",
    "a negative length": b"HTTP/1.1 503 F\r\nContent-Length: -5\r\n",
    "a length without end": b"HTTP/1.1 503 F\r\nContent-Length: " + b"9" * 6000 + b"\r\n",
    "odd chunks": b"HTTP/1.1 503 F\r\nTransfer-Encoding: foo, chunked, x\r\n",
    "odd gzip": b"HTTP/1.1 503 F\r\nContent-Encoding: gzip\r\nContent-Length: 5\r\n",
    "odd cookies": b"HTTP/1.1 503 F\r\nSet-Cookie: =\xff;;;\x01\r\n",
    "an odd link": b"HTTP/1.1 503 F\r\nLink: <\xff>; rel\r\nContent-Type: \xff;=;\r\n",
    "never again": b"HTTP/1.1 503 F\r\nRetry-After: " + b"9" * 400 + b"\r\n",
    "not for ever": b"HTTP/1.1 503 F\r\nRetry-After: " + b"9" * 5000 + b"\r\n",
    "an odd date": b"HTTP/1.1 503 F\r\nRetry-After: Mon, 99 Foo 99999 99:99:99 GMT\r\n",
    "an early date": b"HTTP/1.1 503 F\r\nRetry-After: Sun, 06 Nov 0001 08:49:37 +2359\r\n",
    "TLS": b"\x15\x03\x01\x00\x02\x02\x28",
}


def answer(head: bytes, *, agree: bool = False) -> Greeting:
    """Answer with a head, and hang up; agree to the handshake in it, or not."""

    async def greet(peer: Peer) -> None:
        request = await peer.read_request()
        accept = f"Sec-WebSocket-Accept: {accept_key(request.one('sec-websocket-key'))}\r\n"
        peer.write(head + (accept.encode() if agree else b"") + b"\r\n")
        peer.hang_up()

    return greet


async def dial(adapter: str, greeting: Greeting, compression: Any) -> str:
    """Dial, close, and return what the dial failed with; nothing may be reported."""
    reported: list[dict[str, Any]] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, report: reported.append(report))
    options = dataclasses.replace(DIRECT, compression=compression)
    failure = ""
    async with RawServer(greeting) as server:
        try:
            connection = await ADAPTERS[adapter]().connect(server.url("/?t=hunter2"), options)
            assert connection.handshake.status == 101
            await connection.close(1000, "")
        except ConnectError as error:
            failure = str(error)
            assert len(failure) < 500
            assert failure.isprintable()
    assert "hunter2" not in failure
    assert reported == []
    return failure


@pytest.mark.parametrize("compression", ["deflate", None])
@pytest.mark.parametrize("what", AGREEING)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_it_is_taken_or_refused(adapter: str, what: str, compression: Any) -> None:
    failure = await dial(adapter, answer(GOOD + AGREEING[what], agree=True), compression)
    if what == "as it should be":
        assert not failure


@pytest.mark.parametrize("what", REFUSING)
@pytest.mark.parametrize("adapter", ADAPTERS)
async def test_it_is_refused(adapter: str, what: str) -> None:
    assert await dial(adapter, answer(REFUSING[what]), "deflate")


async def test_picows_says_that_it_has_no_window_of_8_bits() -> None:
    greeting = answer(GOOD + AGREEING["8 bits"], agree=True)
    failure = await dial("picows", greeting, "deflate")
    assert "client_max_window_bits=8, which zlib cannot; have it allow 9 or more" in failure
