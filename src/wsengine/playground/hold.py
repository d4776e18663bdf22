"""A pause that lasts until it is ended: the messages meanwhile are read by hand, and kept."""

from __future__ import annotations

import asyncio
import contextlib

from ..errors import ConnectionClosed, DecodeError
from ..session import Session

MOST = 500
"""How many messages are held; then nothing is read any more, and TCP pushes back."""


class Hold:
    """Pauses a session until `release`, or its end.

    It reads meanwhile, and so learns of that end. Each message is put back, so that
    `on_message` gets it after the pause.

    Args:
        session: The session.
    """

    def __init__(self, session: Session) -> None:
        self.held = 0
        """How many messages are held."""
        self._session = session
        self.task = asyncio.create_task(self._pause())
        """Done when the pause is over."""

    def release(self) -> None:
        """End the pause."""
        self.task.cancel()

    async def _pause(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            async with self._session.paused() as connection:
                while self.held < MOST:
                    with contextlib.suppress(DecodeError):  # there is no value to put back
                        connection.put_back(await connection.receive())
                        self.held += 1
                await asyncio.Event().wait()
