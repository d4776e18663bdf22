"""Messages that a pilot puts back."""

from __future__ import annotations

import pytest

from wsengine import ConfigError
from wsengine.putting_back import KEPT, KEPT_BYTES, Received


def test_they_come_in_the_order_of_arrival() -> None:
    received, values = Received(), [{"n": n} for n in range(4)]
    for value in values:
        received.add(value, str(value))
    received.put_back(values[2])
    received.put_back(values[0])
    assert list(received.taken()) == [str(values[0]), str(values[2])]
    assert list(received.taken()) == []


def test_what_is_foreign_is_refused() -> None:
    received, value = Received(), {"n": 1}
    received.add(value, "x")
    with pytest.raises(ConfigError, match=r"put_back\(\) of a dict that receive\(\) did not"):
        received.put_back({"n": 1})
    received.put_back(value)
    with pytest.raises(ConfigError, match="or that was put back already"):
        received.put_back(value)


def test_the_same_object_may_come_twice() -> None:
    received = Received()
    for message in ("1", " 1"):
        received.add(1, message)
    received.put_back(1)
    assert list(received.taken()) == [" 1"]  # the latest


def test_only_the_latest_are_kept() -> None:
    received, values = Received(), [object() for _ in range(KEPT + 1)]
    for value in values:
        received.add(value, "x")
    with pytest.raises(ConfigError, match=f"the last {KEPT} are known"):
        received.put_back(values[0])
    received.put_back(values[1])
    big = bytes(KEPT_BYTES + 1)
    received.add(big, big)
    with pytest.raises(ConfigError):
        received.put_back(values[-1])
    received.put_back(big)
    assert list(received.taken()) == ["x", big]
