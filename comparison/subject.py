"""A client program in a process of its own, as a situation sees it."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import Any

from .order import Order

ROOT = Path(__file__).resolve().parents[1]

OUTSIDE: dict[str, Sequence[str]] = {}
"""The commands of clients from outside, by their names; `--with` adds them."""


def command(name: str) -> Sequence[str]:
    """Return the command of a client program; its order goes behind."""
    return OUTSIDE.get(name, (sys.executable, "-m", "comparison.client", name))


class Subject:
    """A running client program.

    Args:
        process: The process.

    Attributes:
        events: What it has told.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.events: list[dict[str, Any]] = []
        self._process = process
        self._more = asyncio.Event()
        self._reading = asyncio.create_task(self._read())

    async def _read(self) -> None:
        assert self._process.stdout is not None
        async for line in self._process.stdout:
            self.events.append(json.loads(line))
            self._more.set()
        self._more.set()  # there will be none

    async def when(self, what: str, *, after: float = 0.0, within: float = 10.0) -> float | None:
        """Return when it told of something, or `None` where it does not in time, or ends."""
        due = time.monotonic() + within
        while True:
            for event in self.events:
                if event["what"] == what and event["at"] >= after:
                    return float(event["at"])
            if self._reading.done():
                await self.ended(due - time.monotonic())
                return None
            self._more.clear()
            try:
                async with asyncio.timeout(due - time.monotonic()):
                    await self._more.wait()
            except TimeoutError:
                return None

    async def must(self, what: str, *, after: float = 0.0, within: float = 20.0) -> float:
        """Return when it told of something.

        Raises:
            AssertionError: It did not in time: the situation is not what it should be.
        """
        at = await self.when(what, after=after, within=within)
        assert at is not None, f"no {what!r} within {within:g} s, but {self.events[-5:]}"
        return at

    def all(self, what: str) -> list[dict[str, Any]]:
        """Return all that it has told of something."""
        return [event for event in self.events if event["what"] == what]

    # From outside.

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    def tell_stop(self) -> None:
        """Have it stop by the library's own call."""
        assert self._process.stdin is not None
        self._process.stdin.write(b".")

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        self._process.send_signal(signal.SIGINT)

    async def ended(self, within: float) -> bool:
        """Return whether the process ends in time."""
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def memory(self, field: str = "VmRSS") -> int:
        """Return bytes of memory: VmRSS now, VmHWM at most."""
        status = Path(f"/proc/{self._process.pid}/status").read_text(encoding="ascii")
        line = next(line for line in status.splitlines() if line.startswith(field))
        return int(line.split()[1]) * 1024

    def held(self) -> dict[str, int]:
        """Return how many descriptors and threads it has."""
        process = f"/proc/{self._process.pid}"
        return {name: len(os.listdir(f"{process}/{name}")) for name in ("fd", "task")}

    async def kill(self) -> None:
        """End it, whatever it does."""
        with contextlib.suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()
        await self._reading


@contextlib.asynccontextmanager
async def running(name: str, order: Order, *, until: str = "open") -> AsyncIterator[Subject]:
    """Start a client program, wait until it tells of something, and kill it in the end.

    Args:
        name: Which one.
        order: What it is to do.
        until: What to wait for; "" for nothing.
    """
    environment = {key: value for key, value in os.environ.items() if "proxy" not in key.lower()}
    process = await asyncio.create_subprocess_exec(
        *command(name),
        order.encode(),
        cwd=ROOT,
        env=environment,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    subject = Subject(process)
    try:
        if until:
            await subject.must(until)
        yield subject
    finally:
        await subject.kill()
