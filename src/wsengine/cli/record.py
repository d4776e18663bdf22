"""Recordings of a conversation: one JSON object a line, written as it happens."""

from __future__ import annotations

import asyncio
import base64
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from ..close import Close
from ..endpoint import RestartFailure
from ..errors import ConfigError
from ..message import Message
from ..session import Session
from ..states import EngineState, StateChange
from .problems import advise

FORMAT = 1
"""The version of the format; it goes up when a reader of this one could not read the next."""


def create(path: Path, *, force: bool) -> TextIO:
    """Open a file for a recording; nobody else may read it, since messages may be secret.

    Args:
        path: The file.
        force: Whether a file that is there may be replaced.

    Raises:
        ConfigError: It cannot be had, or is there already.
    """
    flags = os.O_WRONLY | os.O_CREAT | (os.O_TRUNC if force else os.O_EXCL)
    try:
        descriptor = os.open(path, flags, 0o600)
    except FileExistsError as error:
        raise ConfigError(f"--record {path}: is there already; --force replaces it") from error
    except OSError as error:
        raise ConfigError(f"--record {path}: {error.strerror}") from error
    # Line by line: what happened before a crash is in the file.
    return os.fdopen(descriptor, "w", encoding="ascii", buffering=1, newline="\n")


class Recorder:
    """Writes each message, and what happened to the connection.

    Each line has `time`, in seconds since the start, and `kind`. Messages ("text", "binary")
    have `direction` ("in", "out"), and `text`, or `data` in base64; the first line ("start")
    has the time of day.

    Args:
        file: Where to.
        url: What is connected to, as it may be shown.
        on_failure: Called once when nothing can be written any more.
        clock: Returns the time in seconds; the event loop's where it is `None`.
        now: Returns the time of day.

    Attributes:
        failure: Why nothing can be written any more, or `None`.
    """

    def __init__(
        self,
        file: TextIO,
        url: str,
        on_failure: Callable[[], object],
        *,
        clock: Callable[[], float] | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.failure: OSError | None = None
        self._file = file
        self._on_failure = on_failure
        self._clock = clock or asyncio.get_running_loop().time
        self._start = self._clock()
        at = now().isoformat().replace("+00:00", "Z")
        self._line("start", at=at, format=FORMAT, url=url)

    def state(self, change: StateChange) -> None:
        """Write `reconnect` (reason, and delay in seconds) and `stop` (reason)."""
        if change.state is EngineState.WAITING and change.previous is EngineState.CLOSING:
            self._line("reconnect", reason=change.reason, delay=_rounded(change.delay))
        elif change.state is EngineState.STOPPED:
            self._line("stop", reason=change.reason)

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Write `open`: session, restarting, subprotocol."""
        subprotocol = session.handshake.subprotocol
        self._line("open", session=session.id, restarting=restarting, subprotocol=subprotocol)

    def received(self, message: Message) -> None:
        """Write the message, with the direction "in"."""
        self._message("in", message)

    def sent(self, message: Message) -> None:
        """Write the message, with the direction "out"."""
        self._message("out", message)

    def held(self, message: Message) -> None:
        """Write nothing: it is written when it is sent."""

    def unsent(self, count: int, reason: str) -> None:
        """Write nothing: it did not happen."""

    def closed(self, close: Close) -> None:
        """Write `close`: code, reason, client_initiated."""
        client = close.client_initiated
        self._line("close", code=int(close.code), reason=close.reason, client_initiated=client)

    def dial_failed(self, failure: RestartFailure) -> None:
        """Write `dial_failed`: error, attempt, and next_delay in seconds or null."""
        error, delay = advise(failure.error), _rounded(failure.next_delay)
        self._line("dial_failed", error=error, attempt=failure.attempt, next_delay=delay)

    def trouble(self, what: str, error: Exception) -> None:
        """Write `error`: what failed, and the error."""
        self._line("error", what=what, error=str(error))

    def end(self) -> None:
        """Close the file."""
        try:
            self._file.close()
        except OSError as error:
            self.failure = self.failure or error

    def _message(self, direction: str, message: Message) -> None:
        if isinstance(message, str):
            self._line("text", direction=direction, text=message)
        else:
            data = base64.b64encode(message).decode()
            self._line("binary", direction=direction, data=data)

    def _line(self, kind: str, **fields: Any) -> None:
        if self.failure is not None:
            return
        time = self._clock() - self._start if kind != "start" else 0.0
        try:
            self._file.write(json.dumps({"time": round(time, 6), "kind": kind, **fields}) + "\n")
        except OSError as error:
            self.failure = error
            self._on_failure()


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 6)
