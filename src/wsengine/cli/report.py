"""What `wsengine connect` tells, and the form that programs read: one JSON object a line."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Protocol

from ..close import Close
from ..endpoint import RestartFailure
from ..message import Message
from ..session import Session
from ..states import StateChange
from .problems import advise


class Report(Protocol):
    """Takes down what happens on a connection."""

    def state(self, change: StateChange) -> None:
        """The engine went on to another state."""

    def opened(self, session: Session, *, restarting: bool) -> None:
        """A session is open."""

    def received(self, message: Message) -> None:
        """A message came."""

    def sent(self, message: Message) -> None:
        """A message was sent."""

    def held(self, message: Message) -> None:
        """There is no connection: a message is kept until there is one."""

    def unsent(self, count: int, reason: str) -> None:
        """Messages were read, and will not be sent."""

    def closed(self, close: Close) -> None:
        """The session has ended."""

    def dial_failed(self, failure: RestartFailure) -> None:
        """An attempt to connect failed; another follows."""

    def trouble(self, what: str, error: Exception) -> None:
        """Something failed that ends nothing."""


class JsonReport:
    """Writes each event as one line of JSON, with `time` (UTC, ISO 8601) and `event`.

    Args:
        write: Writes one line.
        now: Returns the present time.
    """

    def __init__(
        self,
        write: Callable[[str], object],
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._write = write
        self._now = now

    def state(self, change: StateChange) -> None:
        """Write `state`: previous, state, reason, and in "waiting" the delay in seconds."""
        self._event(
            "state",
            previous=change.previous.value,
            state=change.state.value,
            reason=change.reason,
            delay=change.delay,
        )

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Write `open`: session, restarting, subprotocol."""
        subprotocol = session.handshake.subprotocol
        self._event("open", session=session.id, restarting=restarting, subprotocol=subprotocol)

    def received(self, message: Message) -> None:
        """Write `message`: type "text" or "binary", and data, in base64 for binary."""
        self._message("message", message)

    def sent(self, message: Message) -> None:
        """Write `sent`: type and data, as in `message`."""
        self._message("sent", message)

    def held(self, message: Message) -> None:
        """Write `held`: type and data, as in `message`."""
        self._message("held", message)

    def unsent(self, count: int, reason: str) -> None:
        """Write `unsent`: lines, the number of them, and reason."""
        self._event("unsent", lines=count, reason=reason)

    def closed(self, close: Close) -> None:
        """Write `close`: code, reason, client_initiated."""
        self._event(
            "close",
            code=int(close.code),
            reason=close.reason,
            client_initiated=close.client_initiated,
        )

    def dial_failed(self, failure: RestartFailure) -> None:
        """Write `dial_failed`: error, attempt, and next_delay in seconds or null."""
        self._event(
            "dial_failed",
            error=advise(failure.error),
            attempt=failure.attempt,
            next_delay=failure.next_delay,
        )

    def trouble(self, what: str, error: Exception) -> None:
        """Write `error`: what failed, and the error."""
        self._event("error", what=what, error=str(error))

    def _message(self, event: str, message: Message) -> None:
        if isinstance(message, str):
            self._event(event, type="text", data=message)
        else:
            self._event(event, type="binary", data=base64.b64encode(message).decode())

    def _event(self, event: str, **fields: Any) -> None:
        time = self._now().isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._write(json.dumps({"time": time, "event": event, **fields}))
