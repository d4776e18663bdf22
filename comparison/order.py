"""What a client program is told to do, and how it tells what happens to it."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any, Final

PING_INTERVAL: Final = 2.0
PING_TIMEOUT: Final = 1.0
"""Seconds; the same for all. websocket-client wants the time-out to be the shorter of the two."""

SUBSCRIBE: Final = "subscribe prices"
"""What a client sends that subscribes."""

PATIENCE: Final = 8.0
"""Seconds that a program waits for a reply before it tells that there was none."""


@dataclass(frozen=True, kw_only=True)
class Order:
    """What a program is to do; it is run as each library's documentation advises.

    Args:
        url: Where to dial.
        handler: What its handler does with a message: "note", "raise" at "bad", "block" the
            thread at "block", be "slow" with each, or "hang" for ever.
        seconds: How long the handler blocks, or is slow.
        pings: Whether it pings.
        quick: Whether it comes back without a delay, where the library has such a setting.
        ask: Whether it sends a request when it is open, and waits for the reply.
        subscribe: Whether it subscribes.
        headers: What it adds to the handshake.
        clients: How many connections it has.
        quiet: Whether it tells nothing of messages.
    """

    url: str
    handler: str = "note"
    seconds: float = 0.0
    pings: bool = True
    quick: bool = False
    ask: bool = False
    subscribe: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    clients: int = 1
    quiet: bool = False

    def encode(self) -> str:
        """Return it as one argument of a command."""
        return json.dumps(asdict(self))

    def note(self, message: str | bytes) -> None:
        """Tell of a message that comes in, and do what a handler does without waiting."""
        if not self.quiet:
            tell("message", text=str(message[:40]))
        if self.handler == "raise" and message == "bad":
            raise ValueError("the handler fails")
        if self.handler == "block" and message == "block":
            time.sleep(self.seconds)


def tell(what: str, **details: Any) -> None:
    """Write an event; its time is one that all processes share."""
    line = json.dumps({"what": what, "at": time.monotonic(), **details})
    os.write(sys.stdout.fileno(), line.encode() + b"\n")


def when_told(stop: Callable[[], object]) -> None:
    """Call `stop`, in a thread, when a byte comes on the standard input."""

    def wait() -> None:
        if os.read(0, 1):
            stop()

    threading.Thread(target=wait, daemon=True).start()
