"""A chaos run with an engine that is broken: `python -m tests.chaos.saboteur NAME`."""

from __future__ import annotations

import asyncio
import itertools
import sys
from collections.abc import Callable
from typing import Any

from chaos.__main__ import main

from wsengine.backlog import Backlog
from wsengine.crew import Crew

_count = itertools.count(1)
_left: list[asyncio.Task[None]] = []


def lose() -> None:
    """Lose a message that was read ahead, now and then."""
    append = Backlog.append

    def losing(self: Backlog, message: Any) -> bool:
        return self.has_room if next(_count) % 20 == 0 else append(self, message)

    Backlog.append = losing  # type: ignore[method-assign]


def repeat() -> None:
    """Have a message that was read ahead twice, now and then."""
    append = Backlog.append

    def repeating(self: Backlog, message: Any) -> bool:
        if next(_count) % 20 == 0:
            append(self, message)
        return append(self, message)

    Backlog.append = repeating  # type: ignore[method-assign]


def leave() -> None:
    """Leave tasks behind, with each session."""
    start = Crew.start

    def leaving(self: Crew) -> None:
        _left.extend(asyncio.create_task(asyncio.sleep(30)) for _ in range(20))
        start(self)

    Crew.start = leaving  # type: ignore[method-assign]


SABOTAGES: dict[str, Callable[[], None]] = {
    "lose": lose,
    "repeat": repeat,
    "leave": leave,
}

COMMAND = (
    *("--seed", "1", "--seconds", "20", "--every", "0.15"),
    *("--calm-every", "4", "--kill-every", "60"),
)

if __name__ == "__main__":
    SABOTAGES[sys.argv[1]]()
    sys.exit(main(COMMAND))
