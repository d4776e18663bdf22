"""What a `picows` connection has received, of our own framing and of the library, in order."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sized
from typing import Final, Protocol

from picows.websockets import ConcurrencyError

from ..message import Message

READ_AHEAD: Final = 256 * 1024
"""Bytes that nobody has received after which no more are read."""

_NOTHING: Final[deque[Message | None]] = deque(maxlen=0)


class Pausable(Protocol):
    """What of a transport is needed here."""

    def pause_reading(self) -> None:
        """Read no more."""

    def resume_reading(self) -> None:
        """Read on."""


class Inbox:
    """Messages that wait for the reader: some here, some in the library's queue.

    Args:
        receive: The library's own receive.
        transport: Told not to read on, while too much waits here or in the library. The library
            does the same when there are many in its own queue; as neither asks the other, what one
            of them resumes the other pauses again with the next batch.
    """

    __slots__ = (
        "_ended",
        "_later",
        "_paused",
        "_receive",
        "_transport",
        "_unread",
        "_waiter",
        "awaited",
        "ready",
        "taker",
    )

    def __init__(self, receive: Callable[[], Awaitable[Message]], transport: Pausable) -> None:
        self.ready: deque[Message] = deque()
        """What the reader may take from the left whenever it likes."""
        self.taker: Callable[[deque[Message]], object] | None = None
        """Given what is ready while the reader waits; may remove some of it."""
        self.awaited: Sized = ()
        """Empty while it would remove nothing."""
        self._later = _NOTHING  # as long as nothing went to the library
        """What comes after that; `None` stands for a message that the library has, or begins."""
        self._receive = receive
        self._transport = transport
        self._unread = 0
        self._paused = False
        self._ended = False
        self._waiter: asyncio.Future[None] | None = None

    @property
    def into(self) -> deque[Message] | deque[Message | None]:
        """Where the next message belongs."""
        return self._later or self.ready

    def in_library(self) -> None:
        """Note that the library has the next message, or its beginning."""
        if self._later is _NOTHING:
            self._later = deque()
        self._later.append(None)

    def delivered(self, nbytes: int) -> None:
        """Wake the reader after a batch; push back if it does not keep up.

        Args:
            nbytes: How many bytes of whole messages came, here and in the library.
        """
        self._unread += nbytes
        if self._unread > READ_AHEAD:
            self._paused = True
            self._transport.pause_reading()
        if self.awaited and self.taker and self.ready and self._waiter is not None:
            self.taker(self.ready)
            self.read_on()  # if it has taken all, nobody else will say so
        if self.ready or self._later:
            self._wake()

    def read_on(self) -> None:
        """Go on reading, if all was taken; a reader that takes no more does not say so."""
        if not self.ready and not self._later:
            self._read_on()

    def end(self) -> None:
        """Note that the connection is gone."""
        self._ended = True
        self._wake()

    async def receive(self) -> Message:
        """Return the next message; the library tells how the connection ended."""
        ready = self.ready
        while not ready:
            if self._later or self._ended:
                return await self._receive_from_library()
            if self._waiter is not None:
                raise ConcurrencyError("receive() is being called already")
            self._read_on()
            self._waiter = asyncio.get_running_loop().create_future()
            try:
                await self._waiter
            finally:
                self._waiter = None
        return ready.popleft()

    async def _receive_from_library(self) -> Message:
        later = self._later
        if len(later) <= 1:
            self._read_on()  # the rest of that message may be yet to come
        message = await self._receive()
        if later:
            later.popleft()
        while later and (following := later[0]) is not None:
            self.ready.append(following)
            later.popleft()
        return message

    def _read_on(self) -> None:
        """Go on reading, as all was received."""
        self._unread = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
