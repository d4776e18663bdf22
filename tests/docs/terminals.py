"""Terminals that do what a page tells its reader to type, and see what it says that they see.

A block of a terminal has commands after `$ `, `^C`, and what is printed, line by line. What one
block has begun goes on in the next one of the same terminal: a server, for one. `...` in what is
printed stands for anything within the line; a line of its own, for any lines, or none.
"""

from __future__ import annotations

import asyncio
import os
import re
import signal
import sys
from asyncio.subprocess import DEVNULL, PIPE, STDOUT, Process
from pathlib import Path

PATIENCE = 30.0
"""Seconds that a line, or the end of a command, is waited for. The machine may be busy."""


def environment() -> dict[str, str]:
    """Return what a reader has who has followed the set-up: no proxy, our commands first."""
    kept = {name: os.environ[name] for name in os.environ if "proxy" not in name.lower()}
    commands = Path(sys.executable).parent
    return kept | {
        "PATH": f"{commands}{os.pathsep}{kept['PATH']}",
        "PYTHONUNBUFFERED": "1",  # as on a terminal, where each line is there at once
    }


class Terminal:
    """One terminal, in which one command runs at a time.

    Args:
        name: What the page calls it.
        directory: Where it is.
    """

    def __init__(self, name: str, directory: Path) -> None:
        self.name = name
        self._directory = directory
        self._process: Process | None = None
        self._interrupted = False
        self._passing = False

    async def follow(self, text: str) -> None:
        """Type what the text says, and see what it says."""
        for line in text.splitlines():
            if line.startswith("$ "):
                await self.finish()
                await self._begin(line.removeprefix("$ "))
            elif line == "...":
                self._passing = True
            elif line == "^C":
                assert self._process is not None, f"terminal {self.name}: ^C, but nothing runs"
                self._interrupted = True
                self._process.send_signal(signal.SIGINT)
            else:
                await self._see(line)

    async def finish(self) -> None:
        """Wait until the command has ended, and has printed nothing that is not on the page."""
        process, self._process = self._process, None
        if process is None:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                rest, _ = await process.communicate()
        finally:
            await _kill(process)
        assert self._passing or not rest, f"terminal {self.name}: there is more: {rest!r}"
        self._passing = False
        assert process.returncode in ((0, 130) if self._interrupted else (0,))

    async def close(self) -> None:
        """End what runs, at the end of a test that failed."""
        if self._process is not None:
            await _kill(self._process)
            self._process = None

    async def _begin(self, command: str) -> None:
        self._interrupted = False
        # `exec`: a signal is for the command, as on a terminal, and not for the shell alone.
        self._process = await asyncio.create_subprocess_shell(
            f"exec {command}" if "|" not in command else command,
            cwd=self._directory,
            env=environment(),
            stdin=DEVNULL,
            stdout=PIPE,
            stderr=STDOUT,
        )

    async def _see(self, expected: str) -> None:
        pattern = re.compile(".*".join(map(re.escape, expected.split("..."))))
        try:
            async with asyncio.timeout(PATIENCE):
                line = await self._read()
                while self._passing and line and not pattern.fullmatch(line):
                    line = await self._read()
        except TimeoutError as error:
            raise AssertionError(f"terminal {self.name}: never saw {expected!r}") from error
        self._passing = False
        assert pattern.fullmatch(line), f"terminal {self.name}: {line!r}, not {expected!r}"

    async def _read(self) -> str:
        """Return the next line, or "" at the end."""
        assert self._process is not None, f"terminal {self.name}: nothing runs"
        assert self._process.stdout is not None
        return (await self._process.stdout.readline()).decode().removesuffix("\n")


async def _kill(process: Process) -> None:
    if process.returncode is None:
        process.kill()
        await process.communicate()
