"""The conditions of a fault proxy are checked as they are made."""

from __future__ import annotations

from typing import Any

import pytest

from wsengine import ConfigError
from wsengine.testing import Conditions


def test_left_out_everything_passes() -> None:
    conditions = Conditions()
    assert not conditions.is_black("up")
    assert not conditions.is_black("down")


@pytest.mark.parametrize(
    ("blackhole", "up", "down"),
    [("up", True, False), ("down", False, True), ("both", True, True)],
)
def test_a_blackhole_has_its_direction(blackhole: Any, up: bool, down: bool) -> None:
    conditions = Conditions(blackhole=blackhole)
    assert (conditions.is_black("up"), conditions.is_black("down")) == (up, down)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("blackhole", "left"),
        ("delay", -1),
        ("jitter", float("nan")),
        ("rate", 0),
        ("split", "yes"),
        ("hold_handshake", None),
    ],
)
def test_a_wrong_value_is_refused(field: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=f"{field}="):
        Conditions(**{field: value})
