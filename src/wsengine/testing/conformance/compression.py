"""Checks of permessage-deflate (RFC 7692)."""

from __future__ import annotations

import dataclasses

from ..greetings import upgrade
from ..wire import Frame, Opcode
from .expectations import expect, expect_equal
from .probe import DIRECT, Probe
from .registry import Chapter
from .violations import expect_failure

check = Chapter()

DEFLATE = dataclasses.replace(DIRECT, compression="deflate")
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
async def refuses_a_message_that_inflates_too_big(probe: Probe) -> None:
    """max_message_size holds for the message after decompression: no small bomb passes."""
    options = dataclasses.replace(DEFLATE, max_message_size=100_000)
    connection, peer = await probe.connect(options, greeting=upgrade(deflate=True))
    peer.send(peer.compressed(b"x" * 10_000_000))
    await expect_failure(probe, connection, peer, 1009, "a small bomb")
