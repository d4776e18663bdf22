"""An event loop in a thread of its own, and the way into it for all other threads."""

from __future__ import annotations

import asyncio
import concurrent.futures
import inspect
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from typing import Any, Final

from .errors import TOOK_TOO_LONG, EngineStateError
from .running import _loop_factory
from .sync_interruptions import interruptible

SLICE: Final = 0.2 if os.name == "nt" else None
"""Seconds of one wait: where no wait for a lock is interrupted by Ctrl-C, it is cut into slices."""


class PortalClosed(EngineStateError):
    """The event loop has ended, so it takes no calls any more."""


class Portal:
    """An event loop in a daemon thread. It lives as long as its main coroutine.

    Args:
        main: A function that returns the main coroutine; it runs in a copy of the present context.
        name: The name of the thread.

    Attributes:
        done: Done when the thread is about to end, with what `main` raised.
    """

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
        self.done: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._main = main
        self._runner = asyncio.Runner(loop_factory=_loop_factory() or asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._lock = threading.RLock()  # a signal's handler may call `soon` at any line
        self._closed = False
        self._calls: set[Call] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function (sync or async) on the loop; wait, and return what it returns.

        Where the wait is interrupted, by Ctrl-C for example, the coroutine is cancelled.

        Raises:
            PortalClosed: The loop has ended, or ends before the call does.
            EngineStateError: Called in the loop's own thread, which would wait for itself.
            CancelledError: The callback that this is a part of was given up.
        """
        if self.is_here:
            raise EngineStateError(
                "a blocking call in the thread of the event loop would wait for itself; make it "
                "in a callback, or in any other thread"
            )
        call = Call(partial(function, *args, **kwargs))
        with self._lock:
            self._check_open()
            self._calls.add(call)
            self._loop.call_soon_threadsafe(call.begin)
        cancel = partial(self.soon, call.cancel)
        try:
            with interruptible(cancel):
                wait(call.outcome)
        except BaseException:
            cancel()
            raise
        finally:
            with self._lock:
                self._calls.discard(call)
                closed = self._closed
        if not call.outcome.cancelled():
            return call.outcome.result()
        if closed:
            self._check_open()
        raise asyncio.CancelledError(TOOK_TOO_LONG)

    def soon(self, function: Callable[..., object], *args: Any) -> None:
        """Have the loop call a plain function, and do not wait. An ended loop does not call it."""
        with self._lock:
            if not self._closed:
                self._loop.call_soon_threadsafe(function, *args)

    def wait_done(self, timeout: float | None = None) -> bool:
        """Wait for the end; return whether it came within `timeout` seconds."""
        wait(self.done, timeout=timeout)
        if self.done.done():
            self._thread.join()
        return self.done.done()

    @property
    def is_here(self) -> bool:
        """Whether the caller runs in the thread of the loop."""
        return threading.current_thread() is self._thread

    # Inside.

    def _check_open(self) -> None:
        if self._closed:
            raise PortalClosed("the engine has stopped; call start() first")

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            with self._runner:
                try:
                    self._runner.run(self._main())
                finally:
                    with self._lock:
                        self._closed = True
        except BaseException as error:
            failure = error  # not swallowed: it belongs to the thread that waits
        with self._lock:
            left = [call for call in self._calls if not call.outcome.done()]
        for call in left:
            call.drop()  # the loop has not even begun it
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)


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
        result = self._function()
        return await result if inspect.isawaitable(result) else result

    def _ended(self, task: asyncio.Task[Any]) -> None:
        if task.cancelled():
            self.drop()
        elif (error := task.exception()) is not None:
            self.outcome.set_exception(error)
        else:
            self.outcome.set_result(task.result())


async def within(
    limit: float | None, function: Callable[..., Awaitable[Any]], /, *args: Any, **options: Any
) -> Any:
    """Await what a function returns, for `limit` seconds at most.

    Raises:
        TimeoutError: It took longer.
    """
    bound = asyncio.timeout(limit)
    try:
        async with bound:
            return await function(*args, **options)
    except TimeoutError as error:
        if not bound.expired():
            raise
        raise TimeoutError(f"{function.__name__}() was not done within {limit} s") from error


def wait(*futures: concurrent.futures.Future[Any], timeout: float | None = None) -> None:
    """Wait until one of the futures is done, or `timeout` seconds.

    Ctrl-C interrupts it, on every system where it has no time-out.
    """
    first = concurrent.futures.FIRST_COMPLETED
    if timeout is not None:
        concurrent.futures.wait(futures, max(0.0, timeout), return_when=first)
        return
    while not any(future.done() for future in futures):
        concurrent.futures.wait(futures, SLICE, return_when=first)
