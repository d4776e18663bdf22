"""A server with subscriptions and replies, and an endpoint that asks; both note what is wrong."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wsengine import (
    ConnectionClosed,
    ConnectOptions,
    Endpoint,
    EngineStateError,
    RequestFailed,
    RequestTimeoutError,
    Session,
)
from wsengine.message import SendableMessage
from wsengine.testing import ScriptedAdapter, ScriptedConnection
from wsengine.testing.script import Accept

TIMEOUT = 3.0
"""Seconds that a request waits."""


class Reply(StrEnum):
    """What the server does with a request."""

    NOW = "now"
    SLOW = "slow"
    LATE = "late"
    NEVER = "never"
    TWICE = "twice"
    ERROR = "error"


DELAYS = {Reply.SLOW: 0.5, Reply.LATE: TIMEOUT + 1}


@dataclass
class Server:
    """What the server holds for one connection, and how it answers.

    Attributes:
        subscribed: The keys that the client is subscribed to.
        wrong: What no client may do.
        queued: The numbers of the messages that came, one for each `{"queued": ...}`.
    """

    connection: ScriptedConnection
    replies: list[Reply]
    subscribed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    queued: list[int] = field(default_factory=list)

    def came(self, message: Any) -> None:
        """Take a message of the client."""
        match message:
            case {"subscribe": key}:
                if key in self.subscribed:
                    self.wrong.append(f"{key} subscribed to twice")
                self.subscribed.append(key)
            case {"unsubscribe": key}:
                if key not in self.subscribed:
                    self.wrong.append(f"{key} was not subscribed to")
                else:
                    self.subscribed.remove(key)
            case {"queued": number}:
                self.queued.append(number)
        if "id" in message:
            acknowledges = "subscribe" in message or "unsubscribe" in message
            self.answer(message["id"], Reply.NOW if acknowledges else self.replies.pop(0))

    def answer(self, request_id: Any, reply: Reply) -> None:
        """Answer a request in one of the ways that servers have."""
        self.replies.append(reply)
        if reply is Reply.NEVER:
            return
        body = {"id": request_id, "answers": request_id}
        if reply is Reply.ERROR:
            body["error"] = "no"
        text = json.dumps(body)
        for _ in range(2 if reply is Reply.TWICE else 1):
            loop = asyncio.get_running_loop()
            loop.call_later(DELAYS.get(reply, 0.0), self.connection.feed, text)


class TalkingConnection(ScriptedConnection):
    """A connection whose server takes what is sent."""

    def __init__(self, replies: list[Reply], *, ping_delay: float | None = 0.0) -> None:
        super().__init__(Accept(), ping_delay=ping_delay)
        self.server = Server(self, replies)

    async def send(self, message: SendableMessage) -> None:
        await super().send(message)
        self.server.came(json.loads(bytes(message) if not isinstance(message, str) else message))


class TalkingAdapter(ScriptedAdapter):
    """Makes connections with such a server."""

    def __init__(self) -> None:
        super().__init__()
        self.replies = [Reply.NOW]

    async def connect(self, url: str, options: ConnectOptions) -> ScriptedConnection:
        await super().connect(url, options)
        self.connections[-1] = TalkingConnection(self.replies)
        return self.connections[-1]

    @property
    def servers(self) -> list[Server]:
        return [
            connection.server
            for connection in self.connections
            if isinstance(connection, TalkingConnection)
        ]


class Asker(Endpoint):
    """Asks when it is told to, from inside its callbacks, and judges what comes of it."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.asked = 0
        self.ended = 0
        self.sessions: list[Session] = []
        self.opened: list[Session] = []
        self.asks_in_on_open = False
        self.seen: list[int] = []

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        self.sessions.append(session)
        if restarting == (session.gap is None):
            self.wrong.append("gap and restarting do not agree")
        if self.asks_in_on_open:
            await self.ask(session)
        self.opened.append(session)

    async def on_message(self, session: Session, message: Any) -> None:
        if session not in self.opened:
            self.wrong.append("on_message before on_open was done")
        self.note(message)
        if "ask" in message:
            await self.ask(session)

    def note(self, message: Any) -> None:
        """Note that a message was seen; late replies are messages, too."""
        self.seen += [message[kind] for kind in ("ask", "say") if kind in message]

    async def ask(self, session: Any, *, timeout: float = TIMEOUT) -> None:
        """Ask, by a session or an engine; the reply must be that of this very request."""
        self.asked += 1
        loop = asyncio.get_running_loop()
        began = loop.time()
        request_id = f"r{self.asked}"
        try:
            reply = await session.request({"id": request_id, "op": "x"}, timeout=timeout)
            if reply["answers"] != request_id:
                self.wrong.append(f"{request_id} got the reply to {reply['answers']}")
        except RequestTimeoutError:
            if loop.time() - began < timeout - 0.001:
                self.wrong.append(f"{request_id} gave up too early")
            if isinstance(session, Session) and session.closed is not None:
                self.wrong.append(f"{request_id} waited on although the session was over")
        except (RequestFailed, ConnectionClosed, EngineStateError):
            pass
        finally:
            self.ended += 1
        if loop.time() - began > timeout + 0.001:
            self.wrong.append(f"{request_id} waited {loop.time() - began} s")
