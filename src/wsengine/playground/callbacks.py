"""The six callbacks as they fire: how often, when, and with what."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..callbacks import CALLBACKS
from .ring import Ring

KEPT = 400
"""How many firings are remembered."""

APART = 0.05
"""Seconds; of two firings closer than this, a picture shows one."""


class Callbacks:
    """Notes each call.

    Args:
        now: Returns the time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.fired: Ring[dict[str, Any]] = Ring(KEPT)
        """When each fired, thinned out where it fired fast."""
        self._now = now
        self._drawn: dict[str, float] = {}
        self._told: dict[str, dict[str, Any]] = {
            name: {"count": 0, "at": None, "what": ""} for name in CALLBACKS
        }

    def note(self, name: str, what: str) -> None:
        """Note a call, and what it was about in a few words."""
        told, now = self._told[name], self._now()
        told["count"] += 1
        told["at"], told["what"] = now, what
        if now - self._drawn.get(name, -APART) >= APART:
            self._drawn[name] = now
            self.fired.add({"name": name, "at": now})

    def told(self) -> dict[str, dict[str, Any]]:
        """Return, of each callback, its count and its latest call."""
        return {name: dict(of) for name, of in self._told.items()}
