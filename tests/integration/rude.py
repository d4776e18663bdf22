"""Rude servers for tests: TCP servers that break the WebSocket protocol as they are told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Self, TypeAlias, cast

from .servers import port_of

TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
"""Opcodes of frames (RFC 6455 section 5.2)."""

_HANDSHAKE_KEY = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


class Peer:
    """One TCP connection of a rude server, with the frames in the hands of the test."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer
        self.frames: list[tuple[int, bytes]] = []
        """Opcode and payload of every frame that was read."""
        self.accepted = False
        self.gone = asyncio.Event()
        """Set when the client's end of the TCP connection is closed, as far as was read."""

    async def accept(self) -> None:
        """Answer the opening handshake as a good server does."""
        request = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        lines = (line.partition(":") for line in request.splitlines())
        key = next(value.strip() for name, _, value in lines if name.lower() == "sec-websocket-key")
        digest = hashlib.sha1((key + _HANDSHAKE_KEY).encode(), usedforsecurity=False).digest()
        self.writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + base64.b64encode(digest) + b"\r\n\r\n"
        )
        self.accepted = True

    async def send(self, opcode: int, payload: bytes) -> None:
        """Send one frame."""
        self.writer.write(frame(opcode, payload))
        await self.writer.drain()

    async def read(self) -> tuple[int, bytes] | None:
        """Read one frame; `None` where there is none any more."""
        try:
            first, second = await self.reader.readexactly(2)
            length = second & 0x7F
            if length >= 126:
                size, layout = (8, "!Q") if length == 127 else (2, "!H")
                (length,) = struct.unpack(layout, await self._read(size))
            mask = await self._read(4)
            masked = await self._read(length)
        except (asyncio.IncompleteReadError, ConnectionError):
            self.gone.set()
            return None
        key = int.from_bytes((mask * (length // 4 + 1))[:length], "big")
        payload = (int.from_bytes(masked, "big") ^ key).to_bytes(length, "big")
        self.frames.append((first & 0x0F, payload))
        return self.frames[-1]

    async def read_on(self) -> None:
        """Read every frame until the client is gone, and answer none."""
        while await self.read() is not None:
            pass

    def reset(self) -> None:
        """Cut the connection off with a TCP reset."""
        linger = struct.pack("ii", 1, 0)
        native = self.writer.get_extra_info("socket")
        native.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.writer.transport.abort()

    async def _read(self, size: int) -> bytes:
        return await self.reader.readexactly(size)


def frame(opcode: int, payload: bytes) -> bytes:
    """Return a whole frame, as a server sends it: final and not masked."""
    length = len(payload)
    if length < 126:
        header = struct.pack("!BB", 0x80 | opcode, length)
    elif length < 65536:
        header = struct.pack("!BBH", 0x80 | opcode, 126, length)
    else:
        header = struct.pack("!BBQ", 0x80 | opcode, 127, length)
    return header + payload


def close_frame(code: int, reason: str = "") -> bytes:
    """Return the payload of a close frame."""
    return struct.pack("!H", code) + reason.encode()


Behaviour: TypeAlias = Callable[[Peer], Awaitable[None]]


async def never_answer(peer: Peer) -> None:
    """Take the TCP connection, and never answer the handshake."""
    await peer.reader.read()


async def ignore(peer: Peer) -> None:
    """Shake hands, read everything and answer nothing: no ping, no close frame."""
    await peer.accept()
    await peer.read_on()


async def stop_reading(peer: Peer) -> None:
    """Shake hands, and never read a byte again."""
    await peer.accept()
    cast("asyncio.Transport", peer.writer.transport).pause_reading()
    await asyncio.Event().wait()


async def refuse(peer: Peer) -> None:
    """Refuse the handshake, with a status that is worth another try."""
    await peer.reader.readuntil(b"\r\n\r\n")
    peer.writer.write(b"HTTP/1.1 500 Oops\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


def speak(*messages: str) -> Behaviour:
    """Return a behaviour as a good server has it: send messages, then send every message back."""

    async def behave(peer: Peer) -> None:
        await peer.accept()
        for message in messages:
            await peer.send(TEXT, message.encode())
        await _converse(peer)

    return behave


async def _converse(peer: Peer) -> None:
    answers = {TEXT: TEXT, BINARY: BINARY, PING: PONG, CLOSE: CLOSE}
    while (received := await peer.read()) is not None:
        opcode, payload = received
        if opcode in answers:
            await peer.send(answers[opcode], payload)
        if opcode == CLOSE:
            return


def flood(messages: int) -> Behaviour:
    """Return a behaviour that sends messages "0", "1", ... as fast as it can."""

    async def behave(peer: Peer) -> None:
        await peer.accept()
        for start in range(0, messages, 1000):
            numbers = range(start, min(start + 1000, messages))
            peer.writer.write(b"".join(frame(TEXT, b"%d" % number) for number in numbers))
            await peer.writer.drain()
        await _converse(peer)

    return behave


class RudeServer:
    """A TCP server on a free port of the loopback interface that does what it is told.

    Args:
        *behaviours: What happens on each connection; the last one is kept for all that follow.
            When it is over, the connection is closed without a word.

    Attributes:
        peers: Every connection, the latest last.
        dialled_at: When each was accepted, in the event loop's time.
    """

    def __init__(self, *behaviours: Behaviour) -> None:
        self.peers: list[Peer] = []
        self.dialled_at: list[float] = []
        self._behaviours = behaviours
        self._tasks: list[asyncio.Task[None]] = []
        self._server: asyncio.Server

    @property
    def url(self) -> str:
        """Where to dial it."""
        return f"ws://127.0.0.1:{port_of(self._server.sockets)}/ws"

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        outcomes = await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._server.wait_closed()
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        number = min(len(self.peers), len(self._behaviours) - 1)
        self.dialled_at.append(asyncio.get_running_loop().time())
        self.peers.append(Peer(reader, writer))
        behaviour = self._behaviours[number]
        self._tasks.append(asyncio.create_task(self._behave(behaviour, self.peers[-1])))

    async def _behave(self, behaviour: Behaviour, peer: Peer) -> None:
        try:
            with suppress(ConnectionError, asyncio.IncompleteReadError):
                await behaviour(peer)
        finally:
            peer.writer.close()
            with suppress(ConnectionError):
                await peer.writer.wait_closed()
