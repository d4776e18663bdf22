"""The process of the server: started, killed, and brought back at the same port."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from .findings import Findings

ROOT: Final = Path(__file__).parents[1]

PATIENCE: Final = 8.0
"""Seconds that the process may take to start or to end, before another one is tried."""

TRIES: Final = 5

PORTS: Final = range(20_000, 30_000)
"""Below those that systems give to clients: nobody takes the port while the server is away."""


class Backend:
    """The server.

    Args:
        findings: Told of what happens to it.
        ended: Told of each connection that the server itself has ended.

    Attributes:
        port: Where it listens.
        life: How many times it was started.
        up: Whether it is there.
    """

    def __init__(self, findings: Findings, ended: Callable[[dict[str, Any]], object]) -> None:
        self.port = free_port()
        self.life = 0
        self.up = False
        self._pipe: asyncio.ReadTransport
        self._findings = findings
        self._ended = ended
        self._process: subprocess.Popen[bytes] | None = None
        self._killed: list[subprocess.Popen[bytes]] = []  # and perhaps not gone yet
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start it, and wait until it listens; one that does not is started again.

        Raises:
            RuntimeError: None of them does.
        """
        for _ in range(TRIES):
            if await self._listens():
                self.life += 1
                self.up = True
                return
            await self.kill()
            await asyncio.sleep(0.5)
        raise RuntimeError(f"the server does not listen at port {self.port}")

    async def _listens(self) -> bool:
        """Start it; return whether it listens."""
        # Without asyncio's own subprocesses: they need a thread each.
        command = [sys.executable, "-m", "chaos.server", str(self.port)]
        self._process = process = subprocess.Popen(  # noqa: ASYNC220 - it takes a moment only
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        self._findings.note("server", f"starts, process {process.pid}")
        output = asyncio.StreamReader()
        self._pipe, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(output), process.stdout
        )
        line = b"nothing yet"
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(PATIENCE):
                line = await output.readline()
        self._listening = asyncio.create_task(self._listen(output))
        self._findings.note("server", f"says {line!r}")
        return line.strip() == str(self.port).encode()

    async def kill(self) -> None:
        """End it by SIGKILL. Does nothing if it is not there."""
        self.up = False
        process = self._process
        if process is None:
            return
        process.kill()
        self._findings.note("server", f"killed, process {process.pid}")
        self._process = None
        self._killed.append(process)
        if self._listening is not None:
            _, left = await asyncio.wait({self._listening}, timeout=PATIENCE)
            self._listening.cancel()
            self._listening = None
            # When its output is closed, so is its port.
            self._findings.note("server", "is not gone yet" if left else "has gone")
        self._pipe.close()
        if process.stdin is not None:
            process.stdin.close()
        self._killed = [killed for killed in self._killed if killed.poll() is None]
        await asyncio.sleep(0)  # a transport closes its pipe a turn later

    async def all_gone(self) -> None:
        """Wait until the system has done with all that were killed; that may take a while.

        Raises:
            TimeoutError: It has not.
        """
        async with asyncio.timeout(PATIENCE):
            while any(killed.poll() is None for killed in self._killed):  # noqa: ASYNC110
                await asyncio.sleep(0.05)

    async def _listen(self, output: asyncio.StreamReader) -> None:
        while line := await output.readline():
            if line.endswith(b"\n"):
                self._ended(json.loads(line))


def free_port() -> int:
    """Return a port that nobody listens at."""
    for port in random.sample(PORTS, 100):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise RuntimeError("no port is free")
