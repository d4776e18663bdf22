"""What a check works with: a server of its own, and connections of the adapter to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Coroutine
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeAlias, TypeVar

from ...adapter import Adapter, Connection, Handshake, NativeReceive
from ...errors import MissingDependencyError
from ...message import Message, SendableMessage
from ...options import ConnectOptions
from ..certificates import Certificates
from ..greetings import Greeting, upgrade
from ..peer import Peer
from ..rawserver import RawServer
from .registry import CheckSkipped

T = TypeVar("T")

DIRECT = ConnectOptions(proxy=None)
"""The default options, whatever proxy the environment names."""

UnixSource: TypeAlias = Callable[[str], Adapter | AbstractAsyncContextManager[Adapter]]
"""A function that makes an adapter for the unix socket at a path, whatever the URL says.

Where something has to be closed afterwards, it is an asynchronous context manager.
"""

CLEANUP = 2.0
"""Seconds for closing what a check left open."""


class Probe:
    """One check at work.

    Args:
        adapter: The adapter.
        server: A fresh server.
        natively: Whether `receive` is to go by `native_receive` and `translate`.
        unix: Makes an adapter for a unix socket; `None` where there is none.
        cannot: Why the adapter cannot do what is checked; `None` where it is to do it.
    """

    def __init__(
        self,
        adapter: Adapter,
        server: RawServer,
        *,
        natively: bool = False,
        unix: UnixSource | None = None,
        cannot: str | None = None,
    ) -> None:
        self.adapter = adapter
        self.server = server
        self.unix = unix
        self.cannot = cannot
        self._natively = natively
        self._servers = [server]
        self._resources = contextlib.AsyncExitStack()
        self._connections: list[Connection] = []
        self._tasks: list[asyncio.Task[Any]] = []

    async def connect(
        self,
        options: ConnectOptions = DIRECT,
        *,
        greeting: Greeting | None = None,
        target: str = "/",
        server: RawServer | None = None,
    ) -> tuple[Connection, Peer]:
        """Connect to the server; return the client's side and the server's.

        Args:
            options: The options.
            greeting: How the server answers the handshake, if not just by agreeing.
            target: Path and query of the URL.
            server: Another server to connect to.
        """
        server = server or self.server
        server.greeting = greeting or upgrade()
        connection = await self.dial(server.url(target), options)
        return connection, await server.next_peer()

    async def dial(self, url: str, options: ConnectOptions = DIRECT) -> Connection:
        """Have the adapter connect, to anywhere."""
        connection = await self.adapter.connect(url, options)
        self._connections.append(connection)
        if not self._natively:
            return connection
        if not isinstance(connection, NativeReceive):
            raise CheckSkipped("its connections do not offer native_receive and translate")
        return _ReadNatively(connection, connection)

    async def use(self, resource: AbstractAsyncContextManager[T]) -> T:
        """Enter what is to be left when the check ends."""
        return await self._resources.enter_async_context(resource)

    async def serve(self, **settings: Any) -> RawServer:
        """Start one more server, with these settings of `RawServer`, until the check ends."""
        server = await self.use(RawServer(**settings))
        server.faults = self.server.faults  # whichever server sees one: the check has failed
        self._servers.append(server)
        return server

    def certificates(self) -> Certificates:
        """Return an authority for servers that speak TLS.

        Raises:
            CheckSkipped: What makes its certificates is not installed.
        """
        try:
            return Certificates()
        except MissingDependencyError as error:
            raise CheckSkipped(str(error)) from error

    def start(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something beside the check; it is cancelled when the check ends."""
        task = asyncio.create_task(work)
        self._tasks.append(task)
        return task

    async def start_and_wait(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Run something beside the check, and return when it has begun to wait."""
        task = self.start(work)
        await turns(3)
        return task

    async def finish(self) -> None:
        """Close whatever the check left open."""
        for server in self._servers:
            server.drop_clients()
        closings = [
            asyncio.create_task(_close_quietly(connection)) for connection in self._connections
        ]
        await _end(self._tasks, patience=0.0)
        await _end(closings, patience=CLEANUP)
        await self._resources.aclose()


class _ReadNatively:
    """A connection whose `receive` does what the engine's reader does with `NativeReceive`."""

    def __init__(self, connection: Connection, reading: NativeReceive) -> None:
        self._connection = connection
        self._reading = reading
        self._receive = reading.native_receive

    @property
    def handshake(self) -> Handshake:
        return self._connection.handshake

    @property
    def native(self) -> Any:
        return self._connection.native

    async def receive(self) -> Message:
        try:
            return await self._receive()
        except Exception as error:
            translated = self._reading.translate(error)
            if translated is error:
                raise
            raise translated from error

    async def send(self, message: SendableMessage) -> None:
        await self._connection.send(message)

    async def ping(self) -> float:
        return await self._connection.ping()

    async def close(self, code: int, reason: str) -> None:
        await self._connection.close(code, reason)


async def turns(count: int) -> None:
    """Let the event loop take some turns."""
    for _ in range(count):
        await asyncio.sleep(0)


async def _close_quietly(connection: Connection) -> None:
    with contextlib.suppress(Exception):  # the check has said what it had to say
        await connection.close(1000, "")


async def _end(tasks: list[asyncio.Task[Any]], *, patience: float) -> None:
    """Wait for tasks, then cancel them, and look at how they ended."""
    if not tasks:
        return
    _, late = await asyncio.wait(tasks, timeout=patience)
    for task in late:
        task.cancel()
    if late:
        await asyncio.wait(late, timeout=CLEANUP)
    for task in tasks:
        if task.done() and not task.cancelled():
            task.exception()  # seen: or the event loop would report it
