"""Calls that one thread makes on the event loop of another, and the wait for what comes of them."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import os
import threading
from collections.abc import Callable
from typing import Any, Final

from .interruption import act_for

SLICE: Final = 0.2 if os.name == "nt" else None
"""Seconds of one wait: where no wait for a lock is interrupted by Ctrl-C, it is cut into slices."""


class Call:
    """One call on the loop, for which another thread waits.

    Args:
        function: What to call; what it returns is awaited where that is possible.

    Attributes:
        outcome: Done when the call is: also a cancelled one is waited for.
    """

    def __init__(self, function: Callable[[], Any]) -> None:
        self.outcome: concurrent.futures.Future[Any] = concurrent.futures.Future()
        self._function = function
        self._thread = threading.get_ident()
        self._task: asyncio.Task[Any] | None = None

    def begin(self) -> None:
        """Make a task of it; called on the loop."""
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(self._ended)

    def cancel(self) -> None:
        """Cancel the task; called on the loop."""
        if self._task is not None:
            self._task.cancel()

    def drop(self) -> None:
        """End it as cancelled."""
        self.outcome.cancel()
        self.outcome.set_running_or_notify_cancel()  # only now do those who wait hear of it

    async def _run(self) -> Any:
        act_for(self._thread)
        result = self._function()
        return await result if inspect.isawaitable(result) else result

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self.drop()
        elif (error := task.exception()) is not None:
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(task.result())


def wait(*futures: concurrent.futures.Future[Any], timeout: float | None = None) -> None:
    """Wait until one of the futures is done, or `timeout` seconds.

    Ctrl-C interrupts it, on every system where it has no time-out.
    """
    first = concurrent.futures.FIRST_COMPLETED
    if timeout is not None:
        longest = min(max(0.0, timeout), threading.TIMEOUT_MAX)
        concurrent.futures.wait(futures, longest, return_when=first)
        return
    while not any(future.done() for future in futures):
        concurrent.futures.wait(futures, SLICE, return_when=first)
