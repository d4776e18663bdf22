"""The connection of `picows.websockets`, mended where the library does not keep the contract.

As of picows 2.3 the library: looks at no reserved bit but RSV1 on data; takes the close codes 0,
1006 and those above 4999; answers a close frame without a code with code 0, which must not be
sent; delivers what comes after a close frame or a violation; inflates a fragment without bound
where the message is just full; keeps every fragment as an object, however many there are, and a
pong for every ping while the server does not read; bounds what waits to be received in frames, not
in bytes, and only when all that was read has been inflated; lets a pong end only its own ping;
waits for ever to end TCP where the server does not read; closes with 1011 while a `send` waits; and
loses the turn of a `send` that is cancelled as it gets it. All of that is mended here.

What is not: RSV1 on a pong passes. And where the parser gets more than a frame at a time, with
compression or in the first packet, it reads ahead: two close frames in one packet are answered
with 1002, and a violation that the parser finds ends the connection only when what is buffered
has been sent: `close` cuts off a server that does not read, nothing else.

Without compression most messages never get here: see `picows_framing`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, cast

from picows import WSCloseCode, WSFrame, WSMsgType, WSProtocolError, WSTransport
from picows.websockets import ClientConnection
from picows.websockets.asyncio.connection import _PerMessageDeflate

from ..change import Change
from ..close import CloseCode
from ..message import Message
from .picows_framing import Framing
from .picows_inbox import Inbox
from .picows_slices import Slices

MOST_FRAGMENTS: Final = 2**16
"""Fragments of a message without its last one; empty ones count for nothing in its size."""


class Client(ClientConnection):
    """The library's connection, kept to RFC 6455.

    Attributes:
        wire: The library's transport, which it does not show.
        close_timeout: Seconds to wait at most for the end.
        ended: Whether nothing that comes is heard any more.
        inbox: What was received; `None` until the handshake is done.
        writable: Whether `drain` need not wait.
    """

    wire: WSTransport

    def __init__(
        self,
        *,
        permessage_deflate: _PerMessageDeflate | None,
        max_message_size: int | None,
        close_timeout: float,
        **settings: Any,
    ) -> None:
        self._deflate: _BoundedDeflate | None = None
        if permessage_deflate is not None:
            self._deflate = _BoundedDeflate(
                permessage_deflate, bounded=max_message_size is not None
            )
            # All is counted in the inbox then; see `picows_slices`.
            permessage_deflate, settings["max_queue"] = self._deflate, None
        super().__init__(
            permessage_deflate=permessage_deflate,
            max_message_size=max_message_size,
            close_timeout=close_timeout,
            **settings,
        )
        self.close_timeout = close_timeout
        self.ended = False
        self.inbox: Inbox | None = None
        self._framing: Framing | None = None
        self._pong: bytes | None = None
        """The payload of the latest ping, while the socket takes nothing."""
        self._fragments = 0
        """How many have come of a message that is not whole."""
        self._largest = max_message_size
        self._cut_off: asyncio.TimerHandle | None = None
        self.writable = True
        self._may_write = Change()

    def on_ws_connected(self, transport: WSTransport) -> None:
        """Keep the transport, and stand between it and the parser."""
        self.wire = transport
        super().on_ws_connected(transport)
        below = transport.underlying_transport
        if self._deflate is None:
            self.inbox = Inbox(super().recv, below)
            self._framing = Framing(self, self.inbox, self._largest, below)
        else:
            slices = self._deflate.slices = Slices(self, below)
            self.inbox = slices.inbox = Inbox(super().recv, slices)

    def on_ws_frame(
        self,
        transport: WSTransport,
        frame: WSFrame,
        _on_ws_frame: Callable[..., None] = ClientConnection.on_ws_frame,
    ) -> None:
        """Look at a frame before the library does."""
        # The parser is a frame ahead, so this may be the frame before the close frame.
        odd = frame.rsv2 or frame.rsv3 or transport.close_handshake is not None
        if odd and not self._counts(frame):
            return
        try:
            _on_ws_frame(self, transport, frame)
        except WSProtocolError:
            # It wants no pings, as it has them answered before anybody looks at their bits. To
            # find out here costs nothing; `msg_type` costs as much as all else on this path.
            if frame.msg_type != WSMsgType.PING or frame.rsv1:
                self.end()
                raise
            self._pong = frame.get_payload_as_bytes()
            if self.writable:
                self._send_pong()
        if not frame.fin or self._fragments:
            self._count_fragment(frame)
        if self._framing is not None:
            self._framing.heard(frame)

    def _count_fragment(self, frame: WSFrame) -> None:
        """Bound the fragments of a message: the library keeps each as an object."""
        if frame.msg_type in {WSMsgType.PING, WSMsgType.PONG, WSMsgType.CLOSE}:
            return
        self._fragments = 0 if frame.fin else self._fragments + 1
        if self._fragments > MOST_FRAGMENTS:
            self.end()
            raise WSProtocolError(
                WSCloseCode.MESSAGE_TOO_BIG, f"a message of over {MOST_FRAGMENTS} fragments"
            )

    def _counts(self, frame: WSFrame) -> bool:
        """Return whether a frame is to be heard; check it, if it is."""
        if self.ended:
            return False
        is_close = frame.msg_type == WSMsgType.CLOSE
        if is_close or frame.rsv2 or frame.rsv3:
            self.end()
        if frame.rsv2 or frame.rsv3 or (is_close and frame.rsv1):
            raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, "a reserved bit is set")
        if is_close:
            code = int(cast("int", frame.get_close_code()))
            if frame.payload_size == 0:
                self.wire.send_close(WSCloseCode.OK)
            elif code not in range(1000, 5000) or code == CloseCode.ABNORMAL_CLOSURE:
                raise WSProtocolError(WSCloseCode.PROTOCOL_ERROR, f"close code {code}")
        return True

    def end(self) -> None:
        """Hear nothing more, and bound the wait for the end of TCP."""
        self.ended = True
        loop = asyncio.get_running_loop()
        self._cut_off = loop.call_later(self.close_timeout, self.wire.disconnect, False)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        """Wake all that wait."""
        if self._cut_off is not None:
            self._cut_off.cancel()
        super().on_ws_disconnected(transport)
        self.resume_writing()
        if self.inbox is not None:
            self.inbox.end()

    async def recv(self, decode: bool | None = None) -> Message:
        """Return the next message, as the library's own `recv` does."""
        if self.inbox is None:
            return await super().recv(decode)
        message = await self.inbox.receive()
        if decode is False and isinstance(message, str):
            return message.encode()
        return message.decode() if decode and isinstance(message, bytes) else message

    # The library's own wait leaves an exception that nobody retrieves when a send is cancelled.

    def pause_writing(self) -> None:
        """Make `drain` wait."""
        self.writable = False

    def resume_writing(self) -> None:
        """End the wait of `drain`."""
        self.writable = True
        self._may_write.tell()
        self._send_pong()

    def _send_pong(self) -> None:
        """Answer the latest ping: it alone needs an answer (RFC 6455 section 5.5.3)."""
        pong, self._pong = self._pong, None
        if pong is not None:  # the library drops it behind a close frame, or the end
            self.wire.send_pong(pong)

    async def drain(self) -> None:
        """Wait until the transport takes more, or the connection is gone."""
        while not self.writable:
            await self._may_write.wait()


class _BoundedDeflate(_PerMessageDeflate):
    """The library's compression, where 0 bytes left do not mean any number of them.

    Args:
        deflate: The library's.
        bounded: Whether a message has a largest size.
    """

    slices: Slices
    """Told of each frame of a message."""

    def __init__(self, deflate: _PerMessageDeflate, *, bounded: bool) -> None:
        self._deflate = deflate
        self._least = int(bounded)

    def decode_frame(self, frame: WSFrame, max_length: int) -> bytes:
        payload: bytes = self._deflate.decode_frame(frame, max_length or self._least)
        self.slices.inflated(len(payload), fin=bool(frame.fin))
        return payload

    def encode_frame(self, msg_type: WSMsgType, data: Any, fin: bool) -> Any:
        return self._deflate.encode_frame(msg_type, data, fin)
