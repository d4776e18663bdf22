"""Checks of permessage-deflate (RFC 7692)."""

from __future__ import annotations

import contextlib
import dataclasses
import tracemalloc
from collections.abc import Callable, Iterator
from hashlib import sha256

from ...adapter import Connection
from ..greetings import upgrade
from ..peer import Peer
from ..wire import SYNC_TAIL, Frame, Opcode
from .expectations import expect, expect_close, expect_equal
from .probe import DIRECT, Probe
from .registry import Chapter
from .violations import expect_failure

check = Chapter("Compression")

DEFLATE = dataclasses.replace(DIRECT, compression="deflate")
BOUND = 100_000
BOUNDED = dataclasses.replace(DEFLATE, max_message_size=BOUND)
BOMB = 200 * BOUND
"""20 MB of zeros, which take 20 kB on the wire."""

DAMAGED = (1002, 1003, 1007, 1011)
"""RFC 7692 does not say which code it is."""

PLAIN = dataclasses.replace(DIRECT, compression=None)


@check()
async def offers_compression(probe: Probe) -> None:
    """compression="deflate" offers permessage-deflate in the handshake."""
    _, peer = await probe.connect(DEFLATE)
    offers = ", ".join(peer.request.all("sec-websocket-extensions"))
    expect("permessage-deflate" in offers, "permessage-deflate is offered", f"it is {offers!r}")


@check()
async def offers_no_compression(probe: Probe) -> None:
    """compression=None offers no extension, and what is sent is not compressed."""
    connection, peer = await probe.connect(PLAIN)
    offers = peer.request.all("sec-websocket-extensions")
    expect_equal(offers, [], "the header Sec-WebSocket-Extensions")
    await connection.send("x" * 1000)
    expect_equal(await peer.next_message(), "x" * 1000, "the message")


@check()
async def talks_compressed(probe: Probe) -> None:
    """Compressed messages pass both ways, whole, over many of them, in fragments too."""
    connection, peer = await probe.connect(DEFLATE, greeting=upgrade(deflate=True))
    for number in range(5):
        text = f"message {number} " * 100
        peer.send(peer.compressed(text.encode()))
        expect_equal(await connection.receive(), text, "the text")
        await connection.send(text)
        expect_equal(await peer.next_message(), text, "the text at the server")
    await connection.send(memoryview(b"every other byte")[::2])  # zlib takes no such view
    expect_equal(await peer.next_message(), b"eeyohrbt", "the data at the server")
    data = bytes(range(256)) * 50
    payload = peer.compressed(data, Opcode.BINARY).payload
    peer.send(
        Frame(Opcode.BINARY, payload[:10], fin=False, rsv1=True),
        Frame(Opcode.PING),
        Frame(Opcode.CONTINUATION, payload[10:]),
    )
    expect_equal(await connection.receive(), data, "the data")
    await connection.send(data)
    expect_equal(await peer.next_message(), data, "the data at the server")


@check()
async def receives_uncompressed_where_compression_is_agreed(probe: Probe) -> None:
    """With compression agreed on, the server may still send a message as it is."""
    connection, peer = await probe.connect(DEFLATE, greeting=upgrade(deflate=True))
    peer.text("as it is")
    expect_equal(await connection.receive(), "as it is", "the text")
    peer.send(peer.compressed(b"compressed"))
    expect_equal(await connection.receive(), "compressed", "the text")


@check()
async def talks_plainly_where_compression_is_declined(probe: Probe) -> None:
    """A server that does not agree to compression gets and sends plain messages."""
    connection, peer = await probe.connect(DEFLATE, greeting=upgrade())
    peer.text("plain")
    expect_equal(await connection.receive(), "plain", "the text")
    await connection.send("x" * 1000)
    expect_equal(await peer.next_message(), "x" * 1000, "the text at the server")


@check()
async def inflates_up_to_the_bound(probe: Probe) -> None:
    """A message may inflate to just max_message_size, and not to one byte more."""
    await expect_bound(probe, bytes(BOUND))


@check()
async def inflates_noise_up_to_the_bound(probe: Probe) -> None:
    """max_message_size is that of the message, also where compression has made it longer."""
    await expect_bound(probe, b"".join(sha256(bytes([n])).digest() for n in range(256)))


@check()
async def refuses_a_message_that_inflates_too_big(probe: Probe) -> None:
    """max_message_size holds for the message after decompression: no small bomb passes.

    Nor is it inflated as a whole before it is refused.
    """
    connection, peer = await probe.connect(BOUNDED, greeting=upgrade(deflate=True))
    bomb = peer.compressed(bytes(BOMB), Opcode.BINARY)
    await expect_defused(probe, connection, peer, [bomb])


@check()
async def refuses_a_fragment_that_inflates_too_big(probe: Probe) -> None:
    """A bomb in a later fragment is no better, where the first is just as large as allowed."""
    for first in (10, BOUND):
        connection, peer = await probe.connect(BOUNDED, greeting=upgrade(deflate=True))
        harmless = peer.compressed(bytes(first)).payload + SYNC_TAIL
        bomb = peer.compressed(bytes(BOMB)).payload
        frames = [
            Frame(Opcode.BINARY, harmless, fin=False, rsv1=True),
            Frame(Opcode.CONTINUATION, bomb),
        ]
        await expect_defused(probe, connection, peer, frames)


@check()
async def refuses_what_does_not_inflate(probe: Probe) -> None:
    """A compressed message that is damaged ends the connection by a close frame, not by a crash."""
    connection, peer = await probe.connect(DEFLATE, greeting=upgrade(deflate=True))
    peer.send(Frame(Opcode.TEXT, b"\xff\xff\xff\xff", rsv1=True))
    closed = probe.start(connection.receive())
    code, _ = await peer.answer_close()
    expect(code in DAMAGED, f"a close code of {DAMAGED}", f"it is {code}")
    await expect_close(closed, code or 0, by_client=True)


async def expect_bound(probe: Probe, data: bytes) -> None:
    """Expect a message to be received that is just as large as allowed, and no larger one.

    Raises:
        Mismatch: It is not so.
    """
    options = dataclasses.replace(DEFLATE, max_message_size=len(data))
    connection, peer = await probe.connect(options, greeting=upgrade(deflate=True))
    peer.send(peer.compressed(data, Opcode.BINARY), Frame(Opcode.TEXT, b"after"))
    expect_equal(await connection.receive(), data, "the data")
    expect_equal(await connection.receive(), "after", "the text")
    peer.send(peer.compressed(data + b"x", Opcode.BINARY))
    await expect_failure(probe, connection, peer, 1009, "one byte too many")


async def expect_defused(
    probe: Probe, connection: Connection, peer: Peer, frames: list[Frame]
) -> None:
    """Expect 1009 for a bomb, and that it was not inflated first.

    Raises:
        Mismatch: It is not so.
    """
    with measured_memory() as peak:
        peer.send(*frames)
        await expect_failure(probe, connection, peer, 1009, "a small bomb")
    expect(peak() < BOMB // 4, "a bomb is not inflated", f"it took {peak()} bytes of memory")


@contextlib.contextmanager
def measured_memory() -> Iterator[Callable[[], int]]:
    """Measure the memory that is taken meanwhile, in bytes, at its peak."""
    ours = not tracemalloc.is_tracing()
    if ours:
        tracemalloc.start()
    try:
        tracemalloc.reset_peak()
        before, _ = tracemalloc.get_traced_memory()
        peaks: list[int] = []
        yield lambda: peaks[0]
        peaks.append(tracemalloc.get_traced_memory()[1] - before)
    finally:
        if ours:
            tracemalloc.stop()
