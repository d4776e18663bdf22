"""The server: plain sockets and ready-made frames, in a process of its own.

It must never be what is measured, so it does nothing for a single message of a burst: it has the
system send blocks of 64 KiB that hold many frames, from a file, which saves it the copying (on
the loopback 4.8 GB a second, and 1.6 by `sendall`). What is sent to it it takes by its size. A
text message is an order (see `Amount`); a binary message comes back as it is.

`python -m benchmarks.server CORE` prints its port, and ends when its standard input does.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
import struct
import sys
import tempfile
import threading
from typing import IO, Any, BinaryIO, Final

from .machine import pin
from .wire import Opcode, answer_to, frame, masked_size, unmask

BLOCK: Final = 64 * 1024


def burst(connection: socket.socket, order: dict[str, Any]) -> None:
    """Send the messages that a client has ordered."""
    opcode = Opcode.TEXT if order["text"] else Opcode.BINARY
    payload = order.get("payload") or "".join(chr(65 + i % 26) for i in range(order["size"]))
    one = frame(payload.encode(), opcode)
    in_block = max(BLOCK // len(one), 1)
    whole, rest = divmod(order["count"], in_block)
    with tempfile.TemporaryFile() as block:
        block.write(one * in_block)
        block.flush()
        for _ in range(whole):
            send_file(connection, block, len(one) * in_block)
        send_file(connection, block, len(one) * rest)


def send_file(connection: socket.socket, file: IO[bytes], size: int) -> None:
    """Send the first bytes of a file."""
    sent = 0
    while sent < size:
        sent += os.sendfile(connection.fileno(), file.fileno(), sent, size - sent)


def take(connection: socket.socket, stream: BinaryIO, order: dict[str, Any]) -> None:
    """Take the messages that a client has announced, all of one size; then tell how many.

    They are counted by their bytes: to look at each would make the server the bottleneck.
    """
    count = order["count"]
    left = count * masked_size(order["size"])
    view = memoryview(bytearray(4 * BLOCK))
    while left:
        got = stream.readinto(view[:left])  # type: ignore[attr-defined]
        if not got:
            return
        left -= got
    connection.sendall(frame(str(count).encode(), Opcode.TEXT))


def read_frame(stream: BinaryIO) -> tuple[int, bytes]:
    """Read one masked frame; return its opcode and payload."""
    first, size = stream.read(2)
    size &= 0x7F
    if size == 126:
        (size,) = struct.unpack("!H", stream.read(2))
    elif size == 127:
        (size,) = struct.unpack("!Q", stream.read(8))
    mask, payload = stream.read(4), stream.read(size)
    return first & 0x0F, unmask(payload, mask)


def shake_hands(connection: socket.socket, stream: BinaryIO) -> None:
    """Answer the opening handshake."""
    lines = []
    while (line := stream.readline().strip()) != b"":
        lines.append(line)
    connection.sendall(answer_to(b"\r\n".join(lines)))


def serve(connection: socket.socket) -> None:
    """Serve one client until it closes."""
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    with connection, connection.makefile("rb") as stream:
        shake_hands(connection, stream)
        while True:
            opcode, payload = read_frame(stream)
            if opcode == Opcode.BINARY:
                connection.sendall(frame(payload, Opcode.BINARY))
            elif opcode == Opcode.TEXT:
                order = json.loads(payload)
                if order["do"] == "burst":
                    burst(connection, order)
                else:
                    take(connection, stream, order)
            else:  # a close frame: the only other one that the contestants send
                connection.sendall(frame(payload, Opcode.CLOSE))
                return


def end_with_standard_input() -> None:
    """Have the process end when whoever started it does."""

    def wait() -> None:
        sys.stdin.read()
        os._exit(0)

    threading.Thread(target=wait, daemon=True).start()


def main() -> None:
    """Serve one client after the other."""
    pin(int(sys.argv[1]))
    end_with_standard_input()
    with socket.create_server(("127.0.0.1", 0)) as listener:
        print(listener.getsockname()[1], flush=True)
        while True:
            connection, _ = listener.accept()
            # A client that goes without a word: the end of the stream is an empty read.
            with contextlib.suppress(OSError, ValueError):
                serve(connection)


if __name__ == "__main__":
    main()
