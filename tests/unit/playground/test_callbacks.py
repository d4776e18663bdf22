from __future__ import annotations

from wsengine import callbacks
from wsengine.playground.callbacks import APART, Callbacks


def test_all_six_are_shown_before_they_fire() -> None:
    told = Callbacks(lambda: 0.0).told()
    assert list(told) == list(callbacks.CALLBACKS)
    assert told["on_open"] == {"count": 0, "at": None, "what": ""}


def test_each_call_counts_and_the_picture_is_thinned_out() -> None:
    moments = [0.0, APART / 2, APART * 2]
    times = iter(moments)
    noted = Callbacks(lambda: next(times))
    for number in range(3):
        noted.note("on_message", f"echo {number}")
    assert noted.told()["on_message"] == {"count": 3, "at": moments[2], "what": "echo 2"}
    assert [fired["at"] for fired in noted.fired.since(0)] == [moments[0], moments[2]]


def test_what_was_told_does_not_change_afterwards() -> None:
    noted = Callbacks(lambda: 1.0)
    before = noted.told()
    noted.note("on_close", "1000")
    assert before["on_close"]["count"] == 0
