"""The time between two sessions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .close import Close


@dataclass(frozen=True, slots=True)
class Gap:
    """What lies between a session and the one before it: what was sent then has been missed.

    Args:
        seconds: From the end of the previous session to the connection of this one.
        close: How the previous session ended.
        session_id: Its id.
        attributes: Its `Session.attributes`, the dictionary itself: what you have noted there,
            such as the number of the last message, tells where to go on.
    """

    seconds: float
    close: Close
    session_id: str
    attributes: dict[str, Any]
