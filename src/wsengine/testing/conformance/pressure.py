"""Checks of back-pressure: neither side buffers without bound."""

from __future__ import annotations

import asyncio

from ...adapter import Connection
from .expectations import expect, expect_closed, expect_equal
from .probe import Probe
from .registry import Chapter, Mismatch

check = Chapter("Back-pressure")

CHUNK = 64 * 1024
MOST = 1024
"""Chunks, 64 MiB of them: more than what the two sockets buffer."""

PATIENCE = 0.5
"""Seconds without progress after which the other side counts as not reading."""


@check(limit=30)
async def send_waits_for_the_server(probe: Probe) -> None:
    """send() waits while the server does not read; cancelled, it leaves the stream whole."""
    connection, peer = await probe.connect()
    waiting, number = await fill(probe, connection)
    waiting.cancel()
    await asyncio.wait({waiting}, timeout=PATIENCE)
    expect(waiting.cancelled(), "a cancelled send() ends", f"it is {waiting!r}")
    last = probe.start(connection.send("after"))
    for expected in range(number):
        expect_equal(number_of(await peer.next_message()), expected, "the number of a message")
    message = await peer.next_message()
    if message != "after":  # a cancelled send may have been sent, but then whole
        expect_equal(number_of(message), number, "the number of the cancelled message")
        message = await peer.next_message()
    expect_equal(message, "after", "the message after the cancelled one")
    await last


@check(limit=30)
async def blocked_send_ends_with_the_connection(probe: Probe) -> None:
    """A send() that waits for the server raises ConnectionClosed when the connection is lost."""
    connection, peer = await probe.connect()
    receiving = probe.start(connection.receive())
    waiting, _ = await fill(probe, connection)
    peer.reset()
    await expect_closed(waiting, "a send() that waits")
    await expect_closed(receiving)


@check(limit=30)
async def unread_messages_push_back(probe: Probe) -> None:
    """While nobody receives, TCP pushes back on the server; no message is lost by that."""
    connection, peer = await probe.connect()
    for number in range(MOST):
        peer.binary(_chunk(number))
        try:
            async with asyncio.timeout(PATIENCE):
                await peer.drain()
        except TimeoutError:
            break
    else:
        raise Mismatch("TCP pushes back on the server", f"the client took {MOST * CHUNK} bytes")
    for expected in range(number + 1):
        message = await connection.receive()
        expect_equal(number_of(message), expected, "the number of a message")


async def fill(probe: Probe, connection: Connection) -> tuple[asyncio.Task[None], int]:
    """Send until a send waits; return the one that waits, and its number.

    Raises:
        Mismatch: None does.
    """
    for number in range(MOST):
        sending = probe.start(connection.send(_chunk(number)))
        await asyncio.wait({sending}, timeout=PATIENCE)
        if not sending.done():
            return sending, number
        sending.result()
    raise Mismatch("send() waits for a server that does not read", f"{MOST * CHUNK} bytes went")


def _chunk(number: int) -> bytes:
    return number.to_bytes(4) + bytes(CHUNK - 4)


def number_of(message: str | bytes) -> int:
    """Return the number of a chunk, or -1 where it is not whole."""
    whole = isinstance(message, bytes) and len(message) == CHUNK
    return int.from_bytes(message[:4]) if whole and isinstance(message, bytes) else -1
