"""Bounded waiting: how long each step of a stop may take, and what happens when it is over."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Collection
from dataclasses import dataclass
from functools import partial
from typing import Any

from .errors import TOOK_TOO_LONG

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class StopSchedule:
    """The moments, in the event loop's time, by which the steps of a close must be over.

    Args:
        begin: When the close was asked for.
        timeout: Seconds for all of it (`EngineConfig.stop_timeout`).
    """

    begin: float
    timeout: float

    @property
    def handlers(self) -> float:
        """Running callbacks are cancelled."""
        return self.begin + 0.5 * self.timeout

    @property
    def on_close(self) -> float:
        """`on_close` is cancelled."""
        return self.begin + 0.7 * self.timeout

    @property
    def close_frames(self) -> float:
        """The connection is cut off."""
        return self.begin + 0.8 * self.timeout

    @property
    def on_close_error(self) -> float:
        """`on_close_error` is cancelled."""
        return self.begin + 0.9 * self.timeout

    @property
    def grace(self) -> float:
        """Seconds that a cancelled callback has to end."""
        return 0.03 * self.timeout


def shielded(future: asyncio.Future[Any]) -> asyncio.Future[None]:
    """Return what is done when `future` is; to cancel that does not cancel `future`.

    For a wait that lasts as long as a session: it weighs a third of `asyncio.shield`.
    """
    waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    future.add_done_callback(partial(_wake, waiter))
    return waiter


async def first_of(*futures: asyncio.Future[Any], timeout: float | None = None) -> None:
    """Wait until one of the futures is done, or `timeout` seconds; cancels none of them.

    What `asyncio.wait` does, in less than half its memory.
    """
    loop = asyncio.get_running_loop()
    waiter: asyncio.Future[None] = loop.create_future()
    wake = partial(_wake, waiter)
    timer = None if timeout is None else loop.call_later(timeout, wake)
    for future in futures:
        future.add_done_callback(wake)
    try:
        await waiter
    finally:
        if timer is not None:
            timer.cancel()
        for future in futures:
            future.remove_done_callback(wake)


def _wake(waiter: asyncio.Future[None], _done: object = None) -> None:
    if not waiter.done():
        waiter.set_result(None)


async def reap(
    tasks: Collection[asyncio.Task[Any]],
    *,
    until: float | None,
    grace: float,
    what: str,
    why: str | None = TOOK_TOO_LONG,
) -> bool:
    """Wait for tasks until a moment of the loop's time, then cancel those that still run.

    One that ignores its cancellation for `grace` seconds is left behind, with an error in the
    log: nothing in asyncio can end it. Cancelling `reap` cancels the tasks.

    Args:
        tasks: The tasks.
        until: The moment; `None` is now, before any of them takes another step.
        grace: Seconds that a cancelled task has to end.
        what: What they are called in the log.
        why: The message of their cancellation.

    Returns:
        Whether all ended by themselves.
    """
    loop = asyncio.get_running_loop()
    pending = {task for task in tasks if not task.done()}
    try:
        if pending and until is not None:
            _, pending = await asyncio.wait(pending, timeout=max(0.0, until - loop.time()))
        if not pending:
            return True
        for task in pending:
            task.cancel(why)
        _, pending = await asyncio.wait(pending, timeout=grace)
    except asyncio.CancelledError:
        for task in pending:
            task.cancel()
        raise
    if pending:
        logger.error("%s ignores its cancellation and is left behind: %r", what, pending)
        for task in pending:
            task.add_done_callback(_look_at)
    return False


def _look_at(task: asyncio.Task[Any]) -> None:
    """Retrieve the exception of a task that nobody waits for any more, and log it."""
    if not task.cancelled() and (error := task.exception()) is not None:
        logger.error("what was left behind has ended: %r", error)
