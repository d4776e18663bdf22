"""Stopping gracefully on Ctrl-C and SIGTERM."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import threading
from collections.abc import Callable, Iterator
from types import FrameType

# Signals belong to the process, so what they stop is kept for the process: the first engine
# that runs takes them, and the last gives them back.
_stops: list[Callable[[], object]] = []
_before: dict[signal.Signals, signal._HANDLER] = {}


@contextlib.contextmanager
def stop_on_signals(stop: Callable[[], None]) -> Iterator[None]:
    """Call `stop` at the first SIGINT or SIGTERM; leave a second one to whoever had it before.

    Where several engines run, the first signal stops them all. Does nothing outside the main
    thread.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop_soon() -> object:  # called by Python between any two lines: only leave word
        return loop.call_soon_threadsafe(stop)

    _take()
    _stops.append(stop_soon)
    try:
        yield
    finally:
        _stops.remove(stop_soon)
        if not _stops:
            _give_back()


def _take() -> None:
    for number in (signal.SIGINT, signal.SIGTERM):
        if number not in _before and (handler := signal.getsignal(number)) is not None:
            _before[number] = handler
            signal.signal(number, _received)


def _give_back() -> None:
    while _before:
        number, handler = _before.popitem()
        if signal.getsignal(number) is _received:  # or the program has another one since
            signal.signal(number, handler)


def _received(number: int, frame: FrameType | None) -> None:
    _give_back()
    for stop in tuple(_stops):
        stop()
