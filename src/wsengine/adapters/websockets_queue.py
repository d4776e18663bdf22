"""What a `websockets` connection has received and nobody has taken, bounded in bytes, too."""

from __future__ import annotations

from typing import Final

from websockets.asyncio.messages import Assembler
from websockets.frames import Frame

READ_AHEAD: Final = 1024 * 1024
"""Bytes that nobody has received after which no more are read."""


class Queue(Assembler):
    """The library's queue of messages, which counts messages only: `max_queue`.

    Where that is `None` nothing bounds it, as with the library's own.
    """

    _unread = 0
    """How many bytes came since it was empty."""

    def put(self, frame: Frame) -> None:
        """Add a message; stop reading if the reader does not keep up. This is the hot path."""
        if self.closed:
            raise EOFError("stream of frames ended")
        self.frames.put(frame)
        self._unread += len(frame.data)
        if self._unread > READ_AHEAD and self.high is not None and not self.paused:
            self.paused = True
            self.pause()
        else:
            self.maybe_pause()

    def maybe_resume(self) -> None:
        """Read on, once a message was taken, if few are left; or none, if it was too much."""
        if not self.frames.queue:
            self._unread = 0
        elif self._unread > READ_AHEAD:
            return
        super().maybe_resume()
