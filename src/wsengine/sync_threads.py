"""The threads in which the callbacks of a `SyncEngine` run."""

from __future__ import annotations

import asyncio
import contextvars
import logging
import queue
import threading
from collections.abc import Callable
from functools import partial
from typing import Any, Final

from .errors import EngineStateError
from .sync_interruptions import Interruptions, interrupted_by

logger = logging.getLogger(__name__)

OPENING: Final = ("url", "options", "on_open")
"""What is called in order to open a session."""


class CallbackThreads:
    """Runs plain functions in daemon threads, each in a copy of the caller's context.

    A thread is made where none is idle. So callbacks that run one after the other run in one and
    the same thread. All methods are called on the event loop.

    Args:
        name: The name of the engine.
        grace: Seconds that a function which is given up has to end.
        most_left: How many that do not end are left behind at most, before no session is opened
            any more.
    """

    def __init__(self, name: str, *, grace: float, most_left: int) -> None:
        self._name = name
        self._grace = grace
        self._most_left = most_left
        self._left = 0
        self._threads: list[CallbackThread] = []
        self._idle: list[CallbackThread] = []

    async def run(self, what: str, function: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        """Run a function in a thread, and return what it returns.

        Cancelling it interrupts the blocking call in which the function waits. A function that
        goes on all the same is left behind in its thread, with an error in the log.

        Args:
            what: What the function is called in the log.
            function: The function.
            *args: What it is called with.
            **kwargs: What it is called with, by name.

        Raises:
            EngineStateError: Too many were left behind for another session to be opened.
            Exception: What the function raises.
        """
        self._check_left(what)
        context = contextvars.copy_context()
        job = Job(f"{self._name}: {what}", partial(context.run, function, *args, **kwargs))
        thread = self._idle.pop() if self._idle else self._add_thread()
        job.on_end = partial(self._ended, job, thread)
        thread.give(job)
        try:
            await job.ended
        except asyncio.CancelledError:
            await self._give_up(job, thread)
            raise
        return job.result()

    def close(self) -> None:
        """End the threads. One that still runs a function ends with it, and is not waited for."""
        for thread in self._threads:
            thread.give(None)
        for thread in self._idle:
            thread.join()

    async def _give_up(self, job: Job, thread: CallbackThread) -> None:
        job.ended = asyncio.get_running_loop().create_future()  # the first one is cancelled
        job.interruptions.interrupt()
        await asyncio.wait([job.ended], timeout=self._grace)
        if job.ended.done():
            if job.error is not None and not isinstance(job.error, asyncio.CancelledError):
                raise job.error
            return
        job.left_behind = True
        self._left += 1
        logger.error(
            "%s took too long and still runs in %s; a thread cannot be ended, so it is left behind",
            job.what,
            thread.name,
        )

    def _ended(self, job: Job, thread: CallbackThread) -> None:
        self._left -= job.left_behind
        self._idle.append(thread)

    def _check_left(self, what: str) -> None:
        # A session that is open has all the threads that it needs, so that it loses no message;
        # and there is one more for who is told that none is opened.
        too_many = self._left >= self._most_left and what in OPENING
        if what == "on_restart_error":
            too_many = self._left > self._most_left and not self._idle
        if too_many:
            raise EngineStateError(
                f"{what} is not called: {self._left} callbacks that took too long still run, and "
                f"{self._most_left} may be left behind; no session is opened until one of them "
                "ends: give what they wait for a time-out"
            )

    def _add_thread(self) -> CallbackThread:
        thread = CallbackThread(f"{self._name}: callbacks {len(self._threads) + 1}")
        self._threads.append(thread)
        return thread


class Job:
    """One run of a function in a thread; made on the event loop, which is told of its end.

    Attributes:
        ended: Done when it has ended.
        on_end: Called on the loop when it has ended.
        error: What it raised, or `None`.
        left_behind: Whether nobody waits for it any more.
    """

    def __init__(self, what: str, function: Callable[[], Any]) -> None:
        self.what = what
        self.interruptions = Interruptions()
        self.on_end: Callable[[], None]
        self.error: BaseException | None = None
        self.left_behind = False
        self._function = function
        self._result: Any = None
        self._loop = asyncio.get_running_loop()
        self.ended: asyncio.Future[None] = self._loop.create_future()

    def run(self) -> None:
        """Run the function, and tell the loop; called in the thread."""
        try:
            with interrupted_by(self.interruptions):
                self._result = self._function()
        except BaseException as error:
            self.error = error  # not swallowed: `result` raises it
        try:
            self._loop.call_soon_threadsafe(self._tell)
        except RuntimeError:  # the loop is closed
            self._log_end()

    def result(self) -> Any:
        """Return what the function returned, or raise what it raised."""
        if self.error is None:
            return self._result
        try:
            raise self.error
        finally:
            self.error = None  # its traceback has this frame: no circle

    def _tell(self) -> None:
        self.on_end()
        if self.left_behind:
            self._log_end()
        elif not self.ended.done():
            self.ended.set_result(None)

    def _log_end(self) -> None:
        logger.warning("%s, which was left behind, has ended", self.what, exc_info=self.error)


class CallbackThread:
    """A daemon thread: a function that never returns does not keep the program from ending.

    (The threads of `concurrent.futures` do: the interpreter waits for them.)
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def give(self, job: Job | None) -> None:
        """Give it something to run; `None` ends it."""
        self._jobs.put(job)

    def join(self) -> None:
        """Wait for its end."""
        self._thread.join()

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job.run()
            del job  # an idle thread holds no message
