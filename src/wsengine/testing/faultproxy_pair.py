"""One client of a fault proxy, and its connection to the server."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

from .faultproxy_conditions import Cut
from .faultproxy_way import CHUNK, Network, Way

Address: TypeAlias = tuple[socket.AddressFamily, tuple[object, ...]]

LINGER: Final = 1.0
"""Seconds that a side has to close too, after it was sent a FIN by a cut."""

_RESET: Final = struct.pack("ii", 1, 0)
"""The value of SO_LINGER by which the end of a socket is a RST."""


class Pair:
    """Two sockets, and what passes between them.

    Args:
        network: The conditions.
        number: Which of the proxy's connections it is, from 1.
        client: The client's socket; `close` closes it.
        addresses: Where the server is; each is tried.
    """

    def __init__(
        self, network: Network, number: int, client: socket.socket, addresses: Sequence[Address]
    ) -> None:
        self._network = network
        self._network.counts.open += 1
        self._number = number
        self._client = client
        self._addresses = addresses
        self._sockets = [client]
        self._loop = asyncio.get_running_loop()
        self._cut: asyncio.Future[Cut] = self._loop.create_future()
        self.severed = asyncio.Event()
        """Set when both sides have been told of the end."""

    def cut(self, how: Cut) -> None:
        """Ask for the end; what is under way is lost."""
        if not self._cut.done():
            self._cut.set_result(how)

    async def run(self) -> None:
        """Carry bytes both ways until both sides have closed, one breaks off, or it is cut.

        Whoever made the pair closes it afterwards, also when this was cancelled before it began.
        """
        working = asyncio.create_task(self._work())
        try:
            ends: set[asyncio.Future[Any]] = {working, self._cut}
            await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            working.cancel()
            await asyncio.wait({working})
            if self._cut.done():
                await self._sever(self._cut.result())
            elif isinstance(working.exception(), OSError):
                self._reset()  # one side has broken off: the other learns of it
            else:
                working.result()
        finally:
            working.cancel()
            await asyncio.wait({working})

    def close(self) -> None:
        """Close both sockets; a plain function, as a cancelled task waits for nothing more."""
        for end in self._sockets:
            end.close()
        self.severed.set()
        self._network.counts.open -= 1

    async def _work(self) -> None:
        server = await self._reach_server()
        network, number = self._network, self._number
        up = Way(network, "up", self._client, server, network.chance(number, "up"))
        down = Way(network, "down", server, self._client, network.chance(number, "down"))
        ways = [asyncio.create_task(way.run()) for way in (up, down)]
        try:
            done, _ = await asyncio.wait(ways, return_when=asyncio.FIRST_EXCEPTION)
            for way in done:
                way.result()
        finally:
            await _end(ways)

    async def _reach_server(self) -> socket.socket:
        error = OSError("the server has no address")
        for family, address in self._addresses:
            server = socket.socket(family, socket.SOCK_STREAM)
            self._sockets.append(server)
            server.setblocking(False)
            server.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            try:
                await self._loop.sock_connect(server, address)
            except OSError as failed:
                error = failed
            else:
                return server
        self._network.counts.unreachable += 1
        raise error

    async def _sever(self, how: Cut) -> None:
        counts = self._network.counts
        if how == "rst":
            counts.cut_rst += 1
            self._reset()
            return
        counts.cut_fin += 1
        for end in self._sockets:
            with contextlib.suppress(OSError):  # it is not connected any more
                end.shutdown(socket.SHUT_WR)
        self.severed.set()
        # A socket that is closed with bytes unread in it sends a RST instead: read them.
        reading = [asyncio.create_task(self._read_out(end)) for end in self._sockets]
        try:
            await asyncio.wait(reading, timeout=LINGER)
        finally:
            await _end(reading)

    async def _read_out(self, end: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while await self._loop.sock_recv(end, CHUNK):
                pass

    def _reset(self) -> None:
        for end in self._sockets:
            reset_at_close(end)


def reset_at_close(end: socket.socket) -> None:
    """Have a socket send a RST when it is closed."""
    with contextlib.suppress(OSError):
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)


async def _end(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
