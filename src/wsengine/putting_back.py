"""What one pause has received, so that it can be put back."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from .errors import ConfigError
from .message import Message, message_size

KEPT: Final = 1024
"""How many of the latest messages are kept."""

KEPT_BYTES: Final = 16 * 1024 * 1024
"""Their size at most; the latest one is kept in any case."""


class _Received(NamedTuple):
    number: int
    value: Any
    message: Message


class Received:
    """The latest messages of a pause, and which of them were put back.

    A message is known again by what `receive()` returned: that object, not one that is equal.
    """

    def __init__(self) -> None:
        self._count = 0
        self._size = 0
        self._latest: deque[_Received] = deque()
        self._put_back: list[_Received] = []

    def add(self, value: Any, message: Message) -> None:
        """Note a message that was received, and what was made of it."""
        self._count += 1
        self._latest.append(_Received(self._count, value, message))
        self._size += message_size(message)
        while len(self._latest) > KEPT or (self._size > KEPT_BYTES and len(self._latest) > 1):
            self._size -= message_size(self._latest.popleft().message)

    def put_back(self, value: Any) -> None:
        """Note that a message is put back.

        Raises:
            ConfigError: It was not received here, is put back already, or was too long ago.
        """
        for place in range(len(self._latest) - 1, -1, -1):
            if self._latest[place].value is value:
                found = self._latest[place]
                del self._latest[place]
                self._size -= message_size(found.message)
                self._put_back.append(found)
                return
        raise ConfigError(
            f"put_back() of a {type(value).__name__} that receive() did not return in this pause, "
            f"or that was put back already: give the very object; the last {KEPT} are known"
        )

    def taken(self) -> Iterator[Message]:
        """Yield what was put back, in the order of arrival, and forget everything."""
        yield from (each.message for each in sorted(self._put_back, key=lambda one: one.number))
        self._put_back.clear()
        self._latest.clear()
