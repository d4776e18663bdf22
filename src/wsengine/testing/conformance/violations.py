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

check = Chapter("What breaks the protocol, or a bound")

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
    "a reserved bit": bytes([0xA1, 0]),
    "a compressed frame that was not agreed on": Frame(Opcode.TEXT, b"x", rsv1=True).encode(),
    "a continuation of nothing": Frame(Opcode.CONTINUATION, b"x").encode(),
    "a message inside another": Frame(Opcode.TEXT, b"x", fin=False).encode() * 2,
    "a ping in fragments": Frame(Opcode.PING, b"x", fin=False).encode(),
    "a ping of 126 bytes": Frame(Opcode.PING, b"x" * 126).encode(),
    "a close frame of one byte": Frame(Opcode.CLOSE, b"\x03").encode(),
    "a close frame of 126 bytes": Frame(Opcode.CLOSE, close_payload(1000, "x" * 124)).encode(),
}

UNSENDABLE_CODES = (0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65535)
"""What must not stand in a close frame (RFC 6455 section 7.4)."""

RESERVED_BITS = (0x40, 0x20, 0x10)


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


@check()
async def refuses_masked_frames(probe: Probe) -> None:
    """A server that masks its frames is sent a close frame with 1002 (RFC 6455 section 5.1)."""
    connection, peer = await probe.connect()
    peer.send(Frame(Opcode.TEXT, b"masked", masked=True))
    await expect_failure(probe, connection, peer, 1002, "a masked frame")


@check()
async def refuses_close_codes_that_must_not_be_sent(probe: Probe) -> None:
    """A close frame with a code that stands for something else, or for nothing, gives 1002."""
    for code in UNSENDABLE_CODES:
        connection, peer = await probe.connect()
        peer.close_frame(code)
        await expect_failure(probe, connection, peer, 1002, f"a close frame with code {code}")


@check()
async def refuses_a_close_reason_that_is_not_utf8(probe: Probe) -> None:
    """A close frame whose reason is not UTF-8 gives 1007 (RFC 6455 section 8.1)."""
    connection, peer = await probe.connect()
    peer.send(Frame(Opcode.CLOSE, close_payload(1000) + b"\xff"))
    await expect_failure(probe, connection, peer, 1007, "a close frame with a wrong byte")


@check()
async def refuses_reserved_bits_on_control_frames(probe: Probe) -> None:
    """A ping or a close frame with a reserved bit gives 1002 (RFC 6455 section 5.2)."""
    for opcode in (Opcode.PING, Opcode.CLOSE):
        await expect_no_reserved_bit(probe, opcode)


@check()
async def refuses_reserved_bits_on_a_pong(probe: Probe) -> None:
    """A pong with a reserved bit gives 1002 (RFC 6455 section 5.2)."""
    await expect_no_reserved_bit(probe, Opcode.PONG)


@check(also_natively=True)
async def hears_nothing_after_a_violation(probe: Probe) -> None:
    """What comes behind a violation is not received, even in the same packet."""
    connection, peer = await probe.connect()
    odd = Frame(Opcode.CONTINUATION, b"of nothing")
    peer.send(Frame(Opcode.TEXT, b"before"), odd, Frame(Opcode.TEXT, b"after"))
    expect_equal(await connection.receive(), "before", "the message")
    await expect_failure(probe, connection, peer, 1002, "a continuation of nothing")
    await expect_close(connection.receive(), 1002, by_client=True)


async def expect_no_reserved_bit(probe: Probe, opcode: Opcode) -> None:
    """Expect the client to refuse each of the reserved bits on a control frame.

    Raises:
        Mismatch: It does not.
    """
    for bit in RESERVED_BITS:
        connection, peer = await probe.connect()
        peer.write(bytes([0x80 | bit | opcode, 0]))
        peer.text("after")
        await expect_failure(probe, connection, peer, 1002, f"{opcode.name} with bit {bit:#x}")


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
