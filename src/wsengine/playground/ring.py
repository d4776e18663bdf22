"""The latest items of something, numbered: each reader goes on from where it was."""

from __future__ import annotations

import itertools
from collections import deque
from typing import Generic, TypeVar

T = TypeVar("T")


class Ring(Generic[T]):
    """Keeps the latest items; a reader that is slow misses the oldest.

    Args:
        size: How many are kept.
    """

    def __init__(self, size: int) -> None:
        self._items: deque[T] = deque(maxlen=size)
        self.last = 0
        """The number of the newest item: how many there have been."""

    def add(self, item: T) -> None:
        """Add the newest item."""
        self._items.append(item)
        self.last += 1

    def since(self, number: int) -> list[T]:
        """Return those that are newer than item `number` and still here, the oldest first."""
        first = self.last - len(self._items)
        return list(itertools.islice(self._items, max(0, number - first), None))

    @property
    def newest(self) -> T | None:
        """The newest item, or `None`."""
        return self._items[-1] if self._items else None
