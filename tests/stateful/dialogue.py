"""A server with subscriptions and replies, and an endpoint that asks; both note what is wrong."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Hashable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wsengine import (
    Close,
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

REST = 0.7
"""Seconds that a handler of `{"rest": ...}` takes."""

TOIL = 10.0
"""Seconds that one of `{"toil": ...}` takes: a stop has to cut it off."""

KINDS = ("ask", "say", "rest", "toil")
"""What the server's messages are; the value is their number."""


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


def number_of(message: Any) -> int | None:
    """Return the number of a message; a reply that came late has none."""
    return next((message[kind] for kind in KINDS if kind in message), None)


class Asker(Endpoint):
    """Asks when it is told to, from inside its callbacks, and judges what comes of it.

    Args:
        workers: How many handlers may run at once.
        keys: How many keys there are, or 0: then messages are in one order.
    """

    def __init__(self, workers: int, keys: int = 0) -> None:
        self.workers = workers
        self.keys = keys
        self.running: list[tuple[Session, Any]] = []
        self.closed: list[Session] = []
        self.wrong: list[str] = []
        self.asked = 0
        self.ended = 0
        self.answered = 0
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
        self.judge_start(session, message)
        self.note(message)
        self.running.append((session, message))
        try:
            if "ask" in message:
                await self.ask(session)
            elif "rest" in message or "toil" in message:
                await asyncio.sleep(REST if "rest" in message else TOIL)
        finally:
            self.running.remove((session, message))
            if session in self.closed:
                self.wrong.append(f"on_message {message} ran on after on_close")

    async def on_close(self, session: Session, close: Close) -> None:
        if session not in self.opened or session in self.closed:
            self.wrong.append("on_close of a session that is not open")
        if beside := self.of(session):
            self.wrong.append(f"on_close while handlers run: {beside}")
        self.closed.append(session)

    def judge_start(self, session: Session, message: Any) -> None:
        """Note what is wrong with the start of a handler."""
        if session not in self.opened:
            self.wrong.append(f"on_message {message} before on_open was done")
        if session in self.closed:
            self.wrong.append(f"on_message {message} after on_close")
        if session.closed is not None and session.closed.client_initiated:
            self.wrong.append(f"on_message {message} after an exit or restart")
        beside = self.of(session)
        if len(beside) >= self.workers:
            self.wrong.append(f"on_message {message} beside {beside}: too many")
        if self.keys and self.key(message) in map(self.key, beside):
            self.wrong.append(f"on_message {message} beside {beside}: two of one key")

    def of(self, session: Session) -> list[Any]:
        """Return the messages of a session whose handlers run."""
        return [message for its_session, message in self.running if its_session is session]

    def key(self, message: Any) -> Hashable:
        """Return the key of a message, for `order_by`; replies have such keys as well."""
        number = number_of(message)
        return int(message["answers"][1:] if number is None else number) % max(self.keys, 1)

    def note(self, message: Any) -> None:
        """Note that a message was seen; late replies are messages, too."""
        number = number_of(message)
        if number is not None:
            self.seen.append(number)

    @property
    def in_order(self) -> bool:
        """Whether the messages of each key were seen in order, and none twice."""
        keys = max(self.keys, 1)
        lanes = [[number for number in self.seen if number % keys == key] for key in range(keys)]
        return all(lane == sorted(set(lane)) for lane in lanes)

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
            self.answered += 1
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
