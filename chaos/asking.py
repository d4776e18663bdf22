"""Requests in flight, all the time: each is answered rightly, or fails in time and as it may."""

from __future__ import annotations

import asyncio
import random

from wsengine import ConnectionClosed, EngineStateError, RequestTimeoutError

from .client import Client
from .settings import REQUEST_TIMEOUT, SLACK

MANY = 30
"""Requests in flight at which no more are made."""


class Asker:
    """Makes requests for one client.

    Args:
        client: The client.
        seed: Where chance begins.

    Attributes:
        answered: Requests with their reply.
        failed: Those that failed as they may: the session ended, or no reply came in time.
    """

    def __init__(self, client: Client, seed: int) -> None:
        self.answered = 0
        self.failed = 0
        self.paused = False
        self._client = client
        self._chance = random.Random(f"{seed}/{client.name}/requests")
        self._in_flight: set[asyncio.Task[None]] = set()

    async def run(self) -> None:
        """Make requests, without end."""
        number = 0
        try:
            while True:
                await asyncio.sleep(self._chance.uniform(0.02, 0.12))
                if not self.paused and len(self._in_flight) < MANY:
                    number += 1
                    self._begin(number)
        finally:
            for task in self._in_flight:
                task.cancel()
            await self.all_done()

    async def all_done(self) -> None:
        """Wait until no request is in flight; see whether that takes too long."""
        if not self._in_flight:
            return
        _, left = await asyncio.wait(self._in_flight, timeout=2 * (REQUEST_TIMEOUT + SLACK))
        if left:
            self._client.violated(f"{len(left)} requests hang")

    def _begin(self, number: int) -> None:
        of_session = self._chance.random() < 0.5
        task = asyncio.create_task(self._ask(f"{self._client.name}?{number}", of_session))
        self._in_flight.add(task)
        task.add_done_callback(self._in_flight.discard)

    async def _ask(self, text: str, of_session: bool) -> None:
        client, loop = self._client, asyncio.get_running_loop()
        began = loop.time()
        message = {"op": "echo", "text": text}
        session = client.engine.session
        try:
            if of_session and session is not None:
                reply = await session.request(message, timeout=REQUEST_TIMEOUT)
            else:
                reply = await client.engine.request(message, timeout=REQUEST_TIMEOUT)
        except (RequestTimeoutError, ConnectionClosed, EngineStateError):
            self.failed += 1
        except Exception as error:
            client.violated(f"a request failed with {error!r}")
        else:
            self.answered += 1
            if reply.get("text") != text:
                client.violated(f"request {text!r} was given the reply {reply}")
        took = loop.time() - began
        if took > REQUEST_TIMEOUT + SLACK + client.findings.stalled(took):
            client.violated(f"request {text!r} took {took:.1f} s")
