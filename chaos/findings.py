"""What went wrong, and what had happened just before."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Iterator
from typing import Final

AROUND: Final = 80
"""Lines of the history that are shown with a violation."""

TICK: Final = 0.05
"""Seconds between two looks at the event loop."""

LATE: Final = 0.05
"""Seconds by which the event loop may be late without being stalled."""


class Findings:
    """The history of a run, the latest part of it, and what violated a promise.

    Attributes:
        violations: What went wrong, the first first.
        wrong: Set at the first violation.
        stalls: How late the event loop was, in all, where it was later than `LATE`.
        excused: Errors in the log that a stalled event loop may well have caused.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.wrong = asyncio.Event()
        self.stalls = 0.0
        self.excused = 0
        self._late: deque[tuple[float, float]] = deque(maxlen=1000)
        self._began = time.monotonic()
        self._history: deque[tuple[float, str, str]] = deque(maxlen=2000)

    @property
    def seconds(self) -> float:
        """Seconds since the beginning."""
        return time.monotonic() - self._began

    def note(self, who: str, what: str) -> None:
        """Remember what happened."""
        self._history.append((self.seconds, who, what))

    def violation(self, who: str, what: str) -> None:
        """Remember what must not happen."""
        self.note(who, f"VIOLATION: {what}")
        self.violations.append(f"{self.seconds:.3f} s, {who}: {what}")
        self.wrong.set()

    async def watch_loop(self) -> None:
        """Measure how late the event loop is, without end: a machine may be busy with others."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + TICK
            await asyncio.sleep(TICK)
            late = loop.time() - due
            if late > LATE:
                self.stalls += late
                self._late.append((self.seconds, late))

    def stalled(self, seconds: float) -> float:
        """Return how many of the last seconds the event loop was late: nobody's fault."""
        since = self.seconds - seconds
        return sum(late for at, late in self._late if at > since)

    def around(self) -> Iterator[str]:
        """Yield the history that led to the first violation: of its client, and of the server."""
        lines = list(self._history)
        first = next((at for at, line in enumerate(lines) if line[2][:10] == "VIOLATION:"), 0)
        who = {lines[first][1], "server", "run"} if lines else set()
        concerned = [line for line in lines[: first + 1] if line[1] in who]
        for seconds, name, what in concerned[-AROUND:]:
            yield f"{seconds:9.3f}  {name:16} {what}"
