"""A server whose behaviour may be another at each dial, and which may be away."""

from __future__ import annotations

import asyncio
import contextlib
import ssl as ssl_module
import time
from types import TracebackType
from typing import Self

from wsengine.testing.greetings import Greeting, upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.wire import Frame, Opcode, WireError, parse_close


class Site:
    """Listens on the loopback, at a port that it keeps.

    Args:
        *first: How it greets the first clients, one each.
        then: How it greets the others; left out, it is a good server.
        ssl: The TLS context to speak TLS with.

    Attributes:
        dials: When clients came.
        requests: The headers of their requests.
        closes: The close frames that clients began with, or answered.
        texts: The messages of clients, and when they came.
        gone: When their connections ended.
    """

    def __init__(
        self,
        *first: Greeting,
        then: Greeting | None = None,
        ssl: ssl_module.SSLContext | None = None,
    ) -> None:
        self.dials: list[float] = []
        self.requests: list[dict[str, str]] = []
        self.closes: list[int | None] = []
        self.texts: list[tuple[float, str]] = []
        self.gone: list[float] = []
        self.peers: list[Peer] = []
        self.port = 0
        self._greetings = iter(first)
        self._then = then or self.be_good
        self._ssl = ssl
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.go_away()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        await asyncio.sleep(0)

    @property
    def url(self) -> str:
        """Its WebSocket URL."""
        return f"{'wss' if self._ssl else 'ws'}://127.0.0.1:{self.port}/"

    async def listen(self) -> None:
        """Be there (again)."""
        self._server = await asyncio.start_server(
            self._welcome, "127.0.0.1", self.port, ssl=self._ssl, backlog=4096
        )
        self.port = self._server.sockets[0].getsockname()[1]

    def go_away(self) -> None:
        """End every connection by a RST, and listen no more: a dial is refused."""
        self._server.close()
        self.cut()

    def cut(self) -> None:
        """End every connection by a RST."""
        for peer in self.peers:
            peer.reset()

    async def be_good(self, peer: Peer) -> None:
        """Agree to the handshake, answer pings and the close, and note what comes."""
        await self.upgrade(peer)
        await self.read(peer)

    async def upgrade(self, peer: Peer) -> None:
        """Agree to the handshake."""
        await upgrade()(peer)
        self.requests.append(dict(peer.request.headers))

    async def read(self, peer: Peer) -> None:
        """Read until the client is gone."""
        with contextlib.suppress(OSError, EOFError, WireError):
            while True:
                frame = await peer.next_frame(Opcode.TEXT, Opcode.CLOSE)
                if frame.opcode == Opcode.CLOSE:
                    self.closes.append(parse_close(frame)[0])
                    peer.send(Frame(Opcode.CLOSE, frame.payload))
                    break
                self.texts.append((time.monotonic(), frame.payload.decode()))
        self.gone.append(time.monotonic())
        peer.hang_up()

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.dials.append(time.monotonic())
        peer = Peer(reader, writer)
        self.peers.append(peer)
        task = asyncio.create_task(self._greet(peer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _greet(self, peer: Peer) -> None:
        greeting = next(self._greetings, self._then)
        with contextlib.suppress(OSError, EOFError, WireError):
            await greeting(peer)
