"""Who reads the frames of an `aiohttp` connection: `receive`, or `close` while nobody receives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import EofStream, WebSocketError, WSMessage, WSMsgType

from ..change import Change
from ..close import CloseCode
from ..message import message_size
from .aiohttp_wire import Wire

_DATA = WSMsgType.TEXT, WSMsgType.BINARY


class Reader:
    """Reads one frame after the other, for one reader at a time.

    Args:
        wire: Where they come from.
        max_size: The largest message that passes, in bytes; `None` where aiohttp itself looks.
    """

    __slots__ = (
        "_changed",
        "_dropping",
        "_ended",
        "_max_size",
        "_receiving",
        "_wire",
        "read",
    )

    def __init__(self, wire: Wire, max_size: int | None) -> None:
        self._wire = wire
        self._max_size = max_size or 0
        self.read: Callable[[], Awaitable[Any]] = self._read_bounded if max_size else wire.read
        """The next frame, for `receive`; cancelling it loses nothing. It waits after the end."""
        self._ended = False
        self._receiving = False
        self._dropping = False
        self._changed = Change()
        """Told of the end, and when nobody receives any more; two events weigh 1.5 KB more."""

    async def _read_bounded(self) -> Any:
        frame = await self._wire.read()
        bound, data = self._max_size, frame[1]
        if frame[0] in _DATA and len(data) * 4 > bound and message_size(data) > bound:
            raise WebSocketError(CloseCode.MESSAGE_TOO_BIG, f"message of over {bound} bytes")
        return frame

    async def read_for_close(self, on_frame: Callable[[WSMessage], None]) -> None:
        """Read until the end, but only while nobody receives.

        Args:
            on_frame: Called with each frame.
        """
        self.read = self._read_beside_close
        self._wire.wake_reader()
        await asyncio.sleep(0)  # a receive that waited is out now, and reads the new way
        while not self._ended:
            if self._receiving:
                await self._changed.wait()
                continue
            self._dropping = True
            try:
                on_frame(await self._wire.read())
            finally:
                self._dropping = False

    async def _read_beside_close(self) -> Any:
        """Read in place of `close`: the wire has one reader at a time."""
        self._receiving = True
        try:
            if self._dropping:
                self._wire.wake_reader()
                await asyncio.sleep(0)
            return await self._wire.read()
        finally:
            self._receiving = False
            self._changed.tell()

    def end(self) -> None:
        """Note the end: nothing more is read."""
        self._ended = True
        self._changed.tell()
        self.read = self._wait_for_end

    async def wait_ended(self) -> None:
        """Wait for the end."""
        while not self._ended:
            await self._changed.wait()

    async def _wait_for_end(self) -> Any:
        await self.wait_ended()
        raise EofStream
