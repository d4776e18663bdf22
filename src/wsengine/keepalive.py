"""Finding out that a connection is dead: pings, and a watchdog on messages."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any, Final

from .bounds import StopSchedule, first_of, reap
from .close import Close, CloseCode
from .config import EngineConfig
from .crew import Crew
from .errors import ConnectionClosed
from .link import Link

logger = logging.getLogger(__name__)

LATE: Final = 0.25
"""A time-out that fires this many seconds late means that the event loop was blocked."""


BEHIND_DATA: Final = 12
"""Quarters of a time-out that a pong has more while messages come: it may stand behind them."""


class Keepalive:
    """Watches one session while it is open.

    A pong may also be late because nobody reads it: the backlog is full, the session is
    paused, or a handler blocks the event loop. None of these is the death of the
    connection, so they do not count. While messages come, three more time-outs are given.

    Args:
        name: What the session is called in the log.
        link: The connection.
        crew: Those who read it; told when the connection is dead.
        config: Intervals and time-outs.
    """

    __slots__ = (
        "_config",
        "_crew",
        "_link",
        "_loop",
        "_name",
        "_pinging",
        "_timer",
        "_watching",
        "round_trip",
    )

    def __init__(self, name: str, link: Link, crew: Crew, config: EngineConfig) -> None:
        self.round_trip: float | None = None
        """Seconds between the last ping and its pong."""
        self._name = name
        self._link = link
        self._crew = crew
        self._config = config
        self._loop = asyncio.get_running_loop()
        self._timer: asyncio.TimerHandle | None = None
        self._pinging: asyncio.Task[None] | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, as far as the configuration asks for it."""
        self._wait_to_ping()
        if self._config.idle_timeout is not None:
            self._watching = _begin(self._watch_messages(self._config.idle_timeout))

    async def stop(self, *, grace: float) -> None:
        """Stop watching; a ping that ignores its cancellation has so many seconds to end."""
        if self._timer is not None:
            self._timer.cancel()
        tasks = [task for task in (self._pinging, self._watching) if task is not None]
        await reap(tasks, until=0.0, grace=grace, what=f"{self._name}: a ping")

    def _wait_to_ping(self) -> None:
        # Not a task that sleeps: that weighs a kilobyte, and most of the time is between pings.
        if self._config.ping_interval is not None:
            self._timer = self._loop.call_later(self._config.ping_interval, self._begin_to_ping)

    def _begin_to_ping(self) -> None:
        self._pinging = _begin(self._ping())

    async def _ping(self) -> None:
        pong = asyncio.create_task(self._link.connection.ping())
        pong.add_done_callback(_look_at)
        try:
            if not await self._answered(pong):
                self._lost(f"no pong within {self._config.ping_timeout:g} s")
                return
            self.round_trip = pong.result()
        except ConnectionClosed as error:
            logger.debug("%s: ping failed: %s", self._name, error)
            return  # whoever reads will find out how
        except Exception as error:
            logger.warning("%s: ping failed: %r", self._name, error)
        finally:
            grace = 0.5 * StopSchedule(0.0, self._config.stop_timeout).grace  # stop() waits longer
            await reap([pong], until=0.0, grace=grace, what=f"{self._name}: ping()")
        self._pinging = None
        self._wait_to_ping()

    async def _answered(self, pong: asyncio.Task[float]) -> bool:
        """Wait for a pong; return `False` if there is no excuse for its absence."""
        timeout = self._config.ping_timeout
        if timeout is None:
            await first_of(pong)
            return True
        patience, behind_data = timeout, 0
        while True:
            stalls, due = self._crew.stalls, self._loop.time() + patience
            await first_of(pong, timeout=0.75 * patience)
            received = self._link.received
            await first_of(pong, timeout=max(0.0, due - self._loop.time()))
            if pong.done():
                return True
            patience = timeout
            if self._loop.time() - due > LATE:
                why = "the event loop was blocked"
            elif self._crew.stalled or self._crew.stalls != stalls:
                why = "reading had stopped"
            elif self._link.received != received and behind_data < BEHIND_DATA:
                why = "messages come, and it may stand behind them"
                behind_data += 1
                patience = timeout / 4
            else:
                return False
            logger.warning("%s: no pong yet, but %s; waiting on", self._name, why)

    async def _watch_messages(self, timeout: float) -> None:
        received, since = self._link.received, self._loop.time()
        while True:
            due = self._loop.time() + timeout / 4
            await asyncio.sleep(timeout / 4)
            blocked = self._loop.time() - due > LATE  # then nobody has looked at the socket yet
            if self._link.received != received or self._crew.stalled or blocked:
                received, since = self._link.received, self._loop.time()
            elif self._loop.time() - since >= timeout:
                self._lost(f"no message for {timeout:g} s")
                return

    def _lost(self, reason: str) -> None:
        logger.warning("%s: the connection is dead: %s", self._name, reason)
        self._crew.end(Close(CloseCode.ABNORMAL_CLOSURE, reason))


def _look_at(pong: asyncio.Task[float]) -> None:
    """Retrieve the exception of a ping that nobody waits for any more."""
    if not pong.cancelled():
        pong.exception()


def _begin(watch: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
    # A fresh context: its pings are no children of whatever span started the engine.
    return asyncio.create_task(watch, context=contextvars.Context())
