"""What travels over a WebSocket: one whole message, text or binary (RFC 6455 section 5.6)."""

from __future__ import annotations

from typing import Any, Final, TypeAlias

Message: TypeAlias = str | bytes
"""A whole message: `str` for text, `bytes` for binary."""

SendableMessage: TypeAlias = str | bytes | bytearray | memoryview
"""What may be sent: `str` goes as text, bytes-like as binary."""

SENDABLE: Final = (str, bytes, bytearray, memoryview)
"""The same, for `isinstance`, which is faster with a tuple than with a union."""


def message_size(message: Message) -> int:
    """Return the size of a message's payload in bytes; text counts as its UTF-8 encoding."""
    if isinstance(message, bytes) or message.isascii():
        return len(message)
    return len(message.encode("utf-8", "surrogatepass"))


def check_sendable(message: object) -> None:
    """Raise `TypeError` for what no WebSocket library can send as one message."""
    if not isinstance(message, SENDABLE):
        raise TypeError(
            f"a message is str (text) or bytes (binary), not {type(message).__name__}; "
            "encode it first, for example with json.dumps()"
        )


def as_plain(message: SendableMessage) -> SendableMessage:
    """Return a message as libraries can take it: a view is one of bytes, and contiguous.

    Libraries take `len(view)` for its size, which counts items and, in two dimensions, rows; and
    hand it to what needs it contiguous. What such a view shows is copied.
    """
    if not isinstance(message, memoryview):
        return message
    plain = message.itemsize == 1 and message.ndim == 1 and message.c_contiguous
    return message if plain else message.tobytes()


def as_it_is_now(message: Any) -> Any:
    """Return bytes that can be changed as bytes that cannot; anything else as it is."""
    return bytes(message) if isinstance(message, bytearray | memoryview) else message
