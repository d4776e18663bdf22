"""The connection of `websockets`, mended where the library does not keep the contract.

As of websockets 17.4 the library: waits for ever for the end of TCP after the close frames, unless
something sends or closes; lets a `send` that waits return as if sent when the connection is cut
off; stumbles, for the event loop to report, where TLS fails behind a proxy; refuses a message
of over 4,096 fragments with 1009, whatever its size (only the variable `WEBSOCKETS_MAX_FRAGMENTS`,
for the whole process, changes that); answers a close frame between two fragments with 1002,
though RFC 6455 allows it there (section 5.4); keeps a pong for every ping of a server that does
not read, without a bound; reads on, as long as it comes, an answer to the handshake that it has
refused; and fails an assertion where the server speaks first. All of that is mended here.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Sized
from typing import Any, Final

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import Connection
from websockets.client import ClientProtocol
from websockets.frames import Frame, Opcode
from websockets.protocol import Event, State

from ..close import CloseCode
from ..message import Message
from .websockets_queue import Queue

_REFUSAL = re.compile(rb"\AHTTP/1\.[01] (?!101)(\d{3})(?: ([^\r\n]*))?\r\n")
"""The first line of a refusal, which the library reads in HTTP/1.1 and with a phrase only."""

_DATA = Opcode.TEXT, Opcode.BINARY

_SLICE: Final = 4 * 1024
"""Bytes that are parsed at a time with compression: they inflate to 4 MiB at most."""

_NOTHING: Final = memoryview(b"")


class Client(ClientConnection):
    """The library's connection, without some of its waits and one of its limits."""

    taker: Callable[[deque[Message]], object] | None = None
    """Shown what comes while somebody waits to receive; see `wsengine.adapter.Offering`."""
    awaited: Sized = ()
    """Empty while it would take nothing."""
    _cut_off: asyncio.TimerHandle | None = None
    _kind: Opcode
    _payload: bytearray
    """What has come of a message in fragments."""
    _pong: Frame | None = None
    """The pong to the latest ping, while the socket takes nothing."""
    _unparsed = _NOTHING
    """What was read, and waits until what it inflates to has room. What is here at the end of the
    connection is lost, as what waits in the system is."""

    def __init__(self, protocol: ClientProtocol, **settings: Any) -> None:
        super().__init__(protocol, **settings)
        # On the object: `connect` makes the protocol itself, and takes no class for it.
        protocol.fail = self._fail  # type: ignore[method-assign]  # see above

    def _fail(self, code: int, reason: str = "") -> None:
        """Fail the connection; or answer a close frame that came between two fragments."""
        protocol = self.protocol
        close = protocol.close_rcvd
        if close is not None and reason == "incomplete fragmented message":
            empty = close.code == CloseCode.NO_STATUS_RECEIVED  # which must not be sent
            code, reason = (CloseCode.NORMAL_CLOSURE, "") if empty else (close.code, close.reason)
        ClientProtocol.fail(protocol, code, reason)

    async def handshake(self, *args: Any, **settings: Any) -> None:
        """Do the opening handshake, also where a server of something else speaks first."""
        try:
            await super().handshake(*args, **settings)
        except AssertionError as error:  # the library's own: it takes that for impossible
            raise self.protocol.handshake_exc or error from error

    def process_event(self, event: Event) -> None:
        """Join fragments before the library counts them. This is the hot path.

        Nothing grows over `max_size` here: the library has added the fragments up before.
        """
        if not isinstance(event, Frame):
            super().process_event(event)  # the answer to the handshake
        elif event.fin and event.opcode is not Opcode.CONT:
            if self.awaited and self.taker and self._is_taken(self.taker, event):
                return
            # Past ClientConnection, which only looks for the answer: this costs no call more.
            Connection.process_event(self, event)
        else:
            self._join(event)

    def _is_taken(self, taker: Callable[[deque[Message]], object], frame: Frame) -> bool:
        if frame.opcode not in _DATA or not self.recv_messages.get_in_progress:
            return False
        try:
            text = frame.opcode is Opcode.TEXT
            message = str(frame.data, "utf-8") if text else bytes(frame.data)
        except UnicodeDecodeError:
            return False  # whoever receives it fails the connection
        offered: deque[Message] = deque((message,))
        taker(offered)
        return not offered

    def _join(self, fragment: Frame) -> None:
        if fragment.opcode is not Opcode.CONT:
            self._kind, self._payload = fragment.opcode, bytearray()
        self._payload += fragment.data
        if fragment.fin:
            message = Frame(self._kind, self._payload)
            self._payload = bytearray()
            Connection.process_event(self, message)

    def data_received(self, data: bytes) -> None:
        """Mend the first line of a refusal, and bound the wait for the end of TCP.

        The library does the latter only while something sends or closes; `recv` waits for ever.
        """
        if self.response is None:
            data = _REFUSAL.sub(rb"HTTP/1.1 \1 \2\r\n", data, count=1)
        # Compression may have been agreed on in this very packet.
        if self.response is None or self.protocol.extensions or self._unparsed:
            self._unparsed = memoryview(bytes(self._unparsed) + data)
            self._parse_slices()
        else:
            self._parse(data)

    def _parse_slices(self) -> None:
        """Parse a little at a time, and stop where too much waits to be received."""
        while self._unparsed and not self.recv_messages.paused:
            part, self._unparsed = self._unparsed[:_SLICE], self._unparsed[_SLICE:]
            self._parse(part)
        if not self._unparsed:
            self._unparsed = _NOTHING  # a view, even an empty one, would keep all that was read

    def _parse(self, data: bytes | memoryview) -> None:
        super().data_received(data)  # type: ignore[arg-type]  # it is added to a bytearray
        if self.response is None and self.protocol.handshake_exc is not None:
            self.transport.abort()  # refused, but the library reads on
        if self.close_deadline is not None and self._cut_off is None:
            self._cut_off = self.loop.call_at(self.close_deadline, self.transport.abort)

    def _read_on(self) -> None:
        """Go on where the queue has made reading stop; the event loop has its turn before."""
        if self._unparsed:
            self.loop.call_soon(self._parse_on)
        else:
            self.transport.resume_reading()

    def _parse_on(self) -> None:
        self._parse_slices()
        if not self.recv_messages.paused:
            self.transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Have a queue that counts bytes, too."""
        super().connection_made(transport)
        self.recv_messages = Queue(
            self.max_queue_high,
            self.max_queue_low,
            pause=self.transport.pause_reading,
            resume=self._read_on,
        )

    def pause_writing(self) -> None:
        """Keep pongs back, all but the latest (RFC 6455 section 5.5.3): nobody reads them."""
        super().pause_writing()
        # On the object, as above, and only as long as it lasts.
        self.protocol.send_frame = self._send_or_keep  # type: ignore[method-assign]  # see above

    def resume_writing(self) -> None:
        """Send the pong that was kept back."""
        super().resume_writing()
        protocol = self.protocol
        del protocol.send_frame  # of the object; that of the class is back
        pong, self._pong = self._pong, None
        if pong is not None and protocol.state is State.OPEN:
            protocol.send_frame(pong)
            self.send_data()

    def _send_or_keep(self, frame: Frame) -> None:
        if frame.opcode is Opcode.PONG:
            self._pong = frame
        else:
            ClientProtocol.send_frame(self.protocol, frame)

    def connection_lost(self, exc: Exception | None) -> None:
        """End a `send` that waits with an error; the library would let it return as if sent."""
        if not hasattr(self, "transport"):
            return  # it never was a connection: TLS failed behind a proxy
        if self._cut_off is not None:
            self._cut_off.cancel()
        self._unparsed = _NOTHING
        if exc is None and self.paused:
            exc = ConnectionAbortedError("cut off while messages waited to be sent")
        super().connection_lost(exc)
