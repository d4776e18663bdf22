"""What must hold when nothing is done to the clients, and when all is over."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any, Final

from wsengine import ConnectionClosed, EngineStateError, RequestTimeoutError

from .client import Client
from .findings import Findings
from .resources import Held
from .settings import SLACK, noticing

PER_CLIENT: Final = {"tasks": 10, "timers": 12, "descriptors": 8}
"""What one client may hold at rest: engine, proxy and harness; a task for each worker on top."""

PATIENCE: Final = 10.0
"""Seconds until what has come to its end is gone."""


async def settle(client: Client, findings: Findings) -> None:
    """See the server's subscriptions become those that are wanted."""
    loop = asyncio.get_running_loop()
    until = loop.time() + noticing(client.config) + client.bound + SLACK
    found: Any = "no answer"
    wanted: list[str] = []
    while loop.time() < until:
        if findings.violations:
            return
        wanted = sorted(str(one.key) for one in client.engine.subscriptions)
        try:
            found = await client.engine.request({"op": "topics"}, timeout=1.0)
        except (RequestTimeoutError, ConnectionClosed, EngineStateError) as error:
            found = error
            await asyncio.sleep(0.05)
            continue
        if found["doubled"]:
            client.violated("a subscription was sent twice on one connection")
            return
        if found["topics"] == wanted:
            return
        found = found["topics"]
        await asyncio.sleep(0.05)
    client.violated(f"at rest the server has {found!r}, wanted is {wanted}")


def bound_at_rest(clients: Sequence[Client]) -> Held:
    """Return what clients may hold at rest, all together."""
    count, workers = len(clients), sum(client.config.workers for client in clients)
    return Held(
        0.0,
        tasks=10 + workers + count * PER_CLIENT["tasks"],
        timers=10 + count * PER_CLIENT["timers"],
        descriptors=30 + count * PER_CLIENT["descriptors"],
        threads=6 + count,
        memory=0,
    )


async def check_nothing_left(before: Held, findings: Findings) -> None:
    """See to it that nothing is held that was not held before."""
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE
    # What is looked at tells nobody of its change.
    while (left := Held.now(0.0).above(before)) and loop.time() < until:  # noqa: ASYNC110
        await asyncio.sleep(0.05)
    for what in left:
        findings.violation("run", f"after the end: {what}")
