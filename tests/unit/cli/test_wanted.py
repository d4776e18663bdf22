from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from wsengine import ConfigError, ConnectOptions, EngineConfig
from wsengine.cli.wanted import Wanted

FILE = Path("file")


def wanted(**given: Any) -> Wanted:
    usual: dict[str, Any] = {
        "url": "ws://x",
        "adapter": "websockets",
        "options": ConnectOptions(),
        "config": EngineConfig(),
        "linger": 1.0,
    }
    return Wanted(**{**usual, **given})


@pytest.mark.parametrize(
    ("given", "has_goal", "reads_input"),
    [
        ({}, False, True),
        ({"send": ("x",)}, False, True),
        ({"expect": ("x",)}, True, True),
        ({"expect": ("x",), "send": ("x",)}, True, True),
        ({"once": True}, True, True),
        ({"once": True, "send": ("x",)}, True, False),
        ({"replay": FILE}, False, False),
        ({"once": True, "replay": FILE}, True, False),
    ],
)
def test_what_follows_from_it(given: dict[str, Any], has_goal: bool, reads_input: bool) -> None:
    assert wanted(**given).has_goal is has_goal
    assert wanted(**given).reads_input is reads_input


def test_patterns_are_compiled() -> None:
    (first, second) = wanted(expect=(r"\d", "x")).patterns
    assert first.search("7")
    assert second.pattern == "x"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"linger": -1}, "linger=-1: must be a number of at least 0"),
        ({"linger": float("nan")}, "linger=nan: must be"),
        ({"within": 0.0, "once": True}, "within=0.0: must be a number above 0"),
        ({"speed": -0.5, "replay": FILE}, "speed=-0.5: must be a number of at least 0"),
        ({"within": 1.0}, "--within is of no use without --expect or --once"),
        ({"force": True}, "--force is of no use without --record FILE"),
        ({"speed": 1.0}, "--speed is of no use without --replay FILE"),
        ({"expect": ("x", "(")}, r"--expect '\(': is no regular expression of Python"),
        ({"send": ("x", "\udcff")}, "--send number 2 is not UTF-8 text"),
    ],
)
def test_what_cannot_be_is_refused(given: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError, match=f"^{message}"):
        wanted(**given)


def test_an_endless_linger_is_fine() -> None:
    assert wanted(linger=float("inf")).linger == float("inf")
