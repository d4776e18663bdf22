"""Stopping gracefully on SIGTERM, where there is no event loop in the main thread."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator


@contextlib.contextmanager
def interrupted_by_sigterm() -> Iterator[None]:
    """Have SIGTERM raise `KeyboardInterrupt` in the block, as Ctrl-C does.

    Does nothing outside the main thread, nor where the program has a handler of its own.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
