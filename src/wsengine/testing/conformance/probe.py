"""What a check works with: a server of its own, and connections of the adapter to it."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from typing import Any, TypeVar

from ...adapter import Adapter, Connection, Handshake, NativeReceive
from ...message import Message, SendableMessage
from ...options import ConnectOptions
from ..greetings import Greeting, upgrade
from ..peer import Peer
from ..rawserver import RawServer
from .registry import CheckSkipped

T = TypeVar("T")

DIRECT = ConnectOptions(proxy=None)
"""The default options, whatever proxy the environment names."""

CLEANUP = 2.0
"""Seconds for closing what a check left open."""


class Probe:
    """One check at work.

    Args:
        adapter: The adapter.
        server: A fresh server.
        natively: Whether `receive` is to go by `native_receive` and `translate`.
    """

    def __init__(self, adapter: Adapter, server: RawServer, *, natively: bool = False) -> None:
        self.adapter = adapter
        self.server = server
        self._natively = natively
        self._connections: list[Connection] = []
        self._tasks: list[asyncio.Task[Any]] = []

    async def connect(
        self,
        options: ConnectOptions = DIRECT,
        *,
        greeting: Greeting | None = None,
        target: str = "/",
    ) -> tuple[Connection, Peer]:
        """Connect to the server; return the client's side and the server's.

        Args:
            options: The options.
            greeting: How the server answers the handshake, if not just by agreeing.
            target: Path and query of the URL.
        """
        self.server.greeting = greeting or upgrade()
        connection = await self.dial(self.server.url(target), options)
        return connection, await self.server.next_peer()

    async def dial(self, url: str, options: ConnectOptions = DIRECT) -> Connection:
        """Have the adapter connect, to anywhere."""
        connection = await self.adapter.connect(url, options)
        self._connections.append(connection)
        if not self._natively:
            return connection
        if not isinstance(connection, NativeReceive):
            raise CheckSkipped("its connections do not offer native_receive and translate")
        return _ReadNatively(connection, connection)

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
        self.server.drop_clients()
        closings = [
            asyncio.create_task(_close_quietly(connection)) for connection in self._connections
        ]
        await _end(self._tasks, patience=0.0)
        await _end(closings, patience=CLEANUP)


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
