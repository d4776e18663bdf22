"""Small proxies for tests: HTTP CONNECT (RFC 9110 section 9.3.6) and SOCKS 5 (RFC 1928).

    async with RawServer() as server, HttpProxy(server.port) as proxy:
        options = ConnectOptions(proxy=proxy.url())
        connection = await adapter.connect("ws://service.test:8080/", options)
        assert proxy.asked == ["service.test:8080"]

Whatever host a client asks for, it gets to the one server: names need no DNS.
"""

from __future__ import annotations

import abc
import asyncio
import base64
import contextlib
import ipaddress
from types import TracebackType
from typing import Any, Self

from .peer import Peer, Request
from .wire import WireError


class Proxy(abc.ABC):
    """What both kinds have in common: clients come, are checked, and are led to the server.

    Args:
        to: The port of the server, on the loopback.
        user: User and password that a client must give; any client may come without.
        hangs: Whether it reads what a client asks for, and never answers.

    Attributes:
        asked: The hosts and ports that clients asked for, as "host:port".
        faults: What clients did that the protocol of the proxy forbids.
    """

    scheme = ""

    def __init__(
        self, to: int, *, user: tuple[str, str] | None = None, hangs: bool = False
    ) -> None:
        self.asked: list[str] = []
        self.faults: list[WireError] = []
        self._to = to
        self._user = user
        self._hangs = hangs
        self._came = asyncio.Event()
        self._writers: list[asyncio.StreamWriter] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._welcome, "127.0.0.1", 0)
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)
        for writer in self._writers:
            writer.transport.abort()
        await self._server.wait_closed()
        await asyncio.sleep(0)  # an aborted transport closes its socket a turn later

    def url(self, scheme: str | None = None, user: tuple[str, str] | None = None) -> str:
        """Return its URL, with another scheme or with user and password."""
        port = self._server.sockets[0].getsockname()[1]
        login = f"{user[0]}:{user[1]}@" if user else ""
        return f"{scheme or self.scheme}://{login}127.0.0.1:{port}"

    async def was_asked(self) -> None:
        """Wait until a client has asked for a host."""
        await self._came.wait()

    async def all_left(self) -> None:
        """Wait until no client is there any more."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    def _welcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.append(writer)
        task = asyncio.create_task(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            if await self._agree(reader, writer):
                await self._lead(reader, writer)
        except (OSError, EOFError):
            pass  # the client, or the server, has gone away: that may be what is tested
        except WireError as error:
            self.faults.append(error)
        finally:
            writer.close()

    @abc.abstractmethod
    async def _agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Hear what the client wants; return whether it gets it."""

    async def _hear(self, asked: str, reader: asyncio.StreamReader) -> None:
        """Note what is asked for; keep waiting a client that is to get no answer."""
        self.asked.append(asked)
        self._came.set()
        if self._hangs:
            await reader.read()
            raise EOFError("the client gave up")

    async def _lead(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        back, forth = await asyncio.open_connection("127.0.0.1", self._to)
        self._writers.append(forth)
        ways = [asyncio.create_task(_pipe(reader, forth)), asyncio.create_task(_pipe(back, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.wait(ways)
            forth.close()


class HttpProxy(Proxy):
    """An HTTP proxy.

    Args:
        to: As for `Proxy`.
        answer: Status and phrase of its answer, such as "502 Bad Gateway".
        **settings: As for `Proxy`.

    Attributes:
        requests: The clients' requests.
    """

    scheme = "http"

    def __init__(
        self, to: int, *, answer: str = "200 Connection established", **settings: Any
    ) -> None:
        super().__init__(to, **settings)
        self.requests: list[Request] = []
        self._answer = answer

    async def _agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        request = await Peer(reader, writer).read_request()
        if request.method != "CONNECT":
            raise WireError(f"a proxy must be asked to CONNECT, not to {request.method}")
        self.requests.append(request)
        await self._hear(request.target, reader)
        answer = self._answer if self._knows(request) else "407 Proxy Authentication Required"
        more = 'Proxy-Authenticate: Basic realm="tests"\r\n' if answer[:3] == "407" else ""
        more += "" if answer[:3] == "200" else "Content-Length: 0\r\n"
        writer.write(f"HTTP/1.1 {answer}\r\n{more}\r\n".encode())
        return answer.startswith("200")

    def _knows(self, request: Request) -> bool:
        if self._user is None:
            return True
        token = base64.b64encode(":".join(self._user).encode()).decode()
        return request.all("proxy-authorization") == [f"Basic {token}"]


class Socks5Proxy(Proxy):
    """A SOCKS 5 proxy.

    Args:
        to: As for `Proxy`.
        reply: What it replies (RFC 1928 section 6): 0 if it agrees, 2 if its rules forbid it.
        **settings: As for `Proxy`.
    """

    scheme = "socks5h"

    def __init__(self, to: int, *, reply: int = 0, **settings: Any) -> None:
        super().__init__(to, **settings)
        self._reply = reply

    async def _agree(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        version, count = await reader.readexactly(2)
        methods = await reader.readexactly(count)
        if version != 5:
            raise WireError(f"SOCKS must begin with version 5, not {version}")
        wanted = 0 if self._user is None else 2
        if wanted not in methods:
            writer.write(b"\x05\xff")
            return False
        writer.write(bytes([5, wanted]))
        if self._user is not None and not await self._knows(reader, writer, self._user):
            return False
        version, command, _, kind = await reader.readexactly(4)
        if (version, command) != (5, 1):
            raise WireError(f"a SOCKS client must ask to connect, not {version} {command}")
        host = await _read_host(reader, kind)
        port = int.from_bytes(await reader.readexactly(2))
        await self._hear(f"{host}:{port}", reader)
        writer.write(bytes([5, self._reply, 0, 1, 127, 0, 0, 1, 0, 0]))
        return self._reply == 0

    async def _knows(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, user: tuple[str, str]
    ) -> bool:
        """Ask for user and password (RFC 1929)."""
        await reader.readexactly(1)
        given = []
        for _ in range(2):
            (size,) = await reader.readexactly(1)
            given.append((await reader.readexactly(size)).decode())
        right = tuple(given) == user
        writer.write(bytes([1, not right]))
        return right


async def _read_host(reader: asyncio.StreamReader, kind: int) -> str:
    if kind == 3:
        (size,) = await reader.readexactly(1)
        return (await reader.readexactly(size)).decode()
    if kind not in {1, 4}:
        raise WireError(f"there is no SOCKS address of type {kind}")
    return str(ipaddress.ip_address(await reader.readexactly(4 if kind == 1 else 16)))


async def _pipe(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(OSError):
        while data := await reader.read(1 << 16):
            writer.write(data)
            await writer.drain()
