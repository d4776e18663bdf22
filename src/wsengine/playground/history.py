"""What became of an engine: its states one after the other, its sessions, and why they ended."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from ..close import Close, CloseCode
from ..endpoint import RestartFailure
from ..session import Session
from ..states import EngineState, StateChange
from ..telemetry.spans import closed_by
from .ring import Ring

KEPT_CHANGES = 400
KEPT_ENTRIES = 40

AT_REST = (EngineState.IDLE, EngineState.STOPPED)


class History:
    """Follows one engine after the other; what happened stays when the engine is exchanged.

    Args:
        now: Returns the time.
    """

    def __init__(self, now: Callable[[], float]) -> None:
        self.changes: Ring[dict[str, Any]] = Ring(KEPT_CHANGES)
        """Each change of state."""
        self.sessions = 0
        """How many sessions there have been."""
        self._entries: deque[dict[str, Any]] = deque(maxlen=KEPT_ENTRIES)
        self._open: dict[str, Any] | None = None
        self._now = now

    @property
    def entries(self) -> list[dict[str, Any]]:
        """Sessions, failed attempts and stops, the oldest first; one that is open is the last."""
        return [dict(entry) for entry in self._entries]

    def changed(self, change: StateChange, session: Session | None, about: str) -> None:
        """Note a change of state.

        Args:
            change: The change.
            session: The session that is open now, or `None`.
            about: The engine, in a few words.
        """
        state = change.state
        self._note_change(state, change.reason, change.delay)
        if state is EngineState.OPEN and session is not None:
            self._opened(session, about)
        elif state is EngineState.CLOSING:
            self._ended(change.reason)
        elif state is EngineState.STOPPED:
            self._add("stop", cause=change.reason)

    def exchanged(self) -> None:
        """Note that there is a new engine, which has not been started."""
        if self.changes.newest is None or self.changes.newest["state"] != EngineState.IDLE.value:
            self._note_change(EngineState.IDLE, "a new engine", None)

    def closed(self, session: Session, close: Close) -> None:
        """Note how a session ended."""
        entry = next((e for e in reversed(self._entries) if e.get("id") == session.id), None)
        if entry is not None:
            name = close.code.name if isinstance(close.code, CloseCode) else ""
            code, by = int(close.code), closed_by(close)
            entry.update(code=code, name=name, cause=close.reason, by=by)

    def failed(self, failure: RestartFailure) -> None:
        """Note an attempt to open a session that failed; those in a row are one entry.

        Dials are counted here: the engine's number of the attempt counts short sessions, too.
        """
        began, dials = self._now(), 1
        if self._entries and self._entries[-1]["kind"] == "attempt":
            before = self._entries.pop()
            began, dials = before["began"], before["dials"] + 1
        error, attempt, delay = str(failure.error), failure.attempt, failure.next_delay
        self._add("attempt", cause=error, dials=dials, attempt=attempt, delay=delay, began=began)

    def _note_change(self, state: EngineState, reason: str, delay: float | None) -> None:
        self.changes.add(
            {"at": self._now(), "state": state.value, "reason": reason, "delay": delay}
        )

    def _opened(self, session: Session, about: str) -> None:
        self.sessions += 1
        self._add("session", number=self.sessions, id=session.id, about=about, ended=None)
        self._open = self._entries[-1]

    def _ended(self, reason: str) -> None:
        if self._open is not None:
            self._open.update(ended=self._now(), cause=reason)
            self._open = None

    def _add(self, kind: str, **details: Any) -> None:
        self._entries.append({"kind": kind, "began": self._now(), "cause": "", **details})
