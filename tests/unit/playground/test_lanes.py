from __future__ import annotations

import itertools

import pytest

from wsengine.playground.lanes import Lanes


def test_each_call_takes_the_first_lane_that_is_free() -> None:
    time = itertools.count(1)
    lanes = Lanes(2, lambda: float(next(time)))
    with lanes.taken("a"):
        with lanes.taken("b"):
            assert [lane["what"] for lane in lanes.told()] == ["a", "b"]
        with lanes.taken("c"):
            assert [lane["what"] for lane in lanes.told()] == ["a", "c"]
    assert lanes.told() == [
        {"what": None, "since": 1.0, "done": 1},
        {"what": None, "since": 4.0, "done": 2},
    ]
    assert lanes.finished.since(0) == [
        {"lane": 1, "began": 2.0, "ended": 3.0, "what": "b"},
        {"lane": 1, "began": 4.0, "ended": 5.0, "what": "c"},
        {"lane": 0, "began": 1.0, "ended": 6.0, "what": "a"},
    ]


def test_a_lane_is_free_again_after_an_error() -> None:
    lanes = Lanes(1, lambda: 0.0)
    with pytest.raises(ValueError, match="oops"), lanes.taken("a"):
        raise ValueError("oops")
    assert lanes.told()[0]["what"] is None
