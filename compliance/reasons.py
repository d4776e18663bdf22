"""Why a case is not OK: what was found out by hand. Whoever adds one has looked."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Final

_NO_ECHO: Final = (
    "The message before the wrong frame reaches `on_message`, but the library has read on by then, "
    "and the wrong frame has ended the connection: the echo cannot be sent"
)
_RACE: Final = (
    "As the cases with the whole frames, but the server sends byte by byte: "
    "whether the echo is in time is chance, and changes from run to run"
)
_LATE: Final = "The library checks UTF-8 when a message is complete, not while it comes"

REASONS: Final[dict[str, dict[str, str]]] = {
    "websockets": {
        "3.2 3.3 4.1.3 4.1.4 4.2.3 4.2.4 5.15": _NO_ECHO,
        "3.4 4.1.5 4.2.5": _RACE,
        "6.4.*": _LATE,
    },
    "aiohttp": {
        "6.4.*": _LATE,
    },
    "picows": {
        "3.2 3.3 4.1.3 4.1.4 4.2.3 4.2.4 5.15": _NO_ECHO,
        "3.4 4.1.5 4.2.5": _RACE,
        "6.4.*": _LATE,
        "7.1.2": (
            "The library parses one frame ahead: it refuses the second close frame with 1002 "
            "before the adapter hears of the first"
        ),
    },
}
"""By library, then by patterns of cases."""


def reason(library: str, case: str) -> str | None:
    """Return why a case is not OK with a library, if that is known."""
    for patterns, why in REASONS.get(library, {}).items():
        if any(fnmatchcase(case, pattern) for pattern in patterns.split()):
            return why
    return None
