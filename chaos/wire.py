"""What server and clients say to each other: JSON with a checksum in front.

Every message of the server carries the connection it was sent on, and its number there, from 1.
"""

from __future__ import annotations

import json
import zlib
from typing import Any

_SUM = 8


class Sealed:
    """A codec: eight digits of a CRC-32, then JSON. A changed byte is not taken for a message."""

    def encode(self, value: Any, /) -> str:
        """Return a value as a message."""
        text = json.dumps(value, separators=(",", ":"))
        return f"{zlib.crc32(text.encode()):08x}{text}"

    def decode(self, message: str | bytes, /) -> dict[str, Any]:
        """Return the value of a message.

        Raises:
            ValueError: The checksum is another one.
        """
        if isinstance(message, bytes):
            raise ValueError("all messages are text")  # noqa: TRY004 - it is the value's fault
        text = message[_SUM:]
        if message[:_SUM] != f"{zlib.crc32(text.encode()):08x}":
            raise ValueError("the checksum does not fit")
        value: dict[str, Any] = json.loads(text)
        return value

    def __repr__(self) -> str:
        return "Sealed()"


def padding(connection: str, number: int) -> str:
    """Return the filling of a message; whoever knows its name and number knows it, too."""
    size = 5000 if number % 97 == 0 else number % 150
    mark = f"{connection}:{number};"
    return (mark * (size // len(mark) + 1))[:size]
