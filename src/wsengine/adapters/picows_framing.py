"""Frames what a `picows` connection receives, so that the library need not.

The library's parser and its `recv` do a lot for each message, little of which a plain frame needs
(see `picows_plain`). So this stands between the transport and the parser, takes the messages of
plain frames out of each batch itself, and hands the parser everything else, frame by frame: what
is fragmented, large, masked, too large or not UTF-8, control frames, and whatever breaks the
protocol. There the library's rules apply, and those of `picows_client`.
"""

from __future__ import annotations

import asyncio
import sys
from typing import Any, Final, Protocol

from picows import WSFrame, WSMsgType, WSTransport

from .picows_inbox import Inbox
from .picows_plain import BINARY, PADDING, PLAIN, header, take_plain

MEMORY: Final = 512
"""Bytes read at a time at first: many connections are idle. Doubled whenever that many come."""

MOST_MEMORY: Final = 1024 * 1024
"""What that may grow to: the larger the batches, the less TCP and the event loop cost."""

LARGEST: Final = 32 * 1024
"""Bytes of a payload, above which the parser does as well."""

_UNKNOWN: Final = sys.maxsize


class Framed(Protocol):
    """The connection whose frames these are."""

    wire: WSTransport
    ended: bool

    def end(self) -> None:
        """Hear nothing more."""


