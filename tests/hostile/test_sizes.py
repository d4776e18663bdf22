"""Messages that are too large, announced or sent, at once or in pieces, plain or compressed."""

from __future__ import annotations

import struct
import zlib
from typing import Any

import pytest

from wsengine.testing.greetings import upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import SYNC_TAIL, Frame, Opcode

from .attack import MIB, Victim, first, pour
from .victim import ENOUGH

pytestmark = pytest.mark.asyncio(loop_scope="package")

TOO_BIG = 1009
SMALL = {"max_message_size": MIB}
GIB = 1024 * MIB
FRAGMENTS = 500_000


def check_too_big(outcome: Any, *codes: int) -> None:
    """Fail unless one session was closed for it, soon, and the next one was good."""
    assert len(outcome.closes) == 2, outcome
    code, by_client = outcome.closes[0]
    assert code in (codes or (TOO_BIG,))
    assert by_client
    assert outcome.messages == 1  # that of the good session
    assert outcome.seconds < 8
    outcome.check_recovered()


@pytest.mark.parametrize("size", [GIB, 2**63 - 1, 2**63, 2**64 - 1])
async def test_a_frame_that_is_announced(victim: Victim, size: int) -> None:
    """It is refused by its header; 2**63 and more no frame can have (RFC 6455 section 5.2)."""

    async def announce(peer: Peer) -> None:
        await upgrade()(peer)
        peer.write(b"\x82\x7f" + struct.pack("!Q", size))
        codes.append((await peer.answer_close())[0])

    codes: list[int | None] = []
    async with RawServer(first(announce)) as server:
        outcome = await victim.run(server)
    check_too_big(outcome, TOO_BIG, *((1002,) if size >= 2**63 else ()))
    assert codes == [outcome.closes[0][0]]


async def test_a_frame_that_is_announced_and_comes(victim: Victim) -> None:
    """What comes behind the header is read by nobody, and not kept."""

    async def announce(peer: Peer) -> None:
        await upgrade()(peer)
        peer.write(b"\x82\x7f" + struct.pack("!Q", GIB))
        await pour(peer, b"a" * 65536, 128 * MIB)

    async with RawServer(first(announce)) as server:
        outcome = await victim.run(server)
    check_too_big(outcome)


async def test_fragments_without_end(victim: Victim) -> None:
    async def send(peer: Peer) -> None:
        await upgrade()(peer)
        peer.send(Frame(Opcode.BINARY, b"a", fin=False))
        more = Frame(Opcode.CONTINUATION, b"a" * 1000, fin=False).encode()
        await pour(peer, more * 64, 128 * MIB)

    async with RawServer(first(send)) as server:
        outcome = await victim.run(server, options=SMALL)
    check_too_big(outcome)


@pytest.mark.parametrize("payload", [b"", b"a"])
async def test_tiny_fragments_without_end(victim: Victim, payload: bytes) -> None:
    """They take little more memory than their bytes, or are refused when there are many."""

    async def send(peer: Peer) -> None:
        await upgrade()(peer)
        peer.send(Frame(Opcode.BINARY, b"a", fin=False))
        more = Frame(Opcode.CONTINUATION, payload, fin=False).encode()
        await pour(peer, more * 10_000, FRAGMENTS * len(more))
        peer.send(Frame(Opcode.CONTINUATION, b""))
        peer.close_frame(1001)
        await peer.gone()

    async with RawServer(first(send)) as server:
        outcome = await victim.run(server)
    # What came in one read is parsed at once: that is 26 MiB with websockets.
    assert outcome.grown < 40 * MIB, f"{outcome.grown / MIB:.0f} MiB"
    if outcome.closes[0] == (TOO_BIG, True):
        assert outcome.messages == 1  # of the good session
    else:
        assert outcome.closes[0] == (1001, False)
        assert outcome.bytes == 1 + FRAGMENTS * len(payload) + len(ENOUGH)
    assert outcome.failed is None
    outcome.check_nothing_left()


def bomb(megabytes: int) -> bytes:
    """Return zeros, compressed as much as it goes: a thousand to one."""
    compressor = zlib.compressobj(9, wbits=-15)
    zeros = bytes(MIB)
    data = b"".join(compressor.compress(zeros) for _ in range(megabytes))
    return (data + compressor.flush(zlib.Z_SYNC_FLUSH)).removesuffix(SYNC_TAIL)


BOMB = bomb(256)


@pytest.mark.parametrize("fragments", [1, 8])
async def test_a_bomb(victim: Victim, fragments: int) -> None:
    assert 1000 * len(BOMB) < 256 * MIB

    async def explode(peer: Peer) -> None:
        await upgrade(deflate=True)(peer)
        size = len(BOMB) // fragments + 1
        parts = [BOMB[start : start + size] for start in range(0, len(BOMB), size)]
        for number, part in enumerate(parts):
            opcode = Opcode.CONTINUATION if number else Opcode.BINARY
            last = number == len(parts) - 1
            peer.send(Frame(opcode, part, fin=last, rsv1=not number))
        codes.append((await peer.answer_close())[0])

    codes: list[int | None] = []
    async with RawServer(first(explode)) as server:
        outcome = await victim.run(server, options=SMALL)
    check_too_big(outcome)
    assert codes == [TOO_BIG]


async def test_bombs_one_after_the_other(victim: Victim) -> None:
    """Twenty sessions with a bomb each take no more than one."""

    async def explode(peer: Peer) -> None:
        await upgrade(deflate=True)(peer)
        peer.send(Frame(Opcode.BINARY, BOMB, rsv1=True))
        await peer.answer_close()

    async with RawServer(first(*[explode] * 20)) as server:
        outcome = await victim.run(server, options=SMALL)
    assert [code for code, _ in outcome.closes] == [TOO_BIG] * 20 + [1001]
    outcome.check_recovered()
