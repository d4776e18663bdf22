from __future__ import annotations

import signal
import threading

import pytest

from wsengine.sync_signals import interrupted_by_sigterm

from .sync_tools import PATIENCE


def test_sigterm_is_a_keyboard_interrupt_in_the_block_only() -> None:
    before = signal.getsignal(signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with pytest.raises(KeyboardInterrupt), interrupted_by_sigterm():
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)


def test_a_handler_of_the_program_stays() -> None:
    heard: list[int] = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: heard.append(number))
    try:
        with interrupted_by_sigterm():
            signal.raise_signal(signal.SIGTERM)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert heard == [signal.SIGTERM]


def test_in_another_thread_it_does_nothing() -> None:
    seen: list[object] = []

    def other() -> None:
        with interrupted_by_sigterm():
            seen.append(signal.getsignal(signal.SIGTERM))

    thread = threading.Thread(target=other)
    thread.start()
    thread.join(PATIENCE)
    assert seen == [signal.getsignal(signal.SIGTERM)]
