"""A chaos run with an engine that is broken: `python -m tests.chaos.saboteur NAME`."""

from __future__ import annotations

import asyncio
import itertools
import os
import sys
from collections.abc import Callable
from typing import Any

from chaos.__main__ import main

from wsengine.backlog import Backlog
from wsengine.crew import Crew
from wsengine.supervisor import Supervisor

_count = itertools.count(1)
_left: list[asyncio.Task[None]] = []
_open: list[int] = []


def lose() -> None:
    """Lose a message that was read ahead, now and then."""
    append = Backlog.append

    def losing(self: Backlog, message: Any) -> bool:
        return self.has_room if next(_count) % 20 == 0 else append(self, message)

    Backlog.append = losing  # type: ignore[method-assign]  # that is the sabotage


def repeat() -> None:
    """Have a message that was read ahead twice, now and then."""
    append = Backlog.append

    def repeating(self: Backlog, message: Any) -> bool:
        if next(_count) % 20 == 0:
            append(self, message)
        return append(self, message)

    Backlog.append = repeating  # type: ignore[method-assign]  # that is the sabotage


def with_each_session(leave: Callable[[], None]) -> None:
    """Do something whenever a session begins to be served."""
    start = Crew.start

    def leaving(self: Crew) -> None:
        leave()
        start(self)

    Crew.start = leaving  # type: ignore[method-assign]  # that is the sabotage


def leave_tasks() -> None:
    """Leave a task behind, with each session."""
    with_each_session(lambda: _left.append(asyncio.create_task(asyncio.sleep(60))))


def leave_descriptors() -> None:
    """Leave a descriptor open, with each session."""
    with_each_session(lambda: _open.append(os.dup(0)))


def linger() -> None:
    """Wait half a minute longer than the policy says before each dial."""
    wait = Supervisor._wait

    async def lingering(
        self: Supervisor, delay: float, redial: asyncio.Future[None], reason: str
    ) -> None:
        await wait(self, delay + 30, redial, reason)

    Supervisor._wait = lingering  # type: ignore[method-assign]  # that is the sabotage


SABOTAGES: dict[str, Callable[[], None]] = {
    "lose": lose,
    "repeat": repeat,
    "leave_tasks": leave_tasks,
    "leave_descriptors": leave_descriptors,
    "linger": linger,
}

COMMAND = ("--seed", "1", "--seconds", "20", "--kill-every", "60")
PACE = {
    # The reconnects come thick; the bound allows some dozens at rest.
    "leave_tasks": ("--every", "0.02", "--calm-every", "7"),
    "leave_descriptors": ("--every", "0.02", "--calm-every", "3"),
    # There is no rest to find it by, and a fault every few hundred milliseconds for each client.
    "linger": ("--every", "0.05", "--calm-every", "60"),
}

if __name__ == "__main__":
    name = sys.argv[1]
    SABOTAGES[name]()
    sys.exit(main([*COMMAND, *PACE.get(name, ("--every", "0.15", "--calm-every", "4"))]))
