"""Waiting for the next change of something."""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Change:
    """Wakes all who wait when something has changed; they look again whether it is for them.

    What is checked between a wake-up and the next `wait()` cannot be missed, as long as nothing
    is awaited in between.

    Attributes:
        told: Called at each change, besides; it must not raise.
    """

    __slots__ = ("_waiting", "told")

    def __init__(self) -> None:
        self.told: Callable[[], object] | None = None
        self._waiting: dict[asyncio.Future[None], None] = {}  # in order, and small when empty

    async def wait(self) -> None:
        """Wait for the next change. Not bounded in time."""
        woken: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting[woken] = None
        try:
            await woken
        finally:
            del self._waiting[woken]

    def tell(self) -> None:
        """Wake all who wait."""
        for woken in tuple(self._waiting):
            if not woken.done():
                woken.set_result(None)
        if self.told is not None:
            self.told()
