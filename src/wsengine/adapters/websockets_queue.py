"""What a `websockets` connection has received and nobody has taken, bounded in bytes, too."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, Final

from websockets.asyncio.messages import Assembler
from websockets.frames import Frame, Opcode

READ_AHEAD: Final = 1024 * 1024
"""Bytes that nobody has received after which no more are read."""


class Queue(Assembler):
    """The library's queue of messages, which counts messages only: `max_queue`.

    Where that is `None` nothing bounds it, as with the library's own. This is the hot path: it
    asks the deque itself for its length, and takes what is there without a coroutine between.
    That gives back what the counting costs, and as much again (benchmarks/NOTES.md).
    """

    _unread = 0
    """How many bytes came since it was empty."""

    def put(self, frame: Frame) -> None:
        """Add a whole message; stop reading if the reader does not keep up."""
        if self.closed:
            raise EOFError("stream of frames ended")
        waiting = self.frames.queue
        self._unread = len(frame.data) + (self._unread if waiting else 0)
        self.frames.put(frame)
        if self.high is None or self.paused:
            return
        if self._unread > READ_AHEAD or len(waiting) > self.high:
            self.paused = True
            self.pause()

    def get(
        self, decode: bool | None = None
    ) -> Coroutine[Any, Any, Any]:  # a frame less to wait in
        """Return the next message: text as `str`, binary as `bytes`, or as `decode` says."""
        if self.get_in_progress or not self.frames.queue:
            return super().get(decode)
        return self._get_at_once(decode)

    async def _get_at_once(self, decode: bool | None) -> Any:
        frame = self.frames.queue.popleft()
        if self.paused:
            self.maybe_resume()
        if decode is None:
            decode = frame.opcode is Opcode.TEXT
        return str(frame.data, "utf-8") if decode else bytes(frame.data)

    def maybe_resume(self) -> None:
        """Read on, once a message was taken, if few are left; or none, if it was too much."""
        waiting, low = len(self.frames.queue), self.low
        if (
            self.paused
            and low is not None
            and waiting <= (low if self._unread <= READ_AHEAD else 0)
        ):
            self.paused = False
            self.resume()
