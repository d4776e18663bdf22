"""Carrying the plan out: what each kind of step does to a client."""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

from wsengine import ConnectionClosed, DecodeError

from .client import Client
from .plan import Step

TOPICS = tuple(f"topic-{number}" for number in range(10))

CONDITIONS: dict[str, Callable[[float], dict[str, Any]]] = {
    "blackhole_up": lambda _: {"blackhole": "up"},
    "blackhole_down": lambda _: {"blackhole": "down"},
    "blackhole_both": lambda _: {"blackhole": "both"},
    "delay": lambda draw: {"delay": 0.3 * draw},
    "jitter": lambda draw: {"delay": 0.02, "jitter": 0.2 * draw},
    "throttle": lambda draw: {"rate": 2_000 + 30_000 * draw},
    "split": lambda _: {"split": True},
    "hold_handshake": lambda _: {"hold_handshake": True},
}
"""What each fault that lasts sets at the proxy."""


class Stepper:
    """Takes the steps of one client, one after the other.

    Args:
        client: The client.
        plan: Its steps.

    Attributes:
        faults: The faults that were done, by kind.
        operations: The operations, likewise.
        may_go: Cleared to have it rest between two steps.
        resting: Set while it rests.
    """

    def __init__(self, client: Client, plan: Iterator[Step]) -> None:
        self.faults: Counter[str] = Counter()
        self.operations: Counter[str] = Counter()
        self.may_go = asyncio.Event()
        self.resting = asyncio.Event()
        self._client = client
        self._plan = plan
        self._operations: dict[str, Callable[[Step], Awaitable[None]]] = {
            "pause": self._pause,
            "restart": self._restart,
            "stop_start": self._stop_start,
            "subscriptions": self._subscriptions,
        }

    async def run(self) -> None:
        """Take steps, without end."""
        for step in self._plan:
            self.resting.set()
            await self.may_go.wait()
            self.resting.clear()
            await asyncio.sleep(step.wait)
            if step.is_fault:
                self.faults[step.kind] += 1
                await self._fault(step)
            else:
                self.operations[step.kind] += 1
                self._client.note(f"operation: {step.kind}")
                await self._operations[step.kind](step)

    # Faults.

    async def _fault(self, step: Step) -> None:
        client = self._client
        client.fault_begins(f"{step.kind} for {step.lasts:.2f} s")
        try:
            if step.kind.startswith("server_"):
                await self._server_ends(step.kind.removeprefix("server_"))
            else:
                await self._disturb(step)
        finally:
            client.proxy.set(**_HEALED)

    async def _disturb(self, step: Step) -> None:
        proxy = self._client.proxy
        match step.kind:
            case "cut_fin":
                proxy.cut("fin")
            case "cut_rst":
                proxy.cut("rst")
            case "corrupt_up":
                proxy.corrupt(direction="up")
            case "corrupt_down":
                proxy.corrupt(direction="down")
            case "drop_next":
                proxy.drop_next(1 + int(2 * step.draw))
                proxy.cut("rst")
            case "hold_handshake":
                proxy.set(hold_handshake=True)
                proxy.cut("rst")
            case kind:
                proxy.set(**CONDITIONS[kind](step.draw))
        await asyncio.sleep(step.lasts)

    async def _server_ends(self, how: str) -> None:
        """Have the server end the connection, and leave it alone until that has come through."""
        session = self._client.engine.session
        if session is None:
            return
        with contextlib.suppress(ConnectionClosed):
            await session.send({"op": "end", "how": how})
        loop = asyncio.get_running_loop()
        until = loop.time() + 1.0
        # The engine tells of it in `on_close`, which may come later.
        while session.closed is None and loop.time() < until:  # noqa: ASYNC110
            await asyncio.sleep(0.01)

    # Operations.

    async def _restart(self, step: Step) -> None:
        self._client.restart()

    async def _stop_start(self, step: Step) -> None:
        await self._client.stop()
        await asyncio.sleep(0.2 * step.draw)
        await self._client.start()

    async def _subscriptions(self, step: Step) -> None:
        subscriptions = self._client.engine.subscriptions
        chance = random.Random(step.draw)
        for topic in chance.sample(TOPICS, 3):
            if topic in subscriptions:
                subscriptions.remove(topic)
            else:
                subscriptions.add(
                    topic,
                    subscribe={"op": "subscribe", "topic": topic},
                    unsubscribe={"op": "unsubscribe", "topic": topic},
                    acknowledged=TOPICS.index(topic) % 2 == 0,
                )

    async def _pause(self, step: Step) -> None:
        """Pilot the connection for a few messages, and put every other one back."""
        session = self._client.engine.session
        if session is None:
            return
        ledger = session.attributes["ledger"]
        with contextlib.suppress(ConnectionClosed, TimeoutError):
            async with asyncio.timeout(0.3), session.paused() as connection:
                for number in range(1 + int(8 * step.draw)):
                    try:
                        message = await connection.receive()
                    except DecodeError as error:
                        ledger.could_not_decode(error)
                        continue
                    ledger.piloted(message)
                    if number % 2:
                        connection.put_back(message)
                        ledger.put_back(message)


_HEALED = {
    "blackhole": None,
    "delay": 0.0,
    "jitter": 0.0,
    "rate": None,
    "split": False,
    "hold_handshake": False,
}
