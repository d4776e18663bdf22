"""Telling of a failed attempt to open: the log, and the endpoint."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .bounds import StopSchedule, first_of, reap
from .callbacks import OneCall
from .closing import exception_of
from .endpoint import RestartFailure
from .errors import ConnectError, ConnectionClosed
from .telemetry import where_recorded

if TYPE_CHECKING:
    from .engine import Engine

logger = logging.getLogger(__name__)


def log_failed_open(engine: Engine, error: Exception, when: str = "") -> None:
    """Log that a dial or `on_open` failed; with its traceback, unless it was the network."""
    of_network = isinstance(error, ConnectError | ConnectionClosed)  # all that adapters raise
    what = f"opening failed, {when}" if when else "opening failed"
    logger.warning("%s: %s: %s", engine.name, what, error, exc_info=None if of_network else error)


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
