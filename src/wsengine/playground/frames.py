"""What is sent to a page: all of it first, then what has changed."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Final

from ..close import CloseCode
from ..loading import ADAPTERS
from ..session import Session
from ..states import TRANSITIONS, EngineState
from . import traces as traces_module
from .commands import SWITCHES
from .installed import installed

if TYPE_CHECKING:
    from .panel import Panel
    from .subject import Subject

CODES: Final = (1000, 1001, 1008, 1011, 1012, 1013)
"""The close codes that the page offers."""


def hello(panel: Panel) -> dict[str, Any]:
    """Return what never changes."""
    return {
        "type": "hello",
        "states": [state.value for state in EngineState],
        "transitions": [
            {"from": before.value, "to": after.value, "why": why}
            for (before, after), why in TRANSITIONS.items()
        ],
        "adapters": [{"name": name, "missing": installed(name)} for name in ADAPTERS],
        "codes": [{"code": code, "name": CloseCode(code).name} for code in CODES],
        "tracing": None if panel.traces is not None else traces_module.HOW_TO_GET,
        "hasEngine": panel.subject is not None,
    }


class Frames:
    """Makes the frames of one page.

    Args:
        panel: What is shown.
    """

    def __init__(self, panel: Panel) -> None:
        self._panel = panel
        self._last: dict[str, Any] = {}
        self._seen: dict[str, tuple[Any, int]] = {}

    def next(self) -> dict[str, Any]:
        """Return what has changed since the frame before, and the time."""
        panel = self._panel
        now = panel.board.now()
        parts: dict[str, Any] = {"server": _server(panel)}
        news: dict[str, list[Any]] = {}
        if panel.subject is not None:
            board = panel.board
            parts["engine"] = _engine(panel, panel.subject)
            parts["entries"] = board.history.entries
            parts["callbacks"] = board.callbacks.told()
            parts["lanes"] = board.lanes.told()
            news = {
                "changes": self._news("changes", board.history.changes),
                "fired": self._news("fired", board.callbacks.fired),
                "samples": self._news("samples", board.meters.samples),
                "work": self._news("work", board.lanes.finished),
            }
        if panel.traces is not None:
            parts["traces"] = panel.traces.told()
        changed = {name: part for name, part in parts.items() if self._last.get(name) != part}
        self._last = parts
        with_news = {name: items for name, items in news.items() if items}
        return {"type": "frame", "now": now, "wall": time.time(), **changed, **with_news}

    def _news(self, name: str, ring: Any) -> list[Any]:
        """Return what is new in a ring; all of it where it is another ring than before."""
        before, number = self._seen.get(name, (ring, 0))
        items: list[Any] = ring.since(number if before is ring else 0)
        self._seen[name] = (ring, ring.last)
        return items


def _engine(panel: Panel, subject: Subject) -> dict[str, Any]:
    newest = panel.board.history.changes.newest or {}
    settings = subject.settings
    return {
        "state": subject.engine.state.value,
        "reason": newest.get("reason", "made, not started"),
        "since": newest.get("at"),
        "delay": newest.get("delay"),
        "held": subject.held,
        "adapter": settings.adapter,
        "workers": settings.workers,
        "rate": settings.rate,
        "work": settings.work,
        "session": _session(panel, subject.session),
    }


def _session(panel: Panel, session: Session | None) -> dict[str, Any] | None:
    if session is None:
        return None
    return {"id": session.id, "number": panel.board.history.sessions}


def _server(panel: Panel) -> dict[str, Any]:
    server = panel.server
    refuse = server.faults.refuse
    return {
        "url": server.url,
        "running": server.running,
        "clients": len(server.clients),
        "delay": server.faults.delay,
        "refuse": None
        if refuse is None
        else {"status": refuse.status, "retryAfter": refuse.retry_after, "times": refuse.times},
        **{name: getattr(server.faults, name) for name in SWITCHES},
    }
