"""The endpoint of the playground's engine: notes each callback, and works a while per message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from ..close import Close
from ..endpoint import Endpoint, RestartFailure
from ..engine import Engine
from ..session import Session
from .board import Board

SHOWN = 120
"""How many characters of a text are shown."""


class PlaygroundEndpoint(Endpoint):
    """Shows what the engine does.

    Args:
        board: Where to note it.
        work: Returns how many seconds to spend on a message.
    """

    def __init__(self, board: Board, work: Callable[[], float]) -> None:
        self._board = board
        self._work = work

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        """Note it; what is subscribed to is the engine's business."""
        self._note("on_open", "restarting" if restarting else "first since the start")

    async def on_message(self, session: Session, message: Any) -> None:
        """Take a lane, and work for a while."""
        what = describe(message)
        self._note("on_message", what)
        with self._board.lanes.taken(what):
            if (seconds := self._work()) > 0:
                await asyncio.sleep(seconds)

    async def on_read_error(self, session: Session, error: Exception) -> None:
        """Note it."""
        self._note("on_read_error", str(error))

    async def on_close(self, session: Session, close: Close) -> Close | None:
        """Note how the session ended."""
        self._board.history.closed(session, close)
        self._note("on_close", str(close))
        return None

    async def on_close_error(self, session: Session, error: Exception) -> None:
        """Note it."""
        self._note("on_close_error", str(error))

    async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        """Note the attempt that failed."""
        self._board.history.failed(failure)
        self._note("on_restart_error", str(failure.error))

    def _note(self, name: str, what: str) -> None:
        self._board.callbacks.note(name, what[:SHOWN])
        if name != "on_message":
            self._board.changed.tell()


def describe(message: Any) -> str:
    """Return what a message of the demo server is, in a word or two."""
    if not isinstance(message, dict):
        return f"{type(message).__name__} message"
    kind = str(message.get("type", "message")).removesuffix("_response")
    number = message.get("reqId")
    return f"{kind} {number}"[:40] if number is not None else kind[:40]
