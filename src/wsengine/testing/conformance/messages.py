"""Checks of what `receive` returns: whole messages, in order, as they were sent."""

from __future__ import annotations

from ...message import Message
from ..greetings import upgrade
from ..wire import Frame, Opcode
from .expectations import expect_equal, expect_sequence
from .probe import Probe, turns
from .registry import Chapter

check = Chapter("Receiving")

SIZES = (0, 1, 125, 126, 127, 65535, 65536, 65537)
"""On both sides of where the length of a frame is written in another way."""

MEBIBYTE = 1024 * 1024
TEXTS = ("plain", "", "\N{GREEK SMALL LETTER ALPHA}\N{CJK UNIFIED IDEOGRAPH-4E2D}", "\U0001f41f\0")


@check(also_natively=True)
async def receives_text(probe: Probe) -> None:
    """A text message comes out of receive() as a str, whatever characters it has."""
    connection, peer = await probe.connect()
    for text in TEXTS:
        peer.text(text)
        expect_equal(await connection.receive(), text, "the text")


@check(also_natively=True)
async def receives_binary(probe: Probe) -> None:
    """A binary message comes out of receive() as bytes, also where it is valid UTF-8."""
    connection, peer = await probe.connect()
    for data in (b"plain", b"", bytes(range(256))):
        peer.binary(data)
        expect_equal(await connection.receive(), data, "the data")


@check()
async def receives_every_size(probe: Probe) -> None:
    """A message is received whole, whatever its size."""
    connection, peer = await probe.connect()
    for size in SIZES:
        peer.text("x" * size)
        expect_equal(await connection.receive(), "x" * size, "the text")
        peer.binary(b"\xff" * size)
        expect_equal(await connection.receive(), b"\xff" * size, "the data")


@check(limit=30)
async def receives_16_mib(probe: Probe) -> None:
    """With default options a message may have 16 MiB."""
    connection, peer = await probe.connect()
    data = b"\x00\x01\x02\xff" * (4 * MEBIBYTE)
    peer.binary(data)
    expect_equal(await connection.receive(), data, "the data")


@check(also_natively=True)
async def receives_a_burst_in_order(probe: Probe) -> None:
    """Messages are received in the order in which they came, text and binary alike."""
    connection, peer = await probe.connect()
    wanted: list[Message] = [str(n) if n % 3 else str(n).encode() for n in range(1000)]
    peer.send(*(_frame(message) for message in wanted))
    expect_sequence([await connection.receive() for _ in wanted], wanted, "messages")


@check(also_natively=True)
async def receives_fragments_as_one(probe: Probe) -> None:
    """A fragmented message is received as one, wherever it was cut, a character in two too."""
    connection, peer = await probe.connect()
    text = "na\N{LATIN SMALL LETTER I WITH DIAERESIS}ve \U0001f41f"
    peer.send(*_fragments(Opcode.TEXT, text.encode(), 1))
    expect_equal(await connection.receive(), text, "the text")
    data = bytes(range(200))
    peer.send(*_fragments(Opcode.BINARY, data, 3))
    expect_equal(await connection.receive(), data, "the data")
    peer.send(Frame(Opcode.TEXT, fin=False), Frame(Opcode.CONTINUATION))
    expect_equal(await connection.receive(), "", "the text of two empty fragments")


@check()
async def answers_a_ping_between_fragments(probe: Probe) -> None:
    """A ping between the fragments of a message is answered at once, and the message is whole."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    peer.send(Frame(Opcode.TEXT, b"one ", fin=False), Frame(Opcode.PING, b"between"))
    pong = await peer.next_frame(Opcode.PONG)
    expect_equal(pong.payload, b"between", "the pong's payload")
    peer.send(Frame(Opcode.CONTINUATION, b"two"))
    expect_equal(await receiving, "one two", "the text")


@check()
async def receives_byte_by_byte(probe: Probe) -> None:
    """A message is received whole, however the network cuts it."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    frames = [*_fragments(Opcode.TEXT, b"x" * 300, 130), Frame(Opcode.TEXT, b"next")]
    for byte in b"".join(frame.encode() for frame in frames):
        peer.write(bytes([byte]))
        await turns(2)
    expect_equal(await receiving, "x" * 300, "the text")
    expect_equal(await connection.receive(), "next", "the text")


@check(also_natively=True)
async def receives_what_came_with_the_handshake(probe: Probe) -> None:
    """Messages that come in one packet with the answer to the handshake are not lost."""
    frames = [Frame(Opcode.TEXT, b"first"), Frame(Opcode.BINARY, b"second"), Frame(Opcode.PING)]
    together = b"".join(frame.encode() for frame in frames)
    connection, peer = await probe.connect(greeting=upgrade(then=together))
    expect_equal(await connection.receive(), "first", "the text")
    expect_equal(await connection.receive(), b"second", "the data")
    await peer.next_frame(Opcode.PONG)
    peer.text("third")
    expect_equal(await connection.receive(), "third", "the text")


def _frame(message: Message) -> Frame:
    if isinstance(message, str):
        return Frame(Opcode.TEXT, message.encode())
    return Frame(Opcode.BINARY, message)


def _fragments(opcode: Opcode, payload: bytes, size: int) -> list[Frame]:
    """Return the frames of a message that is cut into pieces."""
    pieces = [payload[start : start + size] for start in range(0, len(payload), size)]
    last = len(pieces) - 1
    return [
        Frame(Opcode.CONTINUATION if number else opcode, piece, fin=number == last)
        for number, piece in enumerate(pieces)
    ]
