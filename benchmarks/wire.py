"""The server's side of RFC 6455, as far as the contestants need it."""

from __future__ import annotations

import base64
import hashlib
import struct
from enum import IntEnum
from typing import Final

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Opcode(IntEnum):
    """The kinds of frames (section 5.2)."""

    TEXT = 0x1
    BINARY = 0x2
    CLOSE = 0x8
    PING = 0x9
    PONG = 0xA


def frame(payload: bytes, opcode: Opcode) -> bytes:
    """Return a whole message as one unmasked frame (section 5.2)."""
    first, size = 0x80 | opcode, len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def masked_size(size: int) -> int:
    """Return how many bytes a client's frame with a payload of `size` bytes has."""
    return 6 + size + (0 if size < 126 else 2 if size < 65536 else 8)


def unmask(payload: bytes, mask: bytes) -> bytes:
    """Return a client's payload in the clear (section 5.3)."""
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


def answer_to(request: bytes) -> bytes:
    """Return the answer to an opening handshake (section 4.2.2)."""
    key = b""
    for line in request.split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            key = value.strip()
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )
