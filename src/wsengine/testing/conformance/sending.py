"""Checks of `send`: what the server gets is what was sent."""

from __future__ import annotations

import asyncio
from collections import Counter

from ...message import Message
from .expectations import expect, expect_equal
from .messages import MEBIBYTE, SIZES, TEXTS
from .probe import Probe
from .registry import Chapter, Mismatch

check = Chapter("Sending")

_DATA = bytes(range(256))
_WHOLE = memoryview(_DATA)
_VIEWS = (_WHOLE, _WHOLE[10:20], _WHOLE.cast("i"), _WHOLE.cast("B", (16, 16)), _WHOLE[::2])
"""Of bytes, of part of them, of numbers, in two dimensions, and not contiguous."""


@check()
async def sends_text(probe: Probe) -> None:
    """A str is sent as a text message, whatever characters it has."""
    connection, peer = await probe.connect()
    for text in TEXTS:
        await connection.send(text)
        expect_equal(await peer.next_message(), text, "the message at the server")


@check()
async def sends_bytes_like(probe: Probe) -> None:
    """bytes, bytearray and memoryview are sent as binary messages, whatever a view's items are.

    Those of an array of numbers, of a table, or every other byte: the message is their bytes.
    """
    connection, peer = await probe.connect()
    for message in (_DATA, bytearray(_DATA), b"", *_VIEWS):
        await connection.send(message)
        expect_equal(await peer.next_message(), bytes(message), "the message at the server")
    await connection.send("after")
    expect_equal(await peer.next_message(), "after", "the next message at the server")


@check()
async def sends_every_size(probe: Probe) -> None:
    """A message is sent whole, whatever its size."""
    connection, peer = await probe.connect()
    for size in SIZES:
        await connection.send("x" * size)
        expect_equal(await peer.next_message(), "x" * size, "the text at the server")
        await connection.send(b"\xff" * size)
        expect_equal(await peer.next_message(), b"\xff" * size, "the data at the server")


@check(limit=30)
async def sends_16_mib(probe: Probe) -> None:
    """A message of 16 MiB is sent whole."""
    connection, peer = await probe.connect()
    data = b"\x00\x01\x02\xff" * (4 * MEBIBYTE)
    sending = probe.start(connection.send(data))
    expect_equal(await peer.next_message(), data, "the data at the server")
    await sending


@check(limit=20)
async def sends_concurrently(probe: Probe) -> None:
    """send() may be called by many tasks at once: each message is whole, and none is lost."""
    connection, peer = await probe.connect()
    messages: list[Message] = [f"{number:03}" * (1 + 50 * number) for number in range(90)]
    messages += [f"{number:03}" * 30_000 for number in range(90, 100)]
    sendings = [probe.start(connection.send(message)) for message in messages]
    got = Counter([await peer.next_message() for _ in messages])
    missing = Counter(messages) - got
    expect(not missing, "every message arrives", f"{len(missing)} of {len(messages)} did not")
    await asyncio.gather(*sendings)


@check()
async def sends_in_order(probe: Probe) -> None:
    """What one task sends arrives in the order in which it was sent."""
    connection, peer = await probe.connect()
    for number in range(200):
        await connection.send(str(number))
    for number in range(200):
        expect_equal(await peer.next_message(), str(number), f"message {number} at the server")


@check()
async def refuses_text_without_utf8(probe: Probe) -> None:
    """A str that has no UTF-8 is refused with ValueError, and the connection goes on."""
    connection, peer = await probe.connect()
    try:
        await connection.send("half a pair: \ud800")
    except ValueError:
        await connection.send("good")
    else:
        raise Mismatch("send() raises ValueError for a lone surrogate", "it returned")
    expect_equal(await peer.next_message(), "good", "the next message at the server")
