from __future__ import annotations

from typing import Any

import pytest

from wsengine import ConfigError
from wsengine.servers.demo_faults import Faults, Refusal


@pytest.mark.parametrize(
    ("name", "value", "rule"),
    [
        ("refuse", 503, "must be Refusal, or None"),
        ("drop_on_accept", "yes", "must be one of True, False"),
        ("stop_reading", None, "must be one of True, False"),
        ("stop_reading", 1, "must be one of True, False"),
        ("drop_on_accept", 0.0, "must be one of True, False"),
        ("ignore_pings", 2, "must be one of True, False"),
        ("delay", -0.1, "must be a number of at least 0"),
        ("delay", float("inf"), "must be a number of at least 0"),
        ("delay", True, "must be a number of at least 0"),
    ],
)
def test_a_wrong_value_is_refused_at_once_and_later(name: str, value: Any, rule: str) -> None:
    with pytest.raises(ConfigError, match=f"{name}=.*{rule}"):
        Faults(**{name: value})
    faults = Faults()
    with pytest.raises(ConfigError, match=f"{name}=.*{rule}"):
        setattr(faults, name, value)
    assert faults == Faults()


@pytest.mark.parametrize(
    ("settings", "rule"),
    [
        ({"status": 399}, "status=399: must be a whole number of at least 400"),
        ({"status": 600}, "status=600: must be the HTTP status of an error"),
        ({"retry_after": 0.5}, "retry_after=0.5: must be a whole number of at least 0, or None"),
        ({"times": 0}, "times=0: must be a whole number of at least 1, or None"),
    ],
)
def test_a_wrong_refusal_is_refused(settings: dict[str, Any], rule: str) -> None:
    with pytest.raises(ConfigError, match=rule):
        Refusal(**settings)


def test_a_misspelt_fault_is_an_error() -> None:
    with pytest.raises(AttributeError):
        Faults().stop_writing = True


def test_listeners_are_told_of_each_change() -> None:
    faults = Faults(delay=1.0)
    seen: list[tuple[str, ...]] = []
    faults.listeners.append(lambda: seen.append(faults.active))
    faults.ignore_pings = True
    faults.delay = 0.0
    faults.reset()
    assert seen[:2] == [("ignore_pings", "delay"), ("ignore_pings",)]
    assert seen[-1] == ()


def test_reset_takes_all_back() -> None:
    faults = Faults(Refusal(), drop_on_accept=True, stop_reading=True, ignore_pings=True, delay=2.0)
    assert len(faults.active) == 5
    faults.reset()
    assert faults == Faults()
    assert faults.active == ()
    assert faults.take_refusal() is None


def test_a_refusal_is_over_after_its_times() -> None:
    refusal = Refusal(429, retry_after=2, times=2)
    faults = Faults(refuse=refusal)
    assert [faults.take_refusal() for _ in range(3)] == [refusal, refusal, None]
    assert faults.refuse is None


def test_a_refusal_that_is_set_anew_counts_anew() -> None:
    faults = Faults(refuse=Refusal(times=2))
    faults.take_refusal()
    faults.refuse = Refusal(times=2)
    assert [faults.take_refusal() is None for _ in range(3)] == [False, False, True]


def test_a_refusal_without_times_stays() -> None:
    faults = Faults(refuse=Refusal())
    assert all(faults.take_refusal() == Refusal(503) for _ in range(100))
