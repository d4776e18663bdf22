"""The faults of the demo, and what was seen of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..close import Close
from ..servers.echo import EchoServer

ABSENCE = 2.0
"""Seconds that the server is gone."""


@dataclass(frozen=True)
class Fault:
    """Something that breaks a connection.

    Args:
        title: What happens, in a few words.
        explanation: What to expect of it.
        strike: Makes it happen.
    """

    title: str
    explanation: str
    strike: Callable[[EchoServer], Awaitable[None]]


@dataclass
class Outcome:
    """What was seen of one fault.

    Args:
        fault: The fault.
        began: When it struck, in the event loop's time.
        close: How the session ended, or `None` if it did not.
        failed_dials: How many attempts to reconnect failed.
        seconds: From the fault to the first echo on a new connection, or `None`.
    """

    fault: Fault
    began: float
    close: Close | None = None
    failed_dials: int = 0
    seconds: float | None = None


async def _restart(server: EchoServer) -> None:
    await server.close_clients(1012, "restarting")


async def _reset(server: EchoServer) -> None:
    await server.drop_clients()


async def _leave(server: EchoServer) -> None:
    await server.stop()
    await asyncio.sleep(ABSENCE)
    await server.start()


FAULTS = (
    Fault(
        "the server restarts",
        "It closes with 1012, which asks for some time: the policy waits 2 s at least.",
        _restart,
    ),
    Fault(
        "the TCP connection is reset",
        "No close frame, no warning; nobody asks for patience: the policy dials soon.",
        _reset,
    ),
    Fault(
        f"the server is gone for {ABSENCE:g} seconds",
        "Dials are refused until it is back; the delays grow, with jitter.",
        _leave,
    ),
)


@dataclass
class Count:
    """Messages, over all sessions; a wrong one is not the echo that had to come next."""

    sent: int = 0
    echoed: int = 0
    wrong: int = 0

    @property
    def lost(self) -> int:
        """How many were sent and did not come back."""
        return self.sent - self.echoed - self.wrong

    def __str__(self) -> str:
        wrong = f", {self.wrong} wrong" if self.wrong else ""
        return f"{self.sent} sent, {self.echoed} echoed{wrong}"
