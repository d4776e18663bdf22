"""Sending messages: held while there is no connection, and in the end the wait for replies."""

from __future__ import annotations

import asyncio

from ..engine import Engine
from ..errors import ConnectionClosed
from ..message import Message
from ..session import Session
from ..states import EngineState, StateChange
from .endings import Ending
from .report import Report
from .sources import Source


class Feeder:
    """Sends every message over the session that is open, and then stops the engine.

    A message is held until a session is open; one whose sending failed is sent again.

    Args:
        engine: The engine.
        source: The messages.
        report: Told what becomes of each message.
        ending: Told of each message that is sent; tells when to stop.
    """

    def __init__(self, engine: Engine, source: Source, report: Report, ending: Ending) -> None:
        self._engine = engine
        self._source = source
        self._report = report
        self._ending = ending
        self._in_hand = 0
        self._held: Message | None = None
        """The message that waits for a session, as long as nobody was told."""
        self._was_lost = False
        self._open = asyncio.Event()
        self._not_open = asyncio.Event()
        engine.watch(self._follow)

    @property
    def unsent(self) -> int:
        """How many messages were read and not sent."""
        return self._in_hand + len(self._source)

    async def run(self) -> None:
        """Send all messages, wait for the end, and ask the engine to stop."""
        while (message := await self._source.next()) is not None:
            self._in_hand = 1
            await self._deliver(message)
            self._in_hand = 0
        await self._open.wait()
        await self._ending.wait()
        self._engine.exit()

    def _follow(self, change: StateChange) -> None:
        if change.state is EngineState.OPEN:
            self._open.set()
            self._not_open.clear()
        else:
            self._open.clear()
            self._not_open.set()
            self._was_lost |= change.state is EngineState.WAITING
            self._tell_what_is_held()

    def _tell_what_is_held(self) -> None:
        """Tell of the message that waits, but not of a wait for the very first dial."""
        if self._was_lost and self._held is not None:
            self._report.held(self._held)
            self._held = None

    async def _deliver(self, message: Message) -> None:
        self._held = message
        while True:
            session = self._engine.session
            if session is None:
                self._tell_what_is_held()
                await self._open.wait()
            elif await self._sent(session, message):
                self._held = None
                return

    async def _sent(self, session: Session, message: Message) -> bool:
        self._ending.sending()
        try:
            await session.send(message)
        except ConnectionClosed:
            await self._not_open.wait()  # the engine is about to find out, too
            return False
        self._ending.sent()
        self._report.sent(message)
        await asyncio.sleep(0)  # a long file leaves the others their turn
        return True
