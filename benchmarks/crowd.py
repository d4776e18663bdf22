"""The server for a crowd: thousands of clients that say next to nothing.

It answers pings and close frames. A text message `{"vanish": seconds}` has it cut off all
clients at once and refuse every dial, until it listens again after so many seconds.

`python -m benchmarks.crowd CORE` prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Final

from .machine import allow_files, pin
from .server import end_with_standard_input
from .wire import Opcode, answer_to, frame, unmask

BACKLOG: Final = 4096


class Client(asyncio.Protocol):
    """One of the crowd. Its frames have less than 126 bytes."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._data = b""
        self._greeted = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._crowd.transports.add(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        self._crowd.transports.discard(self._transport)

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._greeted:
            request, end, self._data = self._data.partition(b"\r\n\r\n")
            if not end:
                self._data = request
                return
            self._transport.write(answer_to(request))
            self._greeted = True
        while len(self._data) > 1 and len(self._data) >= (size := 6 + (self._data[1] & 0x7F)):
            one, self._data = self._data[:size], self._data[size:]
            self._frame(one[0] & 0x0F, unmask(one[6:], one[2:6]))

    def _frame(self, opcode: int, payload: bytes) -> None:
        if opcode == Opcode.PING:
            self._transport.write(frame(payload, Opcode.PONG))
        elif opcode == Opcode.TEXT:
            self._crowd.vanish(json.loads(payload)["vanish"])
        elif opcode == Opcode.CLOSE:
            self._transport.write(frame(payload, Opcode.CLOSE))
            self._transport.close()


class Crowd:
    """All clients, and where they come in."""

    def __init__(self) -> None:
        self.transports: set[asyncio.Transport] = set()
        self._opening: asyncio.Task[int] | None = None

    async def open(self, port: int = 0) -> int:
        """Listen; return the port."""
        loop = asyncio.get_running_loop()
        self._listener = await loop.create_server(
            lambda: Client(self), "127.0.0.1", port, backlog=BACKLOG
        )
        self._port = int(self._listener.sockets[0].getsockname()[1])
        return self._port

    def vanish(self, seconds: float) -> None:
        """Cut off all clients, and refuse every dial for so long."""
        self._listener.close()
        for transport in list(self.transports):
            transport.abort()
        asyncio.get_running_loop().call_later(seconds, self._come_back)

    def _come_back(self) -> None:
        self._opening = asyncio.create_task(self.open(self._port))


async def main() -> None:
    """Serve until the end."""
    pin(int(sys.argv[1]))
    allow_files()
    end_with_standard_input()
    print(await Crowd().open(), flush=True)
    await asyncio.get_running_loop().create_future()


if __name__ == "__main__":
    asyncio.run(main())