class Framing(asyncio.BufferedProtocol):
    """Stands in for the parser, and leaves to it what is not plain.

    Until the parser has told where a frame begins, it gets everything.

    Args:
        client: The connection. It tells `heard` in turn of each frame that the parser found.
        inbox: Gets the messages.
        largest: How many bytes a message may have, or `None`.
        transport: The transport of the parser; from now on this is its protocol.
    """

    def __init__(
        self, client: Framed, inbox: Inbox, largest: int | None, transport: asyncio.Transport
    ) -> None:
        parser: Any = transport.get_protocol()
        # Straight to the parser, without a call in between.
        self._get_buffer, self._buffer_updated = parser.get_buffer, parser.buffer_updated
        for name in ("connection_lost", "eof_received", "pause_writing", "resume_writing"):
            setattr(self, name, getattr(parser, name))
        self._client = client
        self._inbox = inbox
        self._most = LARGEST if largest is None else min(LARGEST, largest)
        self._short = min(125, self._most)
        self._size = MEMORY
        self._memory = bytearray(MEMORY + PADDING)
        self._view = memoryview(self._memory)
        self._have = 0
        """How many bytes of the memory hold the beginning of a frame."""
        self._need = 0
        """How many there must be to go on."""
        self._owed = _UNKNOWN
        """How many bytes the parser needs for the frame that it has begun."""
        self._begun = b""
        """The beginning of that frame, while its size is not known."""
        self._given = memoryview(b"")
        self._batch = b""
        self._fragmented = False
        self._heard = False
        self._partial = self._whole = 0
        """Bytes of messages that the parser found: of one that is not whole, and of whole ones."""
        transport.set_protocol(self)

    def get_buffer(self, sizehint: int) -> memoryview:
        """Return where the transport may put what comes."""
        if self._owed:
            self._given = self._get_buffer(sizehint)[: self._owed]
            return self._given
        return self._view[self._have : self._size]

    def buffer_updated(self, nbytes: int) -> None:
        """Take what came."""
        if self._client.ended:
            return
        taken = 0
        if self._owed:
            self._pass_on(nbytes)
        else:
            if not self._have:
                taken = self._take_lone(nbytes)
            if not taken:
                self._have += nbytes
                if self._have >= self._need:
                    taken = self._take()
        whole, self._whole = self._whole, 0
        self._inbox.delivered(taken + whole)

    def heard(self, frame: WSFrame) -> None:
        """Note a frame that the parser has found, and the connection has accepted."""
        self._heard = True
        kind = frame.msg_type
        if kind in {WSMsgType.TEXT, WSMsgType.BINARY}:
            self._inbox.in_library()
            self._fragmented = not frame.fin
            self._count(frame)
        elif kind == WSMsgType.CONTINUATION:
            self._fragmented = not frame.fin
            self._count(frame)
        if self._owed == _UNKNOWN and frame.last_in_buffer:
            known, rest = len(self._batch), frame.tail_size
            if rest <= known:
                self._go_on(self._batch[known - rest :])

    def _count(self, frame: WSFrame) -> None:
        """Count what waits in the library; a message that is not whole nobody can receive."""
        self._partial += frame.payload_size
        if frame.fin:
            self._whole, self._partial = self._whole + self._partial, 0

    def _go_on(self, begun: bytes) -> None:
        """Have the parser finish the frame that it has begun; then take over."""
        sizes = header(begun, 0, len(begun))
        if not begun:
            self._owed = 0
        elif sizes is None:
            self._owed, self._begun = 1, begun
        elif sizes[1] <= LARGEST and sum(sizes) > len(begun):
            self._owed, self._begun = sum(sizes) - len(begun), b""
        else:  # it is large; or it is all there, and the parser has refused it
            self._owed, self._begun = _UNKNOWN, b""

    def _pass_on(self, nbytes: int) -> None:
        """Have the parser parse what was put into its buffer."""
        came = self._given[:nbytes]
        if self._owed == _UNKNOWN:
            self._batch = bytes(came)
            self._parse(nbytes, whole=False)
            self._batch = b""
            return
        if self._begun:
            self._go_on(self._begun + bytes(came))
        else:
            self._owed -= nbytes
        self._parse(nbytes, whole=self._owed == 0)

    def _take_lone(self, nbytes: int) -> int:
        """Take what came if it is one short plain message, as a reply is; return its bytes, or 0.

        Whatever it leaves, `_take` takes; but for such a message that costs three times as much.
        """
        data, size = self._memory, nbytes - 2
        if size != data[1] or not 0 < size <= self._short:
            return 0
        if data[0] not in PLAIN or self._fragmented:
            return 0
        payload = self._view[2:nbytes].tobytes()
        try:
            self._inbox.into.append(payload if data[0] == BINARY else payload.decode())
        except UnicodeDecodeError:
            return 0  # the parser will say so
        return nbytes

    def _take(self) -> int:
        """Take plain frames, and hand the others over; return the size of those taken."""
        data, place, end = self._memory, 0, self._have
        self._have = self._need = taken = 0
        while not self._client.ended:
            if not self._fragmented:
                start, place = place, take_plain(data, place, end, self._most, self._inbox.into)
                taken += place - start
            if place == end:
                break
            sizes = header(data, place, end)
            if sizes is None:
                self._keep(place, end, 0)
                break
            after = place + sum(sizes)
            if after > end and self._may_be_plain(data[place], *sizes):
                self._keep(place, end, sum(sizes))
                break
            self._hand_over(place, min(after, end), whole=after <= end)
            if after > end:
                self._owed = after - end if sizes[1] <= LARGEST else _UNKNOWN
                break
            place = after
        if end == self._size < MOST_MEMORY:
            self._grow()
        return taken

    def _grow(self) -> None:
        """Take more memory."""
        begun = self._view[: self._have]
        self._size *= 2
        self._memory = bytearray(self._size + PADDING)
        self._view = memoryview(self._memory)
        self._view[: self._have] = begun

    def _may_be_plain(self, first: int, width: int, size: int) -> bool:
        return first in PLAIN and width <= 4 and size <= self._most and not self._fragmented

    def _keep(self, place: int, end: int, need: int) -> None:
        """Keep the beginning of a frame until the rest comes."""
        self._have, self._need = end - place, need
        self._view[: end - place] = self._view[place:end]
        while self._size < need:
            self._grow()

    def _hand_over(self, start: int, stop: int, *, whole: bool) -> None:
        """Have the parser parse one frame, or its beginning."""
        while start < stop and not self._client.ended:
            buffer = self._get_buffer(-1)
            size = min(len(buffer), stop - start)
            buffer[:size] = self._view[start : start + size]
            start += size
            self._parse(size, whole=whole and start == stop)

    def _parse(self, nbytes: int, *, whole: bool) -> None:
        """Have the parser parse; see whether that ended the connection."""
        client = self._client
        closing, self._heard = client.wire.is_close_frame_sent, False
        self._buffer_updated(nbytes)
        # The parser tells nobody that it found something wrong. But it sends a close frame; and
        # where one was sent before, nothing of the frame is heard.
        failed = whole and not self._heard if closing else client.wire.is_close_frame_sent
        if failed and not client.ended:
            client.end()
