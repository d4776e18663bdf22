"""What the tests of the demo server share: an engine that speaks its protocol."""

from __future__ import annotations

import json
from typing import Any

from wsengine import Session
from wsengine.servers.demo import DemoServer

from .measuring import until
from .recorder import Recorder

SUBSCRIBE = json.dumps({"type": "subscribe_request", "topic": "heartbeat"})
ECHO = json.dumps({"type": "echo_request", "echo": "hello"})

HANDSHAKE = (
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)


class Talker(Recorder):
    """Says something whenever a connection is open, and keeps what it hears.

    Args:
        *first: What it says.
    """

    def __init__(self, *first: str) -> None:
        super().__init__()
        self.first = first

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        super().on_open(session, restarting=restarting)
        for text in self.first:
            await session.send(text)

    @property
    def session(self) -> Session:
        """The latest one."""
        return self.sessions[-1]

    def heard(self, kind: str) -> list[dict[str, Any]]:
        """Return the messages of one type."""
        messages = [json.loads(message) for message in self.messages]
        return [message for message in messages if message["type"] == kind]

    async def hear(self, kind: str, count: int = 1) -> dict[str, Any]:
        """Wait until so many messages of one type have come, and return the last one."""
        await until(lambda: len(self.heard(kind)) >= count)
        return self.heard(kind)[-1]

    async def hear_more(self, kind: str, more: int = 1) -> None:
        """Wait for so many messages of one type, from now on."""
        await self.hear(kind, len(self.heard(kind)) + more)


async def connected(server: DemoServer, clients: int = 1) -> None:
    """Wait until the server has so many clients."""
    await until(lambda: len(server.clients) == clients)
