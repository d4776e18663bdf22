"""What `websockets` logs, without the secrets in it.

At DEBUG the library logs every header, the whole target of the request, and of every frame what is
in it: tokens, cookies, keys and messages would stand in the log of whoever looks for another fault.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, MutableMapping
from typing import Any, Final

from websockets.frames import Frame

from ..url import display_url

_SHOWN: Final = frozenset(
    {
        *("connection", "date", "host", "server", "upgrade", "user-agent", "via"),
        *("content-length", "content-type", "retry-after"),
        *("sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-version"),
    }
)
"""The headers whose values are shown."""

_HIDDEN: Final = "..."

_CONVERSION: Final = re.compile(
    r"%(?:%|(?:\(\w*\))?[-#0 +]*(?:\d+|\*)?(?:\.(?:\d+|\*))?[hlL]?[a-zA-Z])"
)
"""What stands in a format for a value; or for a percent sign."""


def _header(name: object, value: object) -> tuple[object, ...]:
    return name, value if str(name).lower() in _SHOWN else _HIDDEN


def _target(target: object) -> tuple[object, ...]:
    return (display_url(str(target)),)


def _frame(frame: object) -> tuple[object, ...]:
    if not isinstance(frame, Frame):
        return (_HIDDEN,)
    more = "" if frame.fin else ", continued"
    return (f"{frame.opcode.name} [{len(frame.data)} bytes{more}]",)


def _as_it_is(*args: object) -> tuple[object, ...]:
    return args


_KNOWN: Final[dict[object, tuple[int, Callable[..., tuple[object, ...]]]]] = {
    "> GET %s HTTP/1.1": (1, _target),
    "> %s: %s": (2, _header),
    "< %s: %s": (2, _header),
    "> %s": (1, _frame),
    "< %s": (1, _frame),
    "< HTTP/1.1 %d %s": (2, _as_it_is),
    "< [body] (%d bytes)": (1, _as_it_is),
    "= connection is %s": (1, _as_it_is),
}
"""The formats whose values may be shown: how many they have, and what is shown of them."""


class DiscreetLogger(logging.LoggerAdapter[logging.Logger]):
    """Passes on what the library logs, with nothing in it that is not known to be harmless."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave the library's own context out, which holds the connection."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log something. Another version may log in other words: then no value is shown."""
        if args and self.isEnabledFor(level):
            count, shown = _KNOWN.get(msg, (0, _as_it_is))
            if count == len(args):
                args = shown(*args)
            else:
                msg, args = _CONVERSION.sub(_hide, str(msg)), ()
        super().log(level, msg, *args, **kwargs)


def _hide(conversion: re.Match[str]) -> str:
    return "%" if conversion[0] == "%%" else _HIDDEN


LOGGER = DiscreetLogger(logging.getLogger("websockets.client"), {})
"""In place of the library's own logger; it logs under the same name."""
