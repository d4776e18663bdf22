"""Messages that were read ahead, in lanes: those of one key are handled one after the other."""

from __future__ import annotations

import heapq
from collections import deque
from collections.abc import Callable, Hashable, Iterable

from .backlog import Bounded
from .message import Message, message_size


class Lanes(Bounded):
    """A backlog in which a message waits while the handler of another one with its key runs.

    It is bounded over all lanes together.

    Args:
        max_messages: The bound in messages.
        max_bytes: The bound in bytes of payload.
        key_of: Returns the key of a message.
    """

    def __init__(
        self, max_messages: int, max_bytes: int, key_of: Callable[[Message], Hashable]
    ) -> None:
        super().__init__(max_messages, max_bytes)
        self.key_of = key_of
        self._count = 0
        self._lanes: dict[Hashable, deque[tuple[int, Message]]] = {}
        self._busy: set[Hashable] = set()
        self._heads: list[tuple[int, Hashable]] = []
        """The oldest message of each lane that is not busy, as a heap; some are out of date."""
        self._newest = 0
        self._oldest = 0

    def __len__(self) -> int:
        return self._count

    # Keys.

    def begin(self, key: Hashable) -> None:
        """Note that a handler of this key runs: no other may."""
        self._busy.add(key)

    def done(self, key: Hashable) -> None:
        """Note that it has ended."""
        self._busy.discard(key)
        self._offer(key)

    def waits(self, key: Hashable) -> bool:
        """Whether a new message of this key has to wait for an older one."""
        return key in self._busy or key in self._lanes

    # Messages.

    def append(self, message: Message) -> bool:
        """Add the newest message; return whether there is room for one more."""
        return self.add(self.key_of(message), message)

    def add(self, key: Hashable, message: Message) -> bool:
        """Add the newest message, whose key is known."""
        self._newest += 1
        lane = self._lanes.setdefault(key, deque())
        lane.append((self._newest, message))
        self._counted(message)
        if len(lane) == 1:
            self._offer(key)
        return self.has_room

    def put_back(self, messages: Iterable[Message]) -> None:
        """Put messages, the oldest first, before all that are there, whatever the bound."""
        for message in reversed(tuple(messages)):
            self._oldest -= 1
            key = self.key_of(message)
            self._lanes.setdefault(key, deque()).appendleft((self._oldest, message))
            self._counted(message)
            self._offer(key)

    @property
    def ready(self) -> bool:
        """Whether there is a message that need not wait for a handler."""
        heads = self._heads
        while heads and not self._is_head(*heads[0]):
            heapq.heappop(heads)
        return bool(heads)

    def take(self) -> tuple[Hashable, Message]:
        """Remove and return the oldest message that need not wait, with its key.

        Raises:
            IndexError: There is none.
        """
        if not self.ready:
            raise IndexError("every message waits for a handler of its key")
        _, key = heapq.heappop(self._heads)
        return key, self._remove(key)

    def pop(self) -> Message:
        """Remove and return the oldest message of all.

        Raises:
            IndexError: There is none.
        """
        # Of a busy key, of which there are as many as workers, or the first of all others.
        first = [key for key in self._busy if key in self._lanes]
        if self.ready:
            first.append(self._heads[0][1])
        if not first:
            raise IndexError("there is no message")
        return self._remove(min(first, key=lambda key: self._lanes[key][0][0]))

    def clear(self) -> int:
        """Drop everything, and return how many messages that was."""
        dropped = self._count
        self._lanes.clear()
        self._heads.clear()
        self._count = self.size = 0
        return dropped

    def _remove(self, key: Hashable) -> Message:
        lane = self._lanes[key]
        _, message = lane.popleft()
        self._count -= 1
        self.size -= message_size(message)
        if lane:
            self._offer(key)
        else:
            del self._lanes[key]
        return message

    def _counted(self, message: Message) -> None:
        self._count += 1
        self.size += message_size(message)

    def _offer(self, key: Hashable) -> None:
        """Have the first message of a lane taken when its turn comes."""
        if key in self._lanes and key not in self._busy:
            heapq.heappush(self._heads, (self._lanes[key][0][0], key))

    def _is_head(self, number: int, key: Hashable) -> bool:
        lane = self._lanes.get(key)
        return lane is not None and lane[0][0] == number and key not in self._busy
