"""A session of a real server as bytes, and a server that plays such bytes back, spoilt."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from wsengine.testing.wire import accept_key

LINES = "one\ntwo\nthree"
"""A message that is sent in fragments, one for each line."""

SPOKEN: tuple[str | bytes, ...] = (
    "hello",
    b"\x00\x01\x02",
    "\N{EURO SIGN} and \N{SNOWMAN}",
    LINES,
    b"x" * 300,
    "a" * 70_000,
    "last",
)
"""The messages of the session, between a ping and the close."""

_KEY = "dGhlIHNhbXBsZSBub25jZQ=="
_REQUEST = (
    "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    f"Sec-WebSocket-Key: {_KEY}\r\nSec-WebSocket-Version: 13\r\n"
)
_OFFER = "Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits\r\n"


async def record(*, compressed: bool) -> bytes:
    """Have a server speak, and return all that it sends."""

    async def speak(connection: ServerConnection) -> None:
        await connection.ping(b"ping")
        for message in SPOKEN:
            await connection.send(LINES.splitlines(keepends=True) if message == LINES else message)
        await connection.close(1001, "enough")

    options = {"ping_interval": None, "close_timeout": 0.1}
    async with serve(speak, "127.0.0.1", 0, **options) as server:  # type: ignore[arg-type]
        port = next(iter(server.sockets)).getsockname()[1]
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write((_REQUEST + (_OFFER if compressed else "") + "\r\n").encode())
        try:
            with contextlib.suppress(ConnectionClosed):
                return await reader.read(-1)
        finally:
            writer.close()
            await writer.wait_closed()
    raise AssertionError("the server sent nothing")


@dataclass(frozen=True)
class Change:
    """One thing that happens to a stream.

    Args:
        kind: What happens.
        place: Where: how many bytes behind the beginning, as often around as need be.
        size: How many bytes it concerns.
        data: What is put there.
    """

    kind: str
    place: int
    size: int
    data: bytes


def spoil(stream: bytes, changes: Sequence[Change]) -> tuple[bytes, int]:
    """Return the stream after the changes, and how many bytes at its beginning are untouched."""
    intact = len(stream)
    for change in changes:
        at = change.place % (len(stream) + 1)
        until = at + change.size
        intact = min(intact, at)
        new = {
            "insert": change.data + stream[at:until],
            "replace": change.data,
            "delete": b"",
            "double": stream[at:until] * 2,
            "flip": bytes(byte ^ (change.data or b"\x01")[0] for byte in stream[at:until]),
        }
        if change.kind == "truncate":
            stream = stream[:at]
        else:
            stream = stream[:at] + new[change.kind] + stream[until:]
    return stream, min(intact, len(stream))


Cuts: TypeAlias = Sequence[int]
"""Where the stream is cut into segments."""


class Player:
    """A server that answers every client with a stream.

    Args:
        stream: What a server has sent to a client with the key of `record`.
    """

    def __init__(self, stream: bytes) -> None:
        self._stream = stream
        self._changes: Sequence[Change] = ()
        self._cuts: Cuts = ()
        self._tasks: set[asyncio.Task[Any]] = set()
        self.intact = 0
        """How many bytes of the stream the last client was sent before the first change."""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """Listen; gives the URL."""
        server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        try:
            yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
        finally:
            server.close()
            await server.wait_closed()

    def prepare(self, changes: Sequence[Change], cuts: Cuts) -> None:
        """Say how the stream is to be spoilt for the next client."""
        self._changes, self._cuts = changes, cuts

    async def idle(self) -> None:
        """Wait until all clients are gone."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            lines = [line.partition(": ") for line in head.split("\r\n")]
            key = next(value for name, _, value in lines if name.lower() == "sec-websocket-key")
            answer = self._stream.replace(accept_key(_KEY).encode(), accept_key(key).encode(), 1)
            await self._play(answer, writer)
            while await reader.read(65536):
                pass
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()

    async def _play(self, answer: bytes, writer: asyncio.StreamWriter) -> None:
        data, self.intact = spoil(answer, self._changes)
        places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in self._cuts)})
        for start, stop in itertools.pairwise(places):
            writer.write(data[start:stop])
            await writer.drain()
            for _ in range(3):  # the event loop finds that the client can read, and it reads
                await asyncio.sleep(0)
        if writer.can_write_eof():
            writer.write_eof()
