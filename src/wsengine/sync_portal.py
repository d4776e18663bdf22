"""An event loop in a thread of its own, and the way into it for all other threads."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from functools import partial
from time import monotonic
from typing import Any, Final

from .errors import TOOK_TOO_LONG, EngineStateError
from .running import new_event_loop
from .sync_calls import Call, wait
from .sync_interruptions import interruptible
from .validation import check_number

CLOSING: Final = 1.0
"""Seconds that are waited for the thread, when what it was for is over."""
CLOSING_AT_EXIT: Final = 30.0
"""The same at the end of the program."""


class PortalClosed(EngineStateError):
    """The event loop has ended, so it takes no calls any more."""


class Portal:
    """An event loop in a daemon thread. It lives as long as its main coroutine.

    A child of `os.fork` has no such thread. What waits for the loop raises an error there, all else
    does nothing, and no lock is touched: it may have been held by a thread that the child lacks.

    Args:
        main: A function that returns the main coroutine; it runs in a copy of the present context.
        name: The name of the thread.

    Attributes:
        done: Done when `main` is, with what it raised. The thread closes the loop then.
        failure: What `main` raised, or `None`.
        is_over: Whether `main` is done.
    """

    def __init__(self, main: Callable[[], Coroutine[Any, Any, None]], *, name: str) -> None:
        self.done: concurrent.futures.Future[None] = concurrent.futures.Future()
        self.failure: BaseException | None = None
        self.is_over = False
        self._main = main
        self._process = os.getpid()
        self._runner = asyncio.Runner(loop_factory=new_event_loop)
        self._loop = self._runner.get_loop()
        self._lock = threading.RLock()  # a signal's handler may call `soon` at any line
        self._closed = False
        self._calls: set[Call] = set()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin.

        Raises:
            RuntimeError: The system has no thread to give. The loop is closed, and `done`.
        """
        try:
            self._thread.start()
        except Exception as error:  # but Ctrl-C may come when it has started
            self._end(error)
            self._loop.close()
            raise

    def call(self, function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
        """Call a function (sync or async) on the loop; wait, and return what it returns.

        Where the wait is interrupted, by Ctrl-C for example, the coroutine is cancelled.

        Raises:
            PortalClosed: The loop has ended, or ends before the call does.
            EngineStateError: Called in the loop's own thread, which would wait for itself; or in a
                child of the process.
            CancelledError: The callback that this is a part of was given up.
        """
        if self.is_here:
            raise EngineStateError(
                "a blocking call in the thread of the event loop would wait for itself; make it "
                "in a callback, or in any other thread"
            )
        self.check_open()
        call = Call(partial(function, *args, **kwargs))
        with self._lock:
            self.check_open()
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
            self.check_open()
        raise asyncio.CancelledError(TOOK_TOO_LONG)

    def soon(self, function: Callable[..., object], *args: Any) -> None:
        """Have the loop call a plain function, and do not wait. An ended loop does not call it."""
        if self.is_forked:
            return
        with self._lock:
            if not self._closed:
                self._loop.call_soon_threadsafe(function, *args)

    def wait_done(self, timeout: float | None = None) -> bool:
        """Wait for the end; return whether it came within `timeout` seconds."""
        if self.is_forked:
            return self.is_over
        began = monotonic()
        wait(self.done, timeout=timeout)
        if self.is_over and self._thread.ident is not None:
            left = CLOSING if timeout is None else began + timeout - monotonic()
            self._thread.join(min(max(0.0, left), CLOSING))
        return self.is_over

    @property
    def is_here(self) -> bool:
        """Whether the caller runs in the thread of the loop."""
        return threading.current_thread() is self._thread

    def check_open(self) -> None:
        """Check that the loop takes calls.

        Raises:
            PortalClosed: It has ended; the error says why.
            EngineStateError: It is that of another process.
        """
        if self._closed:
            why = "" if self.failure is None else f": {self.failure}"
            raise PortalClosed(f"the engine has stopped{why}; call start() first") from self.failure
        self.check_process()

    def check_process(self) -> None:
        """Check that the loop is one of this process.

        Raises:
            EngineStateError: It is not.
        """
        if self.is_forked:
            raise EngineStateError(
                f"the engine was started in process {self._process}, and a fork does not copy its "
                f"threads: this one, {os.getpid()}, cannot use it; make another SyncEngine here"
            )

    @property
    def is_forked(self) -> bool:
        """Whether the caller runs in a child of the loop's process."""
        return os.getpid() != self._process

    # Inside.

    def _run(self) -> None:
        failure: BaseException | None = None
        try:
            self._runner.run(self._main())
        except BaseException as error:
            failure = error  # not swallowed: it belongs to the thread that waits
        _closing.add(self._thread)
        self._end(failure)
        try:
            self._runner.close()  # it may take long: nobody waits for it to the end
        finally:
            with self._lock:
                left = [call for call in self._calls if not call.outcome.done()]
            for call in left:
                call.drop()  # the loop has not even begun it
            _closing.discard(self._thread)

    def _end(self, failure: BaseException | None) -> None:
        with self._lock:
            self.failure, self._closed = failure, True
        self.is_over = True
        if failure is None:
            self.done.set_result(None)
        else:
            self.done.set_exception(failure)


_closing: set[threading.Thread] = set()
"""The threads whose loops are being closed."""


@atexit.register
def _see_them_end() -> None:
    # uvloop looks names up in threads of its own, for which its loops, and at last the program,
    # wait. A loop that is cut off in that wait takes the whole process down with it.
    for thread in tuple(_closing):
        thread.join(CLOSING_AT_EXIT)


async def within(
    limit: float | None, function: Callable[..., Awaitable[Any]], /, *args: Any, **options: Any
) -> Any:
    """Await what a function returns, for `limit` seconds at most.

    Raises:
        ConfigError: `limit` is no number of seconds. The function is not called.
        TimeoutError: It took longer.
    """
    check_number("timeout", limit, least=0, optional=True)
    bound = asyncio.timeout(limit)
    try:
        async with bound:
            return await function(*args, **options)
    except TimeoutError as error:
        if not bound.expired():
            raise
        raise TimeoutError(f"{function.__name__}() was not done within {limit} s") from error
