from __future__ import annotations

import pytest

from wsengine.sync_interruptions import Interruptions, interrupted_by, interruptible


def test_a_wait_is_cancelled_at_once() -> None:
    cancelled: list[str] = []
    interruptions = Interruptions()
    with interrupted_by(interruptions), interruptible(lambda: cancelled.append("now")):
        assert not cancelled
        interruptions.interrupt()
        assert cancelled == ["now"]


def test_without_a_wait_it_is_the_next_one_and_only_that() -> None:
    cancelled: list[str] = []
    interruptions = Interruptions()
    interruptions.interrupt()
    with interrupted_by(interruptions):
        with interruptible(lambda: cancelled.append("next")):
            assert cancelled == ["next"]
        with interruptible(lambda: cancelled.append("another")):
            assert cancelled == ["next"]


def test_a_wait_that_is_over_is_not_cancelled() -> None:
    cancelled: list[str] = []
    interruptions = Interruptions()
    with interrupted_by(interruptions):
        with pytest.raises(ZeroDivisionError), interruptible(lambda: cancelled.append("over")):
            raise ZeroDivisionError
        interruptions.interrupt()
    assert not cancelled


def test_no_callback_runs_here_no_interruptions() -> None:
    interruptions = Interruptions()
    with interrupted_by(interruptions):
        pass
    interruptions.interrupt()
    with interruptible(lambda: pytest.fail("this thread runs no callback")):
        assert interruptions._wanted
