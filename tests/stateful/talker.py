"""A server with subscriptions and replies; it notes what no client may do."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from wsengine import ConnectOptions
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

ENDLESS = "d"
"""The key that has no message to unsubscribe: the server has it as long as the connection lasts."""

UNHEARD = (Reply.LATE, Reply.NEVER)
"""What the client takes for no reply at all."""


@dataclass
class Server:
    """What the server holds for one connection, and how it answers.

    Attributes:
        subscribed: The keys that the client is subscribed to.
        wrong: What no client may do.
        told: How each key was acknowledged, the last time that it was subscribed to.
        kept: Keys that it refused to unsubscribe: it has them, and the client cannot tell.
        versions: Of each key that it has, the version of the message that asked for it.
        queued: The numbers of the messages that came, one for each `{"queued": ...}`.
        waited: The same, for each `{"waited": ...}`.
    """

    connection: ScriptedConnection
    replies: list[Reply]
    acknowledgements: list[Reply]
    told: dict[str, Reply] = field(default_factory=dict)
    kept: set[str] = field(default_factory=set)
    subscribed: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    versions: dict[str, int] = field(default_factory=dict)
    queued: list[int] = field(default_factory=list)
    waited: list[int] = field(default_factory=list)

    def came(self, message: Any) -> None:
        """Take a message of the client."""
        reply = Reply.NOW
        if "id" in message:
            about_key = "subscribe" in message or "unsubscribe" in message
            reply = next_of(self.acknowledgements if about_key else self.replies)
            self.answer(message["id"], reply)
        match message:
            case {"subscribe": key, "version": version}:
                self.subscribe(key, version, reply)
            case {"unsubscribe": key, "version": version}:
                self.unsubscribe(key, version, reply)
            case {"queued": number}:
                self.queued.append(number)
            case {"waited": number}:
                self.waited.append(number)

    def subscribe(self, key: str, version: int, reply: Reply) -> None:
        """Subscribe the client to a key, unless that is refused."""
        self.told[key] = reply
        if key in self.subscribed and key not in self.kept and key != ENDLESS:
            self.wrong.append(f"{key} subscribed to twice")
        if reply is Reply.ERROR:
            return
        if key not in self.subscribed:
            self.subscribed.append(key)
        self.versions[key] = version
        self.kept.discard(key)

    def unsubscribe(self, key: str, version: int, reply: Reply) -> None:
        """End a subscription, unless that is refused. One that was refused is none to end.

        (The client may ask for that: it may not have read the refusal yet, or not in time.)
        """
        if key not in self.subscribed:
            if self.told.get(key) is not Reply.ERROR:
                self.wrong.append(f"{key} was not subscribed to")
        elif self.versions[key] != version and key not in self.kept:
            self.wrong.append(f"{key} was subscribed to by another message")
        elif reply is Reply.ERROR:
            self.kept.add(key)
        else:
            self.subscribed.remove(key)
            self.kept.discard(key)

    def failed(self, key: str) -> bool:
        """Return whether the client must take its subscription to a key for failed."""
        return self.told[key] is Reply.ERROR or self.told[key] in UNHEARD

    def answer(self, request_id: Any, reply: Reply) -> None:
        """Answer a request in one of the ways that servers have."""
        if reply is Reply.NEVER:
            return
        body = {"id": request_id, "answers": request_id}
        if reply is Reply.ERROR:
            body["error"] = "no"
        text = json.dumps(body)
        for _ in range(2 if reply is Reply.TWICE else 1):
            loop = asyncio.get_running_loop()
            loop.call_later(DELAYS.get(reply, 0.0), self.connection.feed, text)


def next_of(replies: list[Reply]) -> Reply:
    """Return the next reply; they come again and again."""
    replies.append(replies.pop(0))
    return replies[-1]


class TalkingConnection(ScriptedConnection):
    """A connection whose server takes what is sent."""

    def __init__(self, replies: list[Reply], acknowledgements: list[Reply]) -> None:
        super().__init__(Accept(), ping_delay=0.0)
        self.server = Server(self, replies, acknowledgements)

    async def send(self, message: SendableMessage) -> None:
        await super().send(message)
        self.server.came(json.loads(bytes(message) if not isinstance(message, str) else message))


class TalkingAdapter(ScriptedAdapter):
    """Makes connections with such a server."""

    def __init__(self) -> None:
        super().__init__()
        self.replies = [Reply.NOW]
        self.acknowledgements = [Reply.NOW]

    async def connect(self, url: str, options: ConnectOptions) -> ScriptedConnection:
        await super().connect(url, options)
        self.connections[-1] = TalkingConnection(self.replies, self.acknowledgements)
        return self.connections[-1]

    @property
    def servers(self) -> list[Server]:
        return [
            connection.server
            for connection in self.connections
            if isinstance(connection, TalkingConnection)
        ]
