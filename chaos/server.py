"""The server, in a process of its own: it numbers what it sends, and knows who subscribed to what.

    python -m chaos.server PORT

The port (0: a free one) comes on the first line of the output. Then comes a line of JSON for each
connection that the server itself has ended: `{"connection": ..., "sent": ..., "how": ...}`.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import random
import signal
import sys
from typing import Any, Final

from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from .wire import Sealed, padding

PAUSE: Final = 0.03
"""Seconds between two messages of the feed, on the average."""

BURST: Final = 150
"""Messages that come at once, now and then."""

CODES: Final = (1000, 1001, 1011, 4000)
"""The close codes of the server."""


class Client:
    """One connection, as the server sees it."""

    def __init__(self, socket: ServerConnection) -> None:
        self.name = socket.request.path.strip("/") if socket.request else ""
        self.sent = 0
        self.topics: set[str] = set()
        self.doubled = 0
        """Subscriptions that came although they were there."""
        self.ending = False
        self._socket = socket
        self._codec = Sealed()
        self._turn = asyncio.Lock()
        self._chance = random.Random(self.name)

    async def say(self, **fields: Any) -> None:
        """Send one numbered message."""
        async with self._turn:
            if self.ending:
                return
            number = self.sent + 1
            message = {"c": self.name, "n": number, "pad": padding(self.name, number), **fields}
            await self._socket.send(self._codec.encode(message))
            self.sent = number

    async def feed(self) -> None:
        """Send messages, to the end of the connection."""
        while not self.ending:
            pause = self._chance.uniform(0, 2 * PAUSE)
            await asyncio.sleep(pause)
            for _ in range(BURST if self._chance.random() < 0.003 else 1):
                await self.say(topic=self._chance.choice([None, *sorted(self.topics)]))

    async def listen(self) -> None:
        """Do what the client asks for."""
        async for message in self._socket:
            try:
                asked = self._codec.decode(message)
            except ValueError:
                await self._socket.close(4002, "the checksum does not fit")
                return
            await self._answer(asked)

    async def _answer(self, asked: dict[str, Any]) -> None:
        match asked:
            case {"op": "echo", "id": request, "text": text}:
                await self.say(id=request, text=text)
            case {"op": "topics", "id": request}:
                await self.say(id=request, topics=sorted(self.topics), doubled=self.doubled)
            case {"op": "subscribe", "topic": topic}:
                self.doubled += topic in self.topics
                self.topics.add(topic)
                await self._acknowledge(asked)
            case {"op": "unsubscribe", "topic": topic}:
                self.topics.discard(topic)
                await self._acknowledge(asked)
            case {"op": "end", "how": how}:
                await self._end(how)

    async def _acknowledge(self, asked: dict[str, Any]) -> None:
        if "id" in asked:
            await self.say(id=asked["id"])

    async def _end(self, how: str) -> None:
        async with self._turn:
            if self.ending:
                return
            self.ending = True
        ended = {"connection": self.name, "sent": self.sent, "how": how}
        sys.stdout.write(json.dumps(ended) + "\n")
        sys.stdout.flush()
        if how == "close":
            await self._socket.close(self._chance.choice(CODES), f"sent {self.sent}")
        elif how == "fin":
            self._socket.transport.write_eof()
        else:
            self._socket.transport.abort()


async def attend(socket: ServerConnection) -> None:
    """Serve one connection."""
    client = Client(socket)
    await client.say(hello=True)
    feeding = asyncio.create_task(client.feed())
    try:
        with contextlib.suppress(ConnectionClosed):
            await client.listen()
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})
        if not feeding.cancelled() and not isinstance(feeding.exception(), ConnectionClosed):
            feeding.result()


async def main(port: int) -> None:
    """Serve until the process is ended, or whoever started it has gone."""
    loop = asyncio.get_running_loop()
    gone = asyncio.Event()
    loop.add_reader(sys.stdin.fileno(), gone.set)
    async with serve(attend, "127.0.0.1", port, ping_interval=None, close_timeout=1.0) as server:
        sys.stdout.write(f"{next(iter(server.sockets)).getsockname()[1]}\n")
        sys.stdout.flush()
        await gone.wait()
        server.close(close_connections=True)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for whoever started it
    logging.disable()  # clients are cut off at every turn
    asyncio.run(main(int(sys.argv[1])))
