"""The endpoint of the demo: it talks, and keeps an account of what it hears."""

from __future__ import annotations

import asyncio
from typing import cast

from ..close import Close
from ..endpoint import Endpoint, RestartFailure
from ..engine import Engine
from ..errors import ConnectionClosed
from ..message import Message
from ..servers.echo import EchoServer
from ..session import Session
from .demo_faults import FAULTS, Count, Fault, Outcome
from .demo_show import DemoShow

PACE = 0.02
"""Seconds between two messages."""


class DemoEndpoint(Endpoint):
    """Sends messages, compares each echo with what was sent, and notes what faults do.

    Args:
        show: Told of what happens.
    """

    def __init__(self, show: DemoShow) -> None:
        self.count = Count()
        self.outcomes: list[Outcome] = []
        self.all_echoed = asyncio.Event()
        self._recovered = asyncio.Event()
        self._show = show

    @property
    def all_is_well(self) -> bool:
        """Whether all faults struck, every recovery was seen, and every echo was right."""
        recovered = [outcome for outcome in self.outcomes if outcome.seconds is not None]
        return len(recovered) == len(FAULTS) and not self.count.wrong

    async def talk(self, engine: Engine) -> None:
        """Send a message now and then, for ever, while there is a connection."""
        while True:
            await asyncio.sleep(PACE)
            if engine.session is not None:
                await self._say(engine.session)
            self._show.progress(self.count)

    async def _say(self, session: Session) -> None:
        number = self.count.sent + 1
        message = f"text {number}" if number % 2 else f"binary {number}".encode()
        expected = _expected(session)
        expected.append(message)
        self.all_echoed.clear()
        try:
            await session.send(message)
        except ConnectionClosed:
            expected.pop()
        else:
            self.count.sent += 1

    async def live_through(self, fault: Fault, server: EchoServer) -> Outcome:
        """Have a fault strike, and wait for the first echo on another connection."""
        outcome = Outcome(fault, asyncio.get_running_loop().time())
        self.outcomes.append(outcome)
        self._recovered.clear()
        await fault.strike(server)
        await self._recovered.wait()
        return outcome

    def on_open(self, session: Session, *, restarting: bool) -> None:
        """Show it."""
        self._show.opened(session, restarting=restarting)

    def on_message(self, session: Session, message: Message) -> None:
        """Compare it; after a fault, the first one shows that all is well again."""
        expected = _expected(session)
        if not expected or expected.pop(0) != message:
            self.count.wrong += 1
            return
        self.count.echoed += 1
        if not expected:
            self.all_echoed.set()
        outcome = self.outcomes[-1] if self.outcomes else None
        if outcome and outcome.close and outcome.seconds is None:
            outcome.seconds = asyncio.get_running_loop().time() - outcome.began
            self._show.recovered(outcome.seconds)
            self._recovered.set()

    def on_close(self, session: Session, close: Close) -> None:
        """Note how the fault looks from here."""
        self._show.closed(close)
        if self.outcomes and self.outcomes[-1].close is None and not close.client_initiated:
            self.outcomes[-1].close = close

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        """Count it."""
        self._show.dial_failed(failure)
        if self.outcomes:
            self.outcomes[-1].failed_dials += 1


def _expected(session: Session) -> list[Message]:
    """Return the messages of this session whose echoes are still to come."""
    return cast("list[Message]", session.attributes.setdefault("expected", []))
