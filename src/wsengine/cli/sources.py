"""Where the messages come from that are sent: the command line, standard input."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from typing import Protocol

from ..message import Message
from .lines import Lines
from .report import Report


class Source(Protocol):
    """Gives the messages to be sent, one after the other."""

    def __len__(self) -> int:
        """Return how many messages are known and were not taken."""

    async def next(self) -> Message | None:
        """Wait for the next message and return it, or `None` at the end."""


class Given:
    """Messages that are known from the beginning.

    Args:
        messages: The messages.
    """

    def __init__(self, messages: Iterable[Message]) -> None:
        self._messages = deque(messages)

    def __len__(self) -> int:
        return len(self._messages)

    async def next(self) -> Message | None:
        """Return the next message at once."""
        return self._messages.popleft() if self._messages else None


class TextLines:
    """Lines of an input, each one a text message.

    Args:
        lines: The lines.
        report: Told of lines that are no text.
    """

    def __init__(self, lines: Lines, report: Report) -> None:
        self._lines = lines
        self._report = report

    def __len__(self) -> int:
        return len(self._lines)

    async def next(self) -> Message | None:
        """Wait for the next line that is text."""
        while (raw := await self._lines.next()) is not None:
            try:
                return raw.decode()
            except UnicodeDecodeError:
                self._report.unsent(1, "it is not UTF-8 text")
        return None


class Chain:
    """Several sources, one after the other.

    Args:
        sources: The sources.
    """

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources

    def __len__(self) -> int:
        return sum(len(source) for source in self._sources)

    async def next(self) -> Message | None:
        """Wait for the next message of the first source that has one."""
        for source in self._sources:
            if (message := await source.next()) is not None:
                return message
        return None
