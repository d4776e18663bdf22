"""The server: plain sockets and ready-made frames, in a process of its own.

It must never be what is measured, so it does nothing for a single message of a burst: it
writes blocks of 64 KiB that hold many frames. A text message orders a burst (see
`Amount.order`); a binary message comes back as it is.

`python -m benchmarks.server CORE` prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import socket
import struct
import sys
import threading
from typing import BinaryIO, Final

from .machine import pin

BLOCK: Final = 64 * 1024
PATIENCE: Final = 60.0
"""Seconds after which a client that says nothing is left."""

_GUID: Final = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_TEXT, _BINARY = 0x1, 0x2


def frame(payload: bytes, *, text: bool) -> bytes:
    """Return a whole message as one unmasked frame (RFC 6455 section 5.2)."""
    first = 0x80 | (_TEXT if text else _BINARY)
    size = len(payload)
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 65536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


def burst(connection: socket.socket, order: bytes) -> None:
    """Send the messages that a client has ordered."""
    wanted = json.loads(order)
    one = frame(bytes(65 + i % 26 for i in range(wanted["size"])), text=wanted["text"])
    in_block = max(BLOCK // len(one), 1)
    block = one * in_block
    whole, rest = divmod(wanted["count"], in_block)
    for _ in range(whole):
        connection.sendall(block)
    connection.sendall(one * rest)


def read_frame(stream: BinaryIO) -> tuple[int, bytes]:
    """Read one masked frame; return its opcode and payload."""
    first, size = stream.read(2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", stream.read(8))
    mask, masked = stream.read(4), stream.read(size)
    key = (mask * (size // 4 + 1))[:size]
    payload = int.from_bytes(masked, "big") ^ int.from_bytes(key, "big")
    return first & 0x0F, payload.to_bytes(size, "big")


def shake_hands(connection: socket.socket, stream: BinaryIO) -> None:
    """Answer the opening handshake (RFC 6455 section 4.2.2)."""
    key = b""
    while (line := stream.readline().strip()) != b"":
        name, _, value = line.partition(b":")
        if name.lower() == b"sec-websocket-key":
            key = value.strip()
    accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())
    connection.sendall(
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def serve(connection: socket.socket) -> None:
    """Serve one client until it closes."""
    connection.settimeout(PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as stream:
        shake_hands(connection, stream)
        while True:
            opcode, payload = read_frame(stream)
            if opcode == _TEXT:
                burst(connection, payload)
            elif opcode == _BINARY:
                connection.sendall(frame(payload, text=False))
            else:  # a close frame: the only other one that the contestants send
                connection.sendall(struct.pack("!BB", 0x88, len(payload)) + payload)
                return


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


def main() -> None:
    """Serve one client after the other."""
    pin(int(sys.argv[1]))
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            # A client that goes without a word: the end of the stream is an empty read.
            with contextlib.suppress(OSError, ValueError):
                serve(connection)


if __name__ == "__main__":
    main()
