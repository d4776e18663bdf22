"""Sending lines: held while there is no connection, and some time for the last replies."""

from __future__ import annotations

import asyncio

from ..engine import Engine
from ..errors import ConnectionClosed
from ..session import Session
from ..states import EngineState, StateChange
from .lines import Lines
from .report import Report

LONG = 3600.0
"""Seconds; event loops cannot sleep for ever."""


class Replies:
    """Knows when it is time to expect no more replies.

    While fewer messages came than were sent, each one that comes begins the wait anew; so a
    slow server has its time, and one that talks all the time is not listened to for ever.

    Args:
        linger: Seconds to wait; may be infinite.
    """

    def __init__(self, linger: float) -> None:
        self._linger = linger
        self._outstanding = 0
        self._latest = 0.0

    def sent(self) -> None:
        """Count a message that was sent."""
        self._outstanding += 1
        self._latest = asyncio.get_running_loop().time()

    def came(self) -> None:
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


class Feeder:
    """Sends every line over the session that is open, and then stops the engine.

    A line is held until a session is open; one whose sending failed is sent again.

    Args:
        engine: The engine.
        lines: The lines.
        report: Told what becomes of each line.
        replies: Told of each line that was sent; tells when to stop.
    """

    def __init__(self, engine: Engine, lines: Lines, report: Report, replies: Replies) -> None:
        self._engine = engine
        self._lines = lines
        self._report = report
        self._replies = replies
        self._in_hand = 0
        self._held: str | None = None
        """The line that waits for a session, as long as nobody was told."""
        self._was_lost = False
        self._open = asyncio.Event()
        self._not_open = asyncio.Event()
        engine.watch(self._follow)

    @property
    def unsent(self) -> int:
        """How many lines were read and not sent."""
        return self._in_hand + len(self._lines)

    async def run(self) -> None:
        """Send all lines, wait for replies, and ask the engine to stop."""
        while (raw := await self._lines.next()) is not None:
            self._in_hand = 1
            try:
                line = raw.decode()
            except UnicodeDecodeError:
                self._report.unsent(1, "it is not UTF-8 text")
            else:
                await self._deliver(line)
            self._in_hand = 0
        await self._open.wait()
        await self._replies.wait()
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
        """Tell of the line that waits, but not of a wait for the very first dial."""
        if self._was_lost and self._held is not None:
            self._report.held(self._held)
            self._held = None

    async def _deliver(self, line: str) -> None:
        self._held = line
        while True:
            session = self._engine.session
            if session is None:
                self._tell_what_is_held()
                await self._open.wait()
            elif await self._sent(session, line):
                self._held = None
                return

    async def _sent(self, session: Session, line: str) -> bool:
        try:
            await session.send(line)
        except ConnectionClosed:
            await self._not_open.wait()  # the engine is about to find out, too
            return False
        self._replies.sent()
        self._report.sent(line)
        await asyncio.sleep(0)  # a long file leaves the others their turn
        return True
