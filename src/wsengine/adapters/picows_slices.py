"""Gives the parser of `picows` little at a time where messages may be compressed.

The parser goes through all that it has at once, and each kilobyte may inflate to a megabyte. So
this stands between the transport and the parser: it hands over slices, and stops where too much
of what they inflate to waits to be received.
"""

from __future__ import annotations

import asyncio
from typing import Any, Final

from .picows_framing import Framed
from .picows_inbox import Inbox

SLICE: Final = 4 * 1024
"""Bytes that are parsed at a time; they inflate to 4 MiB at most."""

MEMORY: Final = 64 * 1024
"""Bytes read at a time, where many come."""

OBJECT: Final = 128
"""Bytes that a frame takes besides its payload."""


class Slices(asyncio.BufferedProtocol):
    """Stands in for the parser. For the inbox it stands in for the transport.

    Args:
        client: The connection.
        transport: The transport of the parser; from now on this is its protocol.
    """

    inbox: Inbox

    def __init__(self, client: Framed, transport: asyncio.Transport) -> None:
        parser: Any = transport.get_protocol()
        self._get_buffer, self._buffer_updated = parser.get_buffer, parser.buffer_updated
        for name in ("eof_received", "pause_writing", "resume_writing"):
            setattr(self, name, getattr(parser, name))
        self._connection_lost = parser.connection_lost
        self._client = client
        self._transport = transport
        self._memory = memoryview(bytearray(SLICE))
        self._begin = self._end = 0
        """Between these is what the parser has not had."""
        self._paused = False
        self._whole = 0
        """How many bytes of messages were completed in this slice."""
        self._partial = 0
        """How many bytes there are of a message that is not whole."""
        self._begun = False
        transport.set_protocol(self)

    def inflated(self, size: int, *, fin: bool) -> None:
        """Note a frame of a message.

        Args:
            size: Bytes of its payload.
            fin: Whether it is the last one of the message.
        """
        if not self._begun:
            self.inbox.in_library()
        self._begun = not fin
        self._partial += size + OBJECT
        if fin:  # before, to wait for the reader would be to wait for ever
            self._whole, self._partial = self._whole + self._partial, 0

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport may put what comes."""
        if self._end == len(self._memory):  # it did not stop reading at once
            self._make_room()
        return self._memory[self._end :]

    def _make_room(self) -> None:
        left = self._memory[self._begin : self._end]
        memory = memoryview(bytearray(len(left) + MEMORY))
        memory[: len(left)] = left
        self._memory, self._begin, self._end = memory, 0, len(left)

    def buffer_updated(self, nbytes: int) -> None:
        """Have the parser parse what came, as long as there is room."""
        self._end += nbytes
        self._parse()

    def _parse(self) -> None:
        while self._begin < self._end and not self._paused and not self._client.ended:
            buffer = self._get_buffer(-1)
            size = min(len(buffer), self._end - self._begin, SLICE)
            buffer[:size] = self._memory[self._begin : self._begin + size]
            self._begin += size
            self._buffer_updated(size)
            whole, self._whole = self._whole, 0
            self.inbox.delivered(whole)
        if self._begin == self._end or self._client.ended:
            full = self._end == len(self._memory) < MEMORY
            self._begin = self._end = 0
            if full:  # many connections are idle: only those that need it have more
                self._memory = memoryview(bytearray(MEMORY))

    def pause_reading(self) -> None:
        """Stop parsing and reading."""
        self._paused = True
        self._transport.pause_reading()

    def resume_reading(self) -> None:
        """Parse on, then read on; the event loop has its turn before."""
        self._paused = False
        if self._begin < self._end:
            asyncio.get_running_loop().call_soon(self._parse_on)
        else:
            self._transport.resume_reading()

    def _parse_on(self) -> None:
        self._parse()
        if not self._paused:
            self._transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Tell the parser; what it has not had is lost, as what waits in the system is."""
        self._begin = self._end = 0
        self._paused = True  # a reader that wants more does not know yet
        self._connection_lost(error)
