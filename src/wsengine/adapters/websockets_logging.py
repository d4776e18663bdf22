"""What `websockets` logs of its handshakes, without the secrets in them.

At DEBUG the library logs every header and the whole target of the request: tokens, cookies and
keys would stand in the log of whoever looks for another fault.
"""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from ..url import display_url

_SHOWN = frozenset(
    {
        *("connection", "date", "host", "server", "upgrade", "user-agent", "via"),
        *("content-length", "content-type", "retry-after"),
        *("sec-websocket-accept", "sec-websocket-extensions", "sec-websocket-version"),
    }
)
"""The headers whose values are shown."""


class DiscreetLogger(logging.LoggerAdapter[logging.Logger]):
    """Passes on what the library logs, with the values of headers and queries taken out."""

    def process(
        self, msg: Any, kwargs: MutableMapping[str, Any]
    ) -> tuple[Any, MutableMapping[str, Any]]:
        """Leave the library's own context out, which holds the connection."""
        return msg, kwargs

    def log(self, level: int, msg: object, *args: object, **kwargs: Any) -> None:
        """Log something; what tells of a handshake is known by the library's format strings."""
        if msg in {"> %s: %s", "< %s: %s"} and len(args) == 2:
            name = str(args[0])
            args = (name, args[1] if name.lower() in _SHOWN else "...")
        elif msg == "> GET %s HTTP/1.1":
            args = (display_url(str(args[0])),)
        super().log(level, msg, *args, **kwargs)


LOGGER = DiscreetLogger(logging.getLogger("websockets.client"), {})
"""In place of the library's own logger; it logs under the same name."""
