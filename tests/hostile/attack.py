"""What the tests of this folder share: the victim's process, and servers that change their mind."""

from __future__ import annotations

import asyncio
import contextlib
import json
import sys
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast

from wsengine.testing.greetings import Greeting, upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer

from .victim import ENOUGH

MIB = 1024 * 1024

BOUND = 24 * MIB
"""Bytes of memory that no attack may take; the attacks that try send several times as many."""

_ROOT = Path(__file__).parents[2]


@dataclass
class Outcome:
    """What one engine told."""

    opens: int = 0
    closes: list[tuple[int, bool]] = field(default_factory=list)
    """The code of each close, and whether the client began it."""
    reasons: list[str] = field(default_factory=list)
    read_errors: list[str] = field(default_factory=list)
    refusals: list[Mapping[str, Any]] = field(default_factory=list)
    """The kind, text and status of each failed dial."""
    failed: str | None = None
    """What `run()` raised."""
    seconds: float = 0.0
    cpu: float = 0.0
    """Seconds of the victim's processor."""
    grown: int = 0
    """Bytes of memory at most, over what it had at rest; 0 where that cannot be measured."""
    messages: int = 0
    bytes: int = 0
    tasks: int = 0
    descriptors: int = 0
    troubles: list[str] = field(default_factory=list)

    def check_nothing_left(self) -> None:
        """Fail if it left something behind, or something went wrong that nobody was told of."""
        assert (self.tasks, self.descriptors) == (0, 0), self
        assert self.troubles == []

    def check_recovered(self) -> None:
        """Fail unless the last session was a good one, and all stayed within its bounds."""
        assert self.failed is None
        assert self.grown < BOUND, f"{self.grown / MIB:.0f} MiB"
        assert self.closes[-1] == (1001, True), self
        self.check_nothing_left()


class Victim:
    """A process that runs engines as it is told; see `victim.obey`.

    Args:
        adapter: The name of the adapter.
        process: The process.
    """

    def __init__(self, adapter: str, process: asyncio.subprocess.Process) -> None:
        self.adapter = adapter
        self._process = process

    async def run(self, server: RawServer, *, patience: float = 45.0, **order: Any) -> Outcome:
        """Run an engine against a server until it stops.

        Args:
            server: The server.
            patience: Seconds.
            **order: `options`, `config` and what of the `reconnect` policy differs, or
                `reconnect=None`; among the options, `trust` is an authority, in PEM. `slow` is how
                many seconds the first handler takes.

        Raises:
            TimeoutError: It did not stop in time.
        """
        stdin, stdout = self._process.stdin, self._process.stdout
        assert stdin is not None
        assert stdout is not None
        order = {"url": server.url(), "adapter": self.adapter, **order}
        outcome = Outcome()
        async with asyncio.timeout(patience):
            stdin.write(json.dumps(order).encode() + b"\n")
            while (event := json.loads(await stdout.readline())).pop("what") != "report":
                _note(outcome, event)
        for name, value in event.items():
            setattr(outcome, name, value)
        return outcome


def _note(outcome: Outcome, event: dict[str, Any]) -> None:
    if "restarting" in event:
        outcome.opens += 1
    elif "code" in event:
        outcome.closes.append((event["code"], event["by_client"]))
        outcome.reasons.append(event["reason"])
    elif "kind" in event:
        outcome.refusals.append(event)
    elif event:
        outcome.read_errors.append(event["text"])


@contextlib.asynccontextmanager
async def a_victim(adapter: str) -> AsyncIterator[Victim]:
    """Start a victim, and end it."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error", "-m", "tests.hostile.victim"),
        cwd=_ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        limit=MIB,
    )
    assert process.stdout is not None
    assert process.stdin is not None
    try:
        async with asyncio.timeout(20):
            await process.stdout.readline()
        victim = Victim(adapter, process)
        async with RawServer(well_done) as server:
            await victim.run(server)  # what is imported and cached at the first time is no growth
        yield victim
    finally:
        process.stdin.close()
        try:
            async with asyncio.timeout(5):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()


def first(*attacks: Greeting) -> Greeting:
    """Return a greeting that attacks the first clients, one way each, and is good to the others."""
    coming = iter(attacks)

    async def greet(peer: Peer) -> None:
        attack = next(coming, well_done)
        await attack(peer)

    return greet


async def well_done(peer: Peer) -> None:
    """Be a good server, whose client may stop."""
    await upgrade()(peer)
    peer.text(ENOUGH)
    await peer.answer_close()


async def pour(peer: Peer, data: bytes, total: int) -> int:
    """Send the same bytes again and again; return how many the client let come.

    Args:
        peer: The server's side.
        data: The bytes.
        total: How many to send at most.
    """
    sent = 0
    try:
        while sent < total:
            peer.write(data)
            await peer.drain()
            sent += len(data)
    except ConnectionError:
        pass  # the client has hung up
    return sent


def stop_reading(peer: Peer) -> None:
    """Let what the client sends stay in its socket."""
    cast("asyncio.Transport", peer._writer.transport).pause_reading()
