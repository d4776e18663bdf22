"""The lines of standard input, without holding up the event loop or the exit."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import deque
from collections.abc import Callable

CHUNK_SIZE = 65536
"""Bytes read at a time."""

CHUNKS_AHEAD = 16
"""How many chunks are read at most before the lines in them are taken."""


class Lines:
    """Lines that come in chunks from another thread; they are taken without their line ends.

    Args:
        on_end: Called at the end of the input, which may be long before the last line is taken.
    """

    def __init__(self, on_end: Callable[[], object] | None = None) -> None:
        self.room = threading.Semaphore(CHUNKS_AHEAD)
        """What the other thread acquires before each chunk."""
        self._on_end = on_end
        self._ended = False
        self._chunks = 0
        self._lines: deque[bytes] = deque()
        self._rest = b""
        self._news = asyncio.Event()

    def __len__(self) -> int:
        return len(self._lines)

    def feed(self, chunk: bytes) -> None:
        """Take a chunk of the input, or `b""` for its end."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        if not chunk and self._rest:
            lines.append(self._rest)
        self._lines.extend(line.removesuffix(b"\r") for line in lines)
        self._chunks += 1
        self._news.set()
        if not chunk:
            self._ended = True
            if self._on_end is not None:
                self._on_end()

    async def next(self) -> bytes | None:
        """Wait for the next line and return it, or `None` at the end."""
        while not self._lines:
            if self._ended:
                return None
            if self._chunks:
                self.room.release(self._chunks)
                self._chunks = 0
            self._news.clear()
            await self._news.wait()
        return self._lines.popleft()


def read_lines(descriptor: int | None, on_end: Callable[[], object] | None = None) -> Lines:
    """Return the lines of a file, pipe or terminal, which a thread begins to read.

    The thread reads the descriptor itself: one that waited inside `sys.stdin` would hold its
    lock, and Python could not exit. Unlike the event loop's own pipes, it reads regular files.

    Args:
        descriptor: The open file, or `None` for no input at all.
        on_end: Called at the end of the input.
    """
    lines = Lines(on_end)
    if descriptor is None:
        lines.feed(b"")
        return lines
    arguments = (descriptor, lines, asyncio.get_running_loop())
    threading.Thread(target=_read, args=arguments, name="wsengine input", daemon=True).start()
    return lines


def _read(descriptor: int, lines: Lines, loop: asyncio.AbstractEventLoop) -> None:
    chunk = b"begin"
    while chunk:
        lines.room.acquire()
        try:
            chunk = os.read(descriptor, CHUNK_SIZE)
        except OSError:  # such as a terminal that has gone
            chunk = b""
        try:
            loop.call_soon_threadsafe(lines.feed, chunk)
        except RuntimeError:  # the loop is closed: nobody wants them any more
            return
