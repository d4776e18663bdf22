"""The endpoint and the correlator of a client: they see everything, and note it in ledgers."""

from __future__ import annotations

import asyncio
import contextlib
from typing import TYPE_CHECKING, Any

from wsengine import (
    Close,
    ConnectionClosed,
    DecodeError,
    Endpoint,
    Engine,
    JsonCorrelator,
    RequestFailed,
    RequestTimeoutError,
    RestartFailure,
    Session,
)

from .ledger import Ledger
from .settings import POLICY

if TYPE_CHECKING:
    from .client import Client


class Deliberate(Exception):
    """Raised by a handler on purpose."""


class Watcher(Endpoint):
    """Notes every callback of one client.

    Args:
        client: The client.
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        client = self._client
        ledger = session.attributes["ledger"] = client.new_ledger()
        if client.dials % 3 == 0:
            await asyncio.sleep(0.01)
        if client.dials % 4 == 0:
            with contextlib.suppress(RequestTimeoutError, ConnectionClosed):
                await session.request({"op": "echo", "text": "on_open"}, timeout=0.5)
        ledger.open = True
        client.sessions_open += 1
        client.note(f"on_open of {ledger.connection}, restarting={restarting}")

    async def on_message(self, session: Session, message: Any) -> None:
        ledger: Ledger = session.attributes["ledger"]
        ledger.handling(message)
        try:
            await self._work(session, message["n"])
        finally:
            ledger.handled()

    async def _work(self, session: Session, number: int) -> None:
        """Take no time, or a little, or a round trip; or raise."""
        if number % 3 == 0:
            await asyncio.sleep(0)
        if number % 20 == 0:
            await asyncio.sleep(0.01)
        if number % 61 == 0:
            with contextlib.suppress(RequestTimeoutError, ConnectionClosed):
                await session.request({"op": "echo", "text": "on_message"}, timeout=0.5)
        if number % 211 == 0:
            raise Deliberate

    async def on_read_error(self, session: Session, error: Exception) -> None:
        self._client.note(f"on_read_error: {error}")
        if isinstance(error, DecodeError):
            session.attributes["ledger"].could_not_decode(error)

    async def on_close(self, session: Session, close: Close) -> None:
        client, ledger = self._client, session.attributes["ledger"]
        client.note(f"on_close of {ledger.connection}: {close}")
        ledger.close(close, session.stats())
        client.settle(ledger)
        if client.dials % 5 == 0:
            await asyncio.sleep(0.005)

    async def on_close_error(self, session: Session, error: Exception) -> None:
        self._client.note(f"on_close_error: {error}")

    async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        self._client.note(f"on_restart_error: attempt {failure.attempt}: {failure.error}")
        delay = failure.next_delay
        if delay is not None and delay > POLICY.max_delay:
            self._client.violated(f"a delay of {delay} s, above {POLICY.max_delay}")


class Witness(JsonCorrelator):
    """Matches by the field "id", and notes each reply that a request is given.

    Args:
        client: The client.
    """

    def __init__(self, client: Client) -> None:
        super().__init__("id")
        self._client = client

    def error(self, message: Any, /) -> RequestFailed | None:
        """Note a reply: the engine asks this of each, once, and of no other message."""
        self._client.ledger.replied(message)
        return None
