"""Stopping gracefully on Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator


@contextlib.contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; leave a second one to Python.

    Does nothing outside the main thread, and where the event loop has no signal handlers
    (Windows): Ctrl-C then cancels the running task, as `asyncio.run` arranges it.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()
    before: dict[signal.Signals, signal._HANDLER] = {}

    def restore() -> None:
        while before:
            number, handler = before.popitem()
            loop.remove_signal_handler(number)
            signal.signal(number, handler)

    def received() -> None:
        restore()
        stop()

    for number in (signal.SIGINT, signal.SIGTERM):
        handler = signal.getsignal(number)
        try:
            loop.add_signal_handler(number, received)
        except (NotImplementedError, RuntimeError):
            continue
        before[number] = handler
    try:
        yield
    finally:
        restore()
