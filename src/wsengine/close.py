"""How a connection ends: the close codes of RFC 6455 and the close itself."""

from __future__ import annotations

import contextlib
import enum
from dataclasses import dataclass, field

from .errors import ConfigError
from .validation import refuse

MAX_REASON_BYTES = 123
"""A control frame carries 125 bytes at most, and the code takes two (RFC 6455 section 5.5)."""


class CloseCode(enum.IntEnum):
    """The close codes registered with IANA (RFC 6455 sections 7.4.1 and 11.7)."""

    NORMAL_CLOSURE = 1000
    GOING_AWAY = 1001
    PROTOCOL_ERROR = 1002
    UNSUPPORTED_DATA = 1003
    NO_STATUS_RECEIVED = 1005
    """The close frame had no code. Never sent; only reported."""
    ABNORMAL_CLOSURE = 1006
    """The connection was lost without a close frame. Never sent; only reported."""
    INVALID_DATA = 1007
    POLICY_VIOLATION = 1008
    MESSAGE_TOO_BIG = 1009
    MANDATORY_EXTENSION = 1010
    INTERNAL_ERROR = 1011
    SERVICE_RESTART = 1012
    TRY_AGAIN_LATER = 1013
    BAD_GATEWAY = 1014
    TLS_HANDSHAKE = 1015
    """The TLS handshake failed. Never sent; only reported."""
    UNAUTHORIZED = 3000
    FORBIDDEN = 3003
    TIMEOUT = 3008


_SENDABLE_CODES = frozenset(CloseCode) - {
    CloseCode.NO_STATUS_RECEIVED,
    CloseCode.ABNORMAL_CLOSURE,
    CloseCode.TLS_HANDSHAKE,
}


@dataclass(frozen=True, slots=True)
class Close:
    """The end of a session: its code, its reason, and who began it.

    Args:
        code: The close code. `CloseCode.ABNORMAL_CLOSURE` (1006) where the connection
            was lost without a close frame.
        reason: Free text, empty where none was given.
        client_initiated: Whether this side began the close: by `stop()`, `exit()` or
            `restart()`, or because the server broke the protocol. A lost connection, and one
            that answers no ping, counts as the network's doing.
    """

    code: int
    reason: str = ""
    client_initiated: bool = field(default=False, kw_only=True)

    def __post_init__(self) -> None:
        if isinstance(self.code, bool) or not isinstance(self.code, int):
            raise refuse("code", self.code, "must be a close code, such as CloseCode.GOING_AWAY")
        if self.code not in range(65536):
            raise refuse("code", self.code, "must be a number of 16 bits (RFC 6455 section 5.5.1)")
        if not isinstance(self.reason, str):
            raise refuse("reason", self.reason, "must be a str")
        with contextlib.suppress(ValueError):  # a private or unregistered code stays an int
            object.__setattr__(self, "code", CloseCode(self.code))

    def __str__(self) -> str:
        name = f" {self.code.name}" if isinstance(self.code, CloseCode) else ""
        reason = f" ({self.reason})" if self.reason else ""
        return f"{int(self.code)}{name}{reason}"

    def check_sendable(self) -> None:
        """Raise `ConfigError` unless this close may go on the wire (RFC 6455 section 7.4)."""
        if self.code not in _SENDABLE_CODES and not 3000 <= self.code <= 4999:
            raise ConfigError(
                f"close code {int(self.code)} cannot be sent: use 1000, 1001, another "
                "registered code that is not only reported, or 3000 to 4999 (RFC 6455 section 7.4)"
            )
        try:
            size = len(self.reason.encode())
        except UnicodeEncodeError as error:
            raise ConfigError(
                f"the close reason cannot be sent as UTF-8 ({error.reason}): "
                "replace its lone surrogates, as Close.cut_reason(text) does"
            ) from error
        if size > MAX_REASON_BYTES:
            raise ConfigError(
                f"the close reason has {size} bytes of UTF-8, but a close frame holds "
                f"{MAX_REASON_BYTES}: shorten it, or cut it with Close.cut_reason(text)"
            )

    @staticmethod
    def cut_reason(text: str) -> str:
        """Cut a text to the 123 bytes of UTF-8 that a close frame holds, between characters.

        What UTF-8 cannot hold (a lone surrogate) becomes a question mark.
        """
        encoded = text.encode(errors="replace")
        return encoded[:MAX_REASON_BYTES].decode(errors="ignore")


GOING_AWAY = Close(CloseCode.GOING_AWAY)
"""What the client sends when `on_close` returns nothing."""
