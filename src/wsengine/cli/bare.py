"""What `wsengine connect --once` tells: the messages, and nothing else."""

from __future__ import annotations

import base64
from collections.abc import Callable

from ..close import Close
from ..endpoint import RestartFailure
from ..message import Message
from ..session import Session
from ..states import StateChange
from .output import Part
from .showing import show_text


class Bare:
    """Writes messages as they are, for the next program: text as it is, binary in base64.

    Args:
        write: Writes one line.
        everything: Whether to write every message that comes; if not, only what is given to
            `show`.
        terminal: Whether a person reads it; control characters are then written out.
    """

    def __init__(
        self, write: Callable[[Part], object], *, everything: bool, terminal: bool
    ) -> None:
        self._write = write
        self._everything = everything
        self._terminal = terminal

    def show(self, message: Message) -> None:
        """Write a message."""
        if not isinstance(message, str):
            message = base64.b64encode(message).decode()
        elif self._terminal:
            message = show_text(message)
        self._write((message, ""))

    def received(self, message: Message) -> None:
        """Write the message, if every one is asked for."""
        if self._everything:
            self.show(message)

    def state(self, change: StateChange) -> None:
        """Tell nothing."""

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Tell nothing."""

    def sent(self, message: Message) -> None:
        """Tell nothing."""

    def held(self, message: Message) -> None:
        """Tell nothing."""

    def unsent(self, count: int, reason: str) -> None:
        """Tell nothing."""

    def closed(self, close: Close) -> None:
        """Tell nothing."""

    def dial_failed(self, failure: RestartFailure) -> None:
        """Tell nothing."""

    def trouble(self, what: str, error: Exception) -> None:
        """Tell nothing."""
