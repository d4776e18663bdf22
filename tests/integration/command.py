"""`wsengine` as a process, as a shell runs it."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

START_UP = 20.0
"""Seconds that a process has on a busy machine."""


@dataclass
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def error_line(self) -> str:
        """The one line on standard error; fails if there is not exactly one."""
        (line,) = self.err.splitlines()
        return line


class Command:
    """A running command.

    Args:
        process: The process.
    """

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self.out: list[str] = []

    async def line(self, pattern: str) -> str:
        """Read standard output up to a line in which the pattern is found, and return it."""
        assert self._process.stdout is not None
        async with asyncio.timeout(START_UP):
            while line := (await self._process.stdout.readline()).decode():
                self.out.append(line)
                if re.search(pattern, line):
                    return line.rstrip("\n")
        raise AssertionError(f"ended without {pattern!r}: {self.out}")

    async def type(self, text: str) -> None:
        """Write to its standard input."""
        assert self._process.stdin is not None
        self._process.stdin.write(text.encode())
        await self._process.stdin.drain()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal."""
        self._process.send_signal(number)

    async def end(self, typed: str | None = None) -> Ended:
        """Wait for the end; with `typed`, standard input is that and then ends."""
        async with asyncio.timeout(START_UP):
            given = None if typed is None else typed.encode()
            out, err = await self._process.communicate(given)
        assert self._process.returncode is not None
        text = "".join(self.out) + (out or b"").decode()  # None where it is not a pipe of ours
        return Ended(self._process.returncode, text, err.decode())

    async def kill(self) -> None:
        """End it in any case."""
        if self._process.returncode is None:
            self._process.kill()
        await self._process.communicate()


def environment(**variables: str) -> dict[str, str]:
    """Return the environment of a command: no proxy, no colours, and what is given."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.lower().endswith("_proxy") and name not in ("FORCE_COLOR", "NO_COLOR")
    }
    return {**kept, "PYTHONWARNINGS": "error", "COLUMNS": "80", **variables}


@asynccontextmanager
async def running(
    *arguments: str,
    stdin: int = asyncio.subprocess.PIPE,
    stdout: int = asyncio.subprocess.PIPE,
    cwd: Path | None = None,
    **variables: str,
) -> AsyncIterator[Command]:
    """Run `python -m wsengine` with some arguments; it is ended with the block."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "wsengine",
        *arguments,
        stdin=stdin,
        stdout=stdout,
        stderr=asyncio.subprocess.PIPE,
        cwd=cwd,
        env=environment(**variables),
    )
    command = Command(process)
    try:
        yield command
    finally:
        await command.kill()


async def ran(*arguments: str, typed: str = "", cwd: Path | None = None) -> Ended:
    """Run it with this standard input, to its end."""
    async with running(*arguments, cwd=cwd) as command:
        return await command.end(typed)
