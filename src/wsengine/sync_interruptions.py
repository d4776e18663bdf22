"""How a callback in a thread is told that it was given up.

The thread cannot be ended. But if it waits in a blocking call of the engine, that call can be
cancelled: the callback learns of it there, as a coroutine would.
"""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator


class Interruptions:
    """Interrupts the blocking call in which a thread waits; or else the next one that it makes."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._wanted = False
        self._cancel: Callable[[], None] | None = None

    def interrupt(self) -> None:
        """Interrupt; called in any thread."""
        with self._lock:
            self._wanted = self._cancel is None
            if self._cancel is not None:
                self._cancel()

    def begin(self, cancel: Callable[[], None]) -> None:
        """Note that the thread is going to wait, and how that is cancelled."""
        with self._lock:
            self._cancel = cancel
            if self._wanted:
                self._wanted = False
                cancel()

    def end(self) -> None:
        """Note that the thread does not wait any more."""
        with self._lock:
            self._cancel = None


_here = threading.local()


@contextlib.contextmanager
def interrupted_by(interruptions: Interruptions) -> Iterator[None]:
    """Have the blocking calls that this thread makes in the block be interrupted so."""
    _here.interruptions = interruptions
    try:
        yield
    finally:
        _here.interruptions = None


@contextlib.contextmanager
def interruptible(cancel: Callable[[], None]) -> Iterator[None]:
    """Let the wait in the block be ended by `cancel`, if this thread runs a callback."""
    interruptions: Interruptions | None = getattr(_here, "interruptions", None)
    if interruptions is None:
        yield
        return
    interruptions.begin(cancel)
    try:
        yield
    finally:
        interruptions.end()
