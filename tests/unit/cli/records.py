"""What the tests of reports share: events as they would come, on one fixed day."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from wsengine import Handshake


def noon() -> datetime:
    return datetime(2026, 3, 4, 12, 0, 0, 5678, tzinfo=UTC)


class OpenSession:
    """As much of a session as a report looks at."""

    def __init__(self, subprotocol: str | None = None) -> None:
        self.id = "0123456789abcdef"
        self.handshake = Handshake(subprotocol=subprotocol)


def session(subprotocol: str | None = None) -> Any:
    return OpenSession(subprotocol)
