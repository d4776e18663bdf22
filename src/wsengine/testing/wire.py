"""WebSocket frames as bytes (RFC 6455 section 5), to write by hand what no library would send."""

from __future__ import annotations

import asyncio
import base64
import enum
import hashlib
import struct
import zlib
from dataclasses import dataclass

_HANDSHAKE_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
SYNC_TAIL = b"\x00\x00\xff\xff"
"""What ends each part of a compressed message, and is left out at its end (RFC 7692)."""


class WireError(Exception):
    """The other side sent what RFC 6455 forbids."""


class Opcode(enum.IntEnum):
    """What a frame is (RFC 6455 section 5.2)."""

    CONTINUATION = 0
    TEXT = 1
    BINARY = 2
    CLOSE = 8
    PING = 9
    PONG = 10

    @property
    def is_control(self) -> bool:
        """Whether it may come between the fragments of a message."""
        return self >= Opcode.CLOSE


@dataclass(frozen=True, slots=True)
class Frame:
    """One frame.

    Args:
        opcode: What it is; any number of four bits, so that an unknown one can be sent.
        payload: The payload, unmasked.
        fin: Whether it is the last of its message.
        rsv1: The bit that marks a compressed message (RFC 7692 section 6).
        masked: Whether it is masked, as a client's must be and a server's must not.
    """

    opcode: int
    payload: bytes = b""
    fin: bool = True
    rsv1: bool = False
    masked: bool = False

    def encode(self) -> bytes:
        """Return the frame as it goes over the wire."""
        size = len(self.payload)
        mask_bit = 0x80 if self.masked else 0
        head = bytes([self.fin << 7 | self.rsv1 << 6 | self.opcode])
        if size < 126:
            head += bytes([mask_bit | size])
        elif size < 1 << 16:
            head += struct.pack("!BH", mask_bit | 126, size)
        else:
            head += struct.pack("!BQ", mask_bit | 127, size)
        if not self.masked:
            return head + self.payload
        key = b"\x12\x34\x56\x78"
        return head + key + apply_mask(self.payload, key)


def apply_mask(payload: bytes, key: bytes) -> bytes:
    """Mask or unmask a payload (RFC 6455 section 5.3)."""
    size = len(payload)
    mask = (key * (size // 4 + 1))[:size]
    # One operation on two large integers: 16 MiB take milliseconds, not seconds.
    return (int.from_bytes(payload) ^ int.from_bytes(mask)).to_bytes(size)


async def read_frame(reader: asyncio.StreamReader) -> Frame:
    """Read one frame of a client.

    Raises:
        WireError: No client may send this.
        EOFError: The stream ended.
    """
    first, second = await reader.readexactly(2)
    opcode, fin, rsv1, size = first & 0x0F, bool(first & 0x80), bool(first & 0x40), second & 0x7F
    if first & 0x30:
        raise WireError(f"reserved bits are set in the frame header {first:#04x}")
    if not second & 0x80:
        raise WireError("a client must mask its frames (RFC 6455 section 5.3)")
    if opcode not in frozenset(Opcode):
        raise WireError(f"unknown opcode {opcode:#x}")
    if Opcode(opcode).is_control and (not fin or size > 125):
        raise WireError("a control frame must be whole and hold 125 bytes at most (section 5.5)")
    if size == 126:
        (size,) = struct.unpack("!H", await reader.readexactly(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", await reader.readexactly(8))
    key = await reader.readexactly(4)
    payload = apply_mask(await reader.readexactly(size), key)
    return Frame(Opcode(opcode), payload, fin=fin, rsv1=rsv1, masked=True)


def close_payload(code: int | None, reason: str = "") -> bytes:
    """Return the payload of a close frame; empty without a code."""
    return b"" if code is None else struct.pack("!H", code) + reason.encode()


def parse_close(frame: Frame) -> tuple[int | None, str]:
    """Return the code and reason of a close frame.

    Raises:
        WireError: It is not the payload of one.
    """
    if not frame.payload:
        return None, ""
    try:
        return struct.unpack("!H", frame.payload[:2])[0], frame.payload[2:].decode()
    except (struct.error, UnicodeDecodeError) as error:
        raise WireError(f"not the payload of a close frame: {frame.payload!r}") from error


def accept_key(key: str) -> str:
    """Return the Sec-WebSocket-Accept for a Sec-WebSocket-Key (RFC 6455 section 4.2.2)."""
    digest = hashlib.sha1(key.encode() + _HANDSHAKE_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()


class Deflate:
    """permessage-deflate of one connection, with its contexts kept over messages (RFC 7692)."""

    def __init__(self) -> None:
        self._compressor = zlib.compressobj(wbits=-15)
        self._decompressor = zlib.decompressobj(wbits=-15)

    def compress(self, payload: bytes) -> bytes:
        """Return the payload of a compressed message."""
        data = self._compressor.compress(payload) + self._compressor.flush(zlib.Z_SYNC_FLUSH)
        return data.removesuffix(SYNC_TAIL)

    def decompress(self, payload: bytes) -> bytes:
        """Return the payload that was compressed.

        Raises:
            WireError: It is not valid.
        """
        try:
            return self._decompressor.decompress(payload + SYNC_TAIL)
        except zlib.error as error:
            raise WireError(f"not a compressed message: {error}") from error
