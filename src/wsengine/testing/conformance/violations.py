"""Checks of what happens when the server breaks the protocol, or a bound."""

from __future__ import annotations

import asyncio
import dataclasses

from ...adapter import Connection
from ..peer import Peer
from ..wire import Frame, Opcode, close_payload
from .expectations import expect_close, expect_equal, show
from .probe import DIRECT, Probe
from .registry import Chapter, Mismatch

check = Chapter()

SMALL = dataclasses.replace(DIRECT, max_message_size=1000)
UNBOUNDED = dataclasses.replace(DIRECT, max_message_size=None)

TOO_BIG = {
    "a binary message": [Frame(Opcode.BINARY, b"x" * 1001)],
    "a text whose UTF-8 is": [Frame(Opcode.TEXT, "\N{EURO SIGN}".encode() * 334)],
    "a fragmented message": [
        Frame(Opcode.BINARY, b"x" * 600, fin=False),
        Frame(Opcode.CONTINUATION, b"x" * 401),
    ],
}

NOT_UTF8 = {
    "a wrong byte": [Frame(Opcode.TEXT, b"a\xffb")],
    "half a character": [Frame(Opcode.TEXT, "\N{EURO SIGN}".encode()[:2])],
    "a surrogate": [Frame(Opcode.TEXT, b"\xed\xa0\x80")],
    "a wrong byte in a fragment": [
        Frame(Opcode.TEXT, b"good", fin=False),
        Frame(Opcode.CONTINUATION, b"\xc3("),
    ],
}

VIOLATIONS = {
    "an unknown opcode": Frame(3).encode(),
    "a masked frame": Frame(Opcode.TEXT, b"masked", masked=True).encode(),
    "a reserved bit": bytes([0xA1, 0]),
    "a compressed frame that was not agreed on": Frame(Opcode.TEXT, b"x", rsv1=True).encode(),
    "a continuation of nothing": Frame(Opcode.CONTINUATION, b"x").encode(),
    "a message inside another": Frame(Opcode.TEXT, b"x", fin=False).encode() * 2,
    "a ping in fragments": Frame(Opcode.PING, b"x", fin=False).encode(),
    "a ping of 126 bytes": Frame(Opcode.PING, b"x" * 126).encode(),
    "a close frame of one byte": Frame(Opcode.CLOSE, b"\x03").encode(),
    "a close frame with code 999": Frame(Opcode.CLOSE, close_payload(999)).encode(),
    "a close frame with code 1006": Frame(Opcode.CLOSE, close_payload(1006)).encode(),
}


@check(also_natively=True)
async def refuses_a_message_too_big(probe: Probe) -> None:
    """A message over max_message_size closes the connection with 1009; one just so big is fine.

    The size is that of the whole message in bytes; text counts as UTF-8.
    """
    for what, frames in TOO_BIG.items():
        connection, peer = await probe.connect(SMALL)
        peer.binary(b"x" * 1000)
        expect_equal(await connection.receive(), b"x" * 1000, "the data")
        peer.send(*frames)
        await expect_failure(probe, connection, peer, 1009, f"{what} too big")


@check(limit=30)
async def receives_any_size_without_a_bound(probe: Probe) -> None:
    """With max_message_size=None a message may be larger than any default."""
    connection, peer = await probe.connect(UNBOUNDED)
    data = b"\xff" * (16 * 1024 * 1024 + 1)
    peer.binary(data)
    expect_equal(await connection.receive(), data, "the data")


@check(also_natively=True)
async def refuses_text_that_is_not_utf8(probe: Probe) -> None:
    """A text message that is not UTF-8 closes the connection with 1007 (RFC 6455 section 8.1)."""
    for what, frames in NOT_UTF8.items():
        connection, peer = await probe.connect()
        peer.send(*frames)
        await expect_failure(probe, connection, peer, 1007, f"text with {what}")


@check()
async def refuses_what_breaks_the_protocol(probe: Probe) -> None:
    """A server that breaks the protocol is sent a close frame with 1002 (RFC 6455 section 7.4)."""
    for what, data in VIOLATIONS.items():
        connection, peer = await probe.connect()
        peer.write(data)
        await expect_failure(probe, connection, peer, 1002, what)


async def expect_failure(
    probe: Probe, connection: Connection, peer: Peer, code: int, what: str
) -> None:
    """Expect the client to close with a code, and to say so.

    Raises:
        Mismatch: It does not.
    """
    receiving = probe.start(connection.receive())
    answering = probe.start(peer.answer_close())
    await asyncio.wait({receiving, answering}, return_when=asyncio.FIRST_COMPLETED)
    if receiving.done() and receiving.exception() is None:
        raise Mismatch(f"{what} is refused", f"receive() returned {show(receiving.result())}")
    sent, _ = await answering
    expect_equal(sent, code, f"after {what}, the code of the client's close frame")
    await expect_close(receiving, code, by_client=True, what=f"receive() after {what}")
