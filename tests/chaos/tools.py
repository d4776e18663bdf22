"""A client of the chaos run whose engine does what a test says."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

from chaos.client import Client
from chaos.findings import Findings

from wsengine import Engine, EngineState, RequestTimeoutError

Message = dict[str, Any]


def timed_out() -> RequestTimeoutError:
    return RequestTimeoutError(1, 1.0)


async def echo(message: Message) -> Message:
    """Reply as the server does."""
    await asyncio.sleep(0.05)
    return {"text": message["text"]}


class Pretender:
    """Looks like an engine. Its times are virtual."""

    def __init__(self) -> None:
        self.state = EngineState.OPEN
        self.session: Any = None
        self.subscriptions: list[Any] = []
        self.reply: Callable[[Message], Awaitable[Message]] = echo
        self.stop_takes = 0.0

    def subscribe(self, *topics: str) -> None:
        self.subscriptions = [SimpleNamespace(key=topic) for topic in topics]

    async def start(self) -> None:
        pass

    def restart(self) -> None:
        pass

    async def request(self, message: Message, *, timeout: float) -> Message:
        return await self.reply(message)

    async def stop(self) -> None:
        await asyncio.sleep(self.stop_takes)
        self.state = EngineState.STOPPED


def pretending(pretender: Pretender) -> Client:
    """Return a client with such an engine; nothing was started."""
    client = Client("picows-8", "picows", 8, "127.0.0.1:9", 1, Findings())
    client.engine = cast("Engine", pretender)
    return client


def only_violation(client: Client) -> str:
    """Return the one thing that was found wrong."""
    (found,) = client.findings.violations
    return found
