"""Finding out that a connection is dead: pings, and a watchdog on messages."""

from __future__ import annotations

import asyncio
import contextvars
import logging

from .bounds import reap
from .close import Close, CloseCode
from .config import EngineConfig
from .crew import Crew
from .errors import ConnectionClosed
from .link import Link
from .patience import LATE, Patience

logger = logging.getLogger(__name__)


class Keepalive:
    """Watches one session while it is open.

    A pong that is late may have an excuse, which is not the death of the connection: see
    `Patience`.

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
        "_pong",
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
        self._pong: asyncio.Task[float] | None = None
        self._watching: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to watch, as far as the configuration asks for it."""
        self._wait_to_ping()
        if self._config.idle_timeout is not None:
            # A fresh context: what it does is no child of whatever span started the engine.
            self._watching = asyncio.create_task(
                self._watch_messages(self._config.idle_timeout), context=contextvars.Context()
            )

    async def stop(self, *, grace: float) -> None:
        """Stop watching; a ping that ignores its cancellation has so many seconds to end."""
        self._stop_timer()
        pong, self._pong = self._pong, None
        tasks = [task for task in (pong, self._watching) if task is not None]
        await reap(tasks, until=0.0, grace=grace, what=f"{self._name}: a ping")

    # Callbacks and one timer, not a task: most of the time is between pings, and where thousands
    # of sessions ping at once, each weighs a third.

    def _wait_to_ping(self) -> None:
        if self._config.ping_interval is not None:
            self._timer = self._loop.call_later(self._config.ping_interval, self._ping)

    def _ping(self) -> None:
        self._pong = asyncio.create_task(
            self._link.connection.ping(), context=contextvars.Context()
        )
        self._pong.add_done_callback(self._ended)
        if self._config.ping_timeout is not None:
            self._wait_for_pong(Patience(self._config.ping_timeout, self._link, self._crew))

    def _ended(self, pong: asyncio.Task[float]) -> None:
        """Take note of the pong, or of what became of the ping, and wait for the next."""
        error = None if pong.cancelled() else pong.exception()
        if pong is not self._pong:
            return  # stopped
        self._stop_timer()
        self._pong = None
        if error is None and not pong.cancelled():
            self.round_trip = pong.result()
        elif isinstance(error, Exception) and not isinstance(error, ConnectionClosed):
            logger.warning("%s: ping failed: %r", self._name, error)
        else:
            logger.debug("%s: ping failed: %s", self._name, error)
            return  # whoever reads will find out how
        self._wait_to_ping()

    def _wait_for_pong(self, patience: Patience) -> None:
        self._timer = self._loop.call_at(patience.renew(), self._look, patience)

    def _look(self, patience: Patience) -> None:
        self._timer = self._loop.call_at(patience.look(), self._judge, patience)

    def _judge(self, patience: Patience) -> None:
        """Wait on if there is an excuse for the absence of the pong; or the connection is dead."""
        if self._pong is None or self._pong.done():
            return
        if why := patience.excuse():
            logger.warning("%s: no pong yet, but %s; waiting on", self._name, why)
            self._wait_for_pong(patience)
        else:
            self._pong.cancel()
            self._lost(f"no pong within {self._config.ping_timeout:g} s")

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()

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
