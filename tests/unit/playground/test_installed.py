from __future__ import annotations

import importlib.util

import pytest

from wsengine.playground import installed as module
from wsengine.playground.installed import installed


def test_what_is_there_needs_nothing() -> None:
    assert installed("websockets") is None


def test_what_is_missing_has_its_line(monkeypatch: pytest.MonkeyPatch) -> None:
    assert importlib.util.find_spec("picows") is not None
    monkeypatch.setattr(module, "find_spec", lambda name: None)
    assert installed("picows") == 'pip install "wsengine[picows]"'
