"""One report to several: the screen and the recording."""

from __future__ import annotations

from ..close import Close
from ..endpoint import RestartFailure
from ..message import Message
from ..session import Session
from ..states import StateChange
from .report import Report


class Reports:
    """Hands on each event to several reports, in this order.

    Args:
        *reports: The reports.
    """

    def __init__(self, *reports: Report) -> None:
        self._reports = list(reports)

    def add(self, report: Report) -> None:
        """Tell another one from now on, before the others: what they show, it has noted."""
        self._reports.insert(0, report)

    def state(self, change: StateChange) -> None:
        """Hand it on."""
        for report in self._reports:
            report.state(change)

    def opened(self, session: Session, *, restarting: bool) -> None:
        """Hand it on."""
        for report in self._reports:
            report.opened(session, restarting=restarting)

    def received(self, message: Message) -> None:
        """Hand it on."""
        for report in self._reports:
            report.received(message)

    def sent(self, message: Message) -> None:
        """Hand it on."""
        for report in self._reports:
            report.sent(message)

    def held(self, message: Message) -> None:
        """Hand it on."""
        for report in self._reports:
            report.held(message)

    def unsent(self, count: int, reason: str) -> None:
        """Hand it on."""
        for report in self._reports:
            report.unsent(count, reason)

    def closed(self, close: Close) -> None:
        """Hand it on."""
        for report in self._reports:
            report.closed(close)

    def dial_failed(self, failure: RestartFailure) -> None:
        """Hand it on."""
        for report in self._reports:
            report.dial_failed(failure)

    def trouble(self, what: str, error: Exception) -> None:
        """Hand it on."""
        for report in self._reports:
            report.trouble(what, error)
