"""Telling how it goes: to whoever reads the log at night, and to the endpoint."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .bounds import StopSchedule, first_of, reap
from .callbacks import OneCall
from .close import Close
from .closing import exception_of
from .endpoint import RestartFailure
from .errors import ConnectError, ConnectionClosed
from .telemetry import where_recorded

if TYPE_CHECKING:
    from .engine import Engine

logger = logging.getLogger(__name__)


class Telling:
    """Tells of losses, failed attempts and recoveries; as loud at the end as at the beginning.

    Args:
        engine: The engine.
    """

    __slots__ = (
        "_attempts",
        "_engine",
        "_loop",
        "_name",
        "_since",
    )

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._name = engine.name
        self._loop = asyncio.get_running_loop()
        self._since: float | None = None
        """When it began that no session is open; `None` while nothing is wrong."""
        self._attempts = 0

    def lost(self, close: Close, uptime: float, delay: float) -> None:
        """Tell of a session that has ended, though nobody wanted it to."""
        self._since = self._loop.time()
        after, name = in_words(uptime), self._name
        logger.warning(
            "%s: connection lost after %s: %s; next dial in %.1f s", name, after, close, delay
        )

    def failed(self, error: Exception, told: str, then: str) -> None:
        """Tell of a dial or `on_open` that failed; with its traceback, unless it was the network.

        Args:
            error: What was raised.
            told: The same in words.
            then: What comes of it.
        """
        self._attempts += 1
        self._since = self._since or self._loop.time()
        of_network = isinstance(error, ConnectError | ConnectionClosed)  # all that adapters raise
        told = told.removeprefix(f"{self._name}: ")  # without a name it is called by its URL
        traceback = None if of_network else error
        logger.warning("%s: opening failed: %s; %s", self._name, told, then, exc_info=traceback)

    async def attempt_failed(
        self,
        error: Exception,
        told: str,
        attempt: int,
        delay: float | None,
        exiting: asyncio.Future[float],
    ) -> None:
        """Tell the log and the endpoint of a failed open, and of the delay before the next."""
        then = "giving up" if delay is None else f"next one in {delay:.1f} s"
        self.failed(error, told, then)
        await tell_restart_error(self._engine, RestartFailure(error, attempt, delay), exiting)

    def open(self) -> None:
        """Tell that a session is open again, if one was missing."""
        if self._since is None:
            return
        seconds, attempts = self._loop.time() - self._since, self._attempts
        self._since, self._attempts = None, 0
        failed = f" and {attempts} failed attempt{'s' * (attempts != 1)}" if attempts else ""
        logger.warning("%s: open again after %s%s", self._name, in_words(seconds), failed)


def in_words(seconds: float) -> str:
    """Return a time as a person says it: two units of it are enough."""
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min"


async def tell_restart_error(
    engine: Engine, failure: RestartFailure, exiting: asyncio.Future[float]
) -> None:
    """Call `on_restart_error`, bounded by `stop_timeout`, or by an exit; log what it raises.

    Args:
        engine: The engine.
        failure: What to tell.
        exiting: Done, with the moment of it, when an exit was asked for.

    Raises:
        BaseException: It raised what is no `Exception`, such as `SystemExit`.
    """
    loop, timeout = asyncio.get_running_loop(), engine.config.stop_timeout
    what = f"{engine.name}: on_restart_error"
    call = OneCall(engine, engine.telemetry.traced(engine.endpoint, "on_restart_error"))
    task = asyncio.create_task(call(engine, failure))
    schedule = StopSchedule(loop.time(), timeout)
    try:
        await first_of(task, exiting, timeout=timeout)
        if exiting.done():
            schedule = StopSchedule(exiting.result(), timeout)
        ended = await reap([task], until=schedule.handlers, grace=schedule.grace, what=what)
    except asyncio.CancelledError:
        task.cancel()
        raise
    if not ended:
        logger.error("%s took too long and was cancelled", what)
    elif task.cancelled():
        logger.error("%s raised CancelledError", what)
    elif (error := exception_of(task)) is not None:
        with where_recorded(error):
            logger.error("%s raised %r", what, error, exc_info=error)
    else:
        return
    engine.telemetry.callback_failed("on_restart_error")
