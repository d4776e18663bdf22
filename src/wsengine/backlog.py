"""Messages that were read ahead and not yet handled."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sized
from typing import Final

from .message import Message, message_size

WEIGHT: Final = 64
"""Bytes that a message counts for besides its payload, where nothing bounds their number."""

_NOTHING: Final[deque[Message]] = deque(maxlen=0)
"""Stands for the messages of all backlogs that never held one: 700 bytes less in each."""


class Bounded:
    """What holds messages, bounded in messages and in bytes.

    The bound is the reader's to keep: it asks `has_room` before it reads. One message may
    always be held, however large, or a message above the bound could never be read.

    Args:
        max_messages: The bound in messages; 0 means that nothing is read ahead.
        max_bytes: The bound in bytes of payload.

    Attributes:
        size: Its size in bytes.
        awaited: The requests that wait for a reply. As long as there are any, only the bound in
            bytes holds: the reply may stand behind any number of messages. What Python needs for
            each of them counts, too.
    """

    __slots__ = ("_max_bytes", "_max_messages", "awaited", "size")

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        self.size = 0
        self.awaited: Sized = ()
        self._max_messages = max_messages
        self._max_bytes = max_bytes

    def __len__(self) -> int:
        """Return how many messages wait."""
        raise NotImplementedError

    @property
    def dropped(self) -> int:
        """How many messages it has dropped by itself."""
        return 0

    @property
    def has_room(self) -> bool:
        """Whether one more message may be read ahead."""
        count = len(self)
        return self._has_room_behind(count) if count else self._max_messages > 0

    def _has_room_behind(self, count: int) -> bool:
        size = self.size
        if count >= self._max_messages:
            if not self.awaited:
                return False
            size += WEIGHT * count
        return size < self._max_bytes

    @property
    def is_low(self) -> bool:
        """Whether half of it is free: reading ahead is worth while again."""
        count = len(self)
        return not count or (count <= self._max_messages // 2 and self.size <= self._max_bytes // 2)


class Backlog(Bounded):
    """A first-in first-out queue.

    Args:
        max_messages: The bound in messages.
        max_bytes: The bound in bytes of payload.
    """

    __slots__ = ("_messages",)

    def __init__(self, max_messages: int, max_bytes: int) -> None:
        super().__init__(max_messages, max_bytes)
        self._messages: deque[Message] = _NOTHING

    def __len__(self) -> int:
        return len(self._messages)

    @property
    def ready(self) -> bool:
        """Whether there is a message to be handled."""
        return len(self) > 0

    def append(self, message: Message) -> bool:
        """Add the newest message; return whether there is room for one more."""
        messages = self._messages
        if messages is _NOTHING:
            messages = self._messages = deque()
        messages.append(message)
        self.size += len(message) if type(message) is bytes else message_size(message)
        return self._has_room_behind(len(messages))

    def put_back(self, messages: Iterable[Message]) -> None:
        """Put messages, the oldest first, before all that are there, whatever the bound."""
        if self._messages is _NOTHING:
            self._messages = deque()
        for message in reversed(tuple(messages)):
            self._messages.appendleft(message)
            self.size += message_size(message)

    def pop(self) -> Message:
        """Remove and return the oldest message.

        Raises:
            IndexError: There is none.
        """
        message = self._messages.popleft()
        self.size -= len(message) if type(message) is bytes else message_size(message)
        return message

    def clear(self) -> int:
        """Drop everything, and return how many messages that was."""
        dropped = len(self._messages)
        self._messages.clear()
        self.size = 0
        return dropped
