"""The endpoint of `wsengine connect`."""

from __future__ import annotations

from ..close import Close
from ..endpoint import Endpoint, RestartFailure
from ..engine import Engine
from ..message import Message
from ..session import Session
from .endings import Ending
from .report import Report


class Talker(Endpoint):
    """Reports what happens on the connection.

    Args:
        report: Where to.
        ending: Told of each message.

    Attributes:
        left: How the last session ended, where the server or the network ended it, or `None`.
        failure: Why the last dial failed, or `None` where it did not.
    """

    def __init__(self, report: Report, ending: Ending) -> None:
        self.left: Close | None = None
        self.failure: Exception | None = None
        self._report = report
        self._ending = ending

    def on_open(self, session: Session, *, restarting: bool) -> None:
        """Report it."""
        self.left = self.failure = None
        self._report.opened(session, restarting=restarting)

    def on_message(self, session: Session, message: Message) -> None:
        """Report it; it may be what was waited for."""
        self._report.received(message)
        self._ending.came(message)

    def on_read_error(self, session: Session, error: Exception) -> None:
        """Report it."""
        self._report.trouble("reading failed", error)

    def on_close(self, session: Session, close: Close) -> None:
        """Report it, and note who did it."""
        self._report.closed(close)
        self.left = None if close.client_initiated else close

    def on_close_error(self, session: Session, error: Exception) -> None:
        """Report it."""
        self._report.trouble("closing failed", error)

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        """Report it."""
        self.failure = failure.error
        self._report.dial_failed(failure)
