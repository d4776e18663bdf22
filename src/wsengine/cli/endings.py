"""When a conversation is over: after the last replies, the first one, or all that was expected."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from re import Pattern
from typing import Protocol

from ..message import Message

LONG = 3600.0
"""Seconds; event loops cannot sleep for ever."""


class Ending(Protocol):
    """Knows when a conversation is over."""

    def sending(self) -> None:
        """A message is about to be sent; its reply may be here before `sent` is called."""

    def sent(self) -> None:
        """A message was sent."""

    def came(self, message: Message) -> None:
        """A message came."""

    async def wait(self) -> None:
        """Wait, now that all is sent, until it is over. May have no bound of its own."""

    def missing(self, why: str) -> str | None:
        """Return what has not been seen, as a sentence that ends with `why`; or `None`."""


class Replies:
    """It is over when it is time to expect no more replies.

    While fewer messages came than were sent, each one that comes begins the wait anew; so a
    slow server has its time, and one that talks all the time is not listened to for ever.

    Args:
        linger: Seconds to wait; may be infinite.
    """

    def __init__(self, linger: float) -> None:
        self._linger = linger
        self._outstanding = 0
        self._latest = 0.0

    def sending(self) -> None:
        """Do nothing: only what was sent is counted."""

    def sent(self) -> None:
        """Count a message that was sent."""
        self._outstanding += 1
        self._latest = asyncio.get_running_loop().time()

    def came(self, message: Message) -> None:
        """Count a message that came."""
        if self._outstanding:
            self._outstanding -= 1
            self._latest = asyncio.get_running_loop().time()

    async def wait(self) -> None:
        """Wait, from now on, until it is time."""
        loop = asyncio.get_running_loop()
        self._latest = loop.time()
        while True:
            left = self._latest + self._linger - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(min(left, LONG))

    def missing(self, why: str) -> str | None:
        """Return `None`: nothing in particular is expected."""
        return None


class FirstReply:
    """It is over when a reply came: the first message since something was sent.

    Where nothing is sent at all, the first message is the reply, whenever it came.

    Args:
        on_reply: Called with the reply.
    """

    def __init__(self, on_reply: Callable[[Message], object]) -> None:
        self._on_reply = on_reply
        self._asked = False
        self._greeting: Message | None = None
        self._replied = asyncio.Event()

    def sending(self) -> None:
        """Take what comes from now on for a reply."""
        self._asked = True

    def sent(self) -> None:
        """Do nothing: `sending` was told already."""

    def came(self, message: Message) -> None:
        """Take a message for the reply, if one can be expected."""
        if self._replied.is_set():
            return
        if self._asked:
            self._take(message)
        elif self._greeting is None:
            self._greeting = message

    async def wait(self) -> None:
        """Wait for the reply, however long it takes."""
        if not self._asked and self._greeting is not None:
            self._take(self._greeting)
        self._asked = True
        await self._replied.wait()

    def missing(self, why: str) -> str | None:
        """Say that there was no reply."""
        return None if self._replied.is_set() else f"no reply came {why}"

    def _take(self, reply: Message) -> None:
        self._replied.set()
        self._on_reply(reply)


class Expected:
    """It is over when every pattern was found, in this order, each in a message of its own.

    A binary message is searched as UTF-8.

    Args:
        patterns: What to find.
        on_all: Called once, when the last one is found.
    """

    def __init__(self, patterns: Sequence[Pattern[str]], on_all: Callable[[], object]) -> None:
        self._patterns = patterns
        self._on_all = on_all
        self._found = 0
        self._all_found = asyncio.Event()

    def sending(self) -> None:
        """Do nothing."""

    def sent(self) -> None:
        """Do nothing."""

    def came(self, message: Message) -> None:
        """Look for the next pattern in a message."""
        if self._all_found.is_set():
            return
        text = message if isinstance(message, str) else message.decode(errors="replace")
        if self._patterns[self._found].search(text) is None:
            return
        self._found += 1
        if self._found == len(self._patterns):
            self._all_found.set()
            self._on_all()

    async def wait(self) -> None:
        """Wait until the last pattern is found, however long it takes."""
        await self._all_found.wait()

    def missing(self, why: str) -> str | None:
        """Say which pattern was waited for."""
        if self._all_found.is_set():
            return None
        total = len(self._patterns)
        place = f" (pattern {self._found + 1} of {total})" if total > 1 else ""
        return f"{self._patterns[self._found].pattern!r}{place} was not seen {why}"
