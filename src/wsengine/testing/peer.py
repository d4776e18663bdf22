"""The server's side of one raw connection: HTTP and frames, as a test wants them."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import struct

from .wire import Deflate, Frame, Opcode, WireError, close_payload, parse_close, read_frame


class Request:
    """An HTTP request: its first line and its headers, names in lower case."""

    def __init__(self, first_line: str, headers: tuple[tuple[str, str], ...]) -> None:
        self.method, _, rest = first_line.partition(" ")
        self.target = rest.partition(" ")[0]
        self.headers = headers

    def all(self, name: str) -> list[str]:
        """Return all values of a header, by its name in lower case."""
        return [value for key, value in self.headers if key == name]

    def one(self, name: str) -> str:
        """Return the value of a header that must be there exactly once.

        Raises:
            WireError: It is not.
        """
        values = self.all(name)
        if len(values) != 1:
            raise WireError(f"the request must have one header {name!r}, but has {values}")
        return values[0]


class Peer:
    """The server's side of one connection.

    Writing is not awaited, except by `drain`: what the socket does not take is buffered.

    Attributes:
        asked: The client's HTTP requests.
        deflate: The compression that was agreed on, or `None`.
    """

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.asked: list[Request] = []
        self.deflate: Deflate | None = None
        self._reader = reader
        self._writer = writer
        self._requested = asyncio.Event()

    # HTTP.

    @property
    def request(self) -> Request:
        """The client's last HTTP request."""
        return self.asked[-1]

    @property
    def certificate(self) -> str | None:
        """The first name in the client's certificate; `None` where it showed none."""
        shown = self._writer.get_extra_info("peercert") or {}
        names = [value for _, value in shown.get("subjectAltName", ())]
        return names[0] if names else None

    async def read_request(self) -> Request:
        """Read the client's next HTTP request."""
        head = await self._reader.readuntil(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").rstrip().split("\r\n")
        pairs = [line.partition(":") for line in lines]
        headers = tuple((name.lower(), value.strip()) for name, _, value in pairs)
        self.asked.append(Request(first, headers))
        self._requested.set()
        return self.request

    async def requested(self) -> Request:
        """Wait until the first request has been read, and return it."""
        await self._requested.wait()
        return self.request

    # Frames to the client.

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._writer.write(data)

    async def drain(self) -> None:
        """Wait until the client has taken most of what was written."""
        await self._writer.drain()

    def send(self, *frames: Frame) -> None:
        """Send frames, in one write."""
        self.write(b"".join(frame.encode() for frame in frames))

    def text(self, *messages: str) -> None:
        """Send text messages, one frame each."""
        self.send(*(Frame(Opcode.TEXT, message.encode()) for message in messages))

    def binary(self, *messages: bytes) -> None:
        """Send binary messages, one frame each."""
        self.send(*(Frame(Opcode.BINARY, message) for message in messages))

    def compressed(self, payload: bytes, opcode: int = Opcode.TEXT) -> Frame:
        """Return the frame of a compressed message."""
        if self.deflate is None:
            raise WireError("compression was not agreed on")
        return Frame(opcode, self.deflate.compress(payload), rsv1=True)

    def close_frame(self, code: int | None, reason: str = "") -> None:
        """Send a close frame; an empty one for `None`."""
        self.send(Frame(Opcode.CLOSE, close_payload(code, reason)))

    # Frames from the client.

    async def next_frame(self, *opcodes: Opcode) -> Frame:
        """Return the next frame of one of these kinds.

        Pings and pongs of other kinds are answered and dropped.

        Raises:
            WireError: Another frame came, or one that no client may send.
            EOFError: The stream ended.
        """
        while True:
            frame = await read_frame(self._reader)
            if frame.opcode in opcodes:
                return frame
            if frame.opcode == Opcode.PING:
                self.send(Frame(Opcode.PONG, frame.payload))
            elif frame.opcode != Opcode.PONG:
                wanted = " or ".join(opcode.name for opcode in opcodes)
                raise WireError(f"expected {wanted}, but {_describe(frame)} came")

    async def next_message(self) -> str | bytes:
        """Return the client's next message, put together and decompressed.

        Raises:
            WireError: Something else came.
            EOFError: The stream ended.
        """
        first = frame = await self.next_frame(Opcode.TEXT, Opcode.BINARY)
        parts = [first.payload]
        while not frame.fin:
            frame = await self.next_frame(Opcode.CONTINUATION)
            parts.append(frame.payload)
        payload = b"".join(parts)
        if first.rsv1:
            if self.deflate is None:
                raise WireError("a compressed message came, but compression was not agreed on")
            payload = self.deflate.decompress(payload)
        if first.opcode == Opcode.BINARY:
            return payload
        try:
            return payload.decode()
        except UnicodeDecodeError as error:
            raise WireError(f"a text message is not UTF-8: {error}") from error

    async def next_close(self) -> tuple[int | None, str]:
        """Return code and reason of the client's close frame, which must come next."""
        return parse_close(await self.next_frame(Opcode.CLOSE))

    async def close(self, code: int | None, reason: str = "") -> tuple[int | None, str]:
        """Close as a server should: send a close frame, wait for the echo, hang up; return it."""
        self.close_frame(code, reason)
        echo = await self.next_close()
        self.hang_up()
        return echo

    async def answer_close(self) -> tuple[int | None, str]:
        """Wait for the client's close frame, echo it, end the connection, and return it."""
        code, reason = await self.next_close()
        self.close_frame(code, reason)
        self.hang_up()
        return code, reason

    async def next_byte(self) -> bytes:
        """Return the next byte from the client, or none at the end of the stream."""
        return await self._reader.read(1)

    async def gone(self) -> str:
        """Discard what comes until the client's socket is gone, and return how: eof or reset."""
        try:
            while await self._reader.read(1 << 16):
                pass
        except ConnectionError:
            return "reset"
        return "eof"

    # The end.

    def end_writing(self) -> None:
        """End the server's half of the TCP connection; what the client sends is still read."""
        self._writer.write_eof()

    def hang_up(self) -> None:
        """End the TCP connection in order, after what was written."""
        self._writer.close()

    def reset(self) -> None:
        """Cut the TCP connection off with a reset."""
        raw = self._writer.get_extra_info("socket")
        if raw is not None and not self._writer.transport.is_closing():
            # Lingering for no time makes closing a reset.
            raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.abort()

    def abort(self) -> None:
        """Drop the connection, with all that was not yet written."""
        # A transport of asyncio that has ended by itself lacks what it needs for this.
        with contextlib.suppress(AttributeError):
            self._writer.transport.abort()


def _describe(frame: Frame) -> str:
    name = Opcode(frame.opcode).name
    if frame.opcode == Opcode.CLOSE:
        code, reason = parse_close(frame)
        return f"{name} {code} {reason!r}"
    return f"{name} of {len(frame.payload)} bytes"
