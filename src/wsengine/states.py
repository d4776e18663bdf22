"""The lifecycle of an engine: its states, and every transition that exists.

The diagram in the documentation is generated from `TRANSITIONS`; nothing else says
which state may follow which.
"""

from __future__ import annotations

import enum
import logging
from collections.abc import Callable
from dataclasses import dataclass

logger = logging.getLogger(__name__)


class EngineState(enum.Enum):
    """Where an engine is in its life."""

    IDLE = "idle"
    """Made, not started."""
    OPENING = "opening"
    """Dialling, or running `on_open`."""
    OPEN = "open"
    """A session is open; workers run `on_message`."""
    CLOSING = "closing"
    """The session is ending: handlers finish, `on_close` runs, close frames are exchanged."""
    WAITING = "waiting"
    """Between two dials."""
    STOPPED = "stopped"
    """At rest: nothing runs, and `start()` may be called again."""


_S = EngineState

TRANSITIONS: dict[tuple[EngineState, EngineState], str] = {
    (_S.IDLE, _S.OPENING): "start()",
    (_S.OPENING, _S.OPEN): "on_open is done",
    (_S.OPENING, _S.WAITING): "dial or on_open failed, to be retried",
    (_S.OPENING, _S.STOPPED): "failed for good, or exit",
    (_S.OPEN, _S.CLOSING): "connection lost or closed, restart, exit",
    (_S.CLOSING, _S.WAITING): "closed, to be reopened",
    (_S.CLOSING, _S.STOPPED): "closed for good, or exit",
    (_S.WAITING, _S.OPENING): "the delay is over",
    (_S.WAITING, _S.STOPPED): "exit",
    (_S.STOPPED, _S.OPENING): "start() again",
}
"""Each transition that exists, with what causes it."""


@dataclass(frozen=True, slots=True)
class StateChange:
    """One step of the lifecycle, as listeners see it.

    Args:
        previous: The state that was left.
        state: The state that was entered.
        reason: Why, in words for a person.
        delay: In `WAITING`, the seconds until the next dial; otherwise `None`.
    """

    previous: EngineState
    state: EngineState
    reason: str
    delay: float | None = None


class Lifecycle:
    """Holds the state of one engine; `enter` is the only way to change it.

    Args:
        name: The engine's name, for the log.
    """

    def __init__(self, name: str) -> None:
        self.state = EngineState.IDLE
        self.listeners: list[Callable[[StateChange], object]] = []
        self._name = name

    def enter(self, state: EngineState, reason: str, *, delay: float | None = None) -> None:
        """Go to `state`, log it, and tell the listeners.

        Raises:
            RuntimeError: The transition is not in the table: a bug in the engine.
        """
        change = StateChange(self.state, state, reason, delay)
        if (change.previous, state) not in TRANSITIONS:
            raise RuntimeError(f"no transition from {change.previous.name} to {state.name}")
        self.state = state
        logger.info("%s: %s -> %s: %s", self._name, change.previous.value, state.value, reason)
        for listener in tuple(self.listeners):
            try:
                listener(change)
            except Exception:
                logger.exception("%s: a state listener failed; going on", self._name)
