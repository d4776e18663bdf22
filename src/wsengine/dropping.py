"""Backlogs that drop messages in place of pushing back on the server."""

from __future__ import annotations

import logging
from collections.abc import Callable, Hashable, Iterable

from .backlog import Backlog
from .message import Message, message_size

logger = logging.getLogger(__name__)


class Complaint:
    """Counts drops, and logs a burst of drops once when it begins and once when it is over.

    Args:
        name: What the session is called in the log.
        why: What happens, and where that was configured.

    Attributes:
        dropped: How many messages were dropped.
    """

    def __init__(self, name: str, why: str) -> None:
        self.dropped = 0
        self._name, self._why = name, why
        self._burst = 0

    def drop(self) -> None:
        """Note one more message that is dropped."""
        self.dropped += 1
        self._burst += 1
        if self._burst == 1:
            logger.warning("%s: handlers are behind: %s", self._name, self._why)

    def over(self) -> None:
        """Note that the handlers have caught up."""
        if self._burst:
            logger.warning("%s: %d messages dropped while behind", self._name, self._burst)
            self._burst = 0


class DroppingBacklog(Backlog):
    """Always has room: what is too much is dropped, the oldest or the newest."""

    __slots__ = ("_complaint", "_oldest")

    def __init__(
        self, max_messages: int, max_bytes: int, *, oldest: bool, complaint: Complaint
    ) -> None:
        super().__init__(max_messages, max_bytes)
        self._oldest = oldest
        self._complaint = complaint

    @property
    def dropped(self) -> int:
        """How many messages were dropped."""
        return self._complaint.dropped

    @property
    def has_room(self) -> bool:
        """Whether one more message may be read ahead: always."""
        return True

    def append(self, message: Message) -> bool:
        """Add the newest message, and drop what is then too much."""
        super().append(message)
        while self._is_too_much:
            self._drop_one()
            if not self._oldest:
                break  # what was put back, whatever the bound, is older
        return True

    @property
    def _is_too_much(self) -> bool:
        over = len(self) > self._max_messages or self.size > self._max_bytes
        return over and len(self) > 1

    def _drop_one(self) -> None:
        message = self._messages.popleft() if self._oldest else self._messages.pop()
        self.size -= message_size(message)
        self._complaint.drop()

    def pop(self) -> Message:
        """Remove and return the oldest message."""
        message = super().pop()
        if not self._messages:
            self._complaint.over()
        return message


class ConflatingBacklog(Backlog):
    """Holds one message for each key: the newest, at the place of the first."""

    __slots__ = ("_complaint", "_key_of", "_waiting")

    def __init__(
        self,
        max_messages: int,
        max_bytes: int,
        key_of: Callable[[Message], Hashable | None],
        complaint: Complaint,
    ) -> None:
        super().__init__(max_messages, max_bytes)
        self._waiting: dict[Hashable, Message] = {}
        self._key_of = key_of
        self._complaint = complaint

    def __len__(self) -> int:
        return len(self._waiting)

    @property
    def dropped(self) -> int:
        """How many messages were dropped."""
        return self._complaint.dropped

    def append(self, message: Message) -> bool:
        """Add the newest message, in place of an older one with its key."""
        key = self._unique(message)
        older = self._waiting.get(key)
        if older is not None:
            self.size -= message_size(older)
            self._complaint.drop()
        self._waiting[key] = message
        self.size += message_size(message)
        return self.has_room

    def put_back(self, messages: Iterable[Message]) -> None:
        """Put messages, the oldest first, before all that are there; newer ones replace them."""
        before: dict[Hashable, Message] = {}
        for message in messages:
            key = self._unique(message)
            if key in self._waiting or key in before:
                self._complaint.drop()
            before[key] = self._waiting.get(key, message)
        self._waiting = {**before, **self._waiting}
        self.size = sum(map(message_size, self._waiting.values()))

    def pop(self) -> Message:
        """Remove and return the message whose key came first."""
        if not self._waiting:
            raise IndexError("the backlog is empty")
        message = self._waiting.pop(next(iter(self._waiting)))
        self.size -= message_size(message)
        if not self._waiting:
            self._complaint.over()
        return message

    def clear(self) -> int:
        """Drop everything, and return how many messages that was."""
        dropped = len(self._waiting)
        self._waiting.clear()
        self.size = 0
        return dropped

    def _unique(self, message: Message) -> Hashable:
        """Return the key of a message; of one that has none, a key like no other."""
        key = self._key_of(message)
        return object() if key is None else ("key", key)
