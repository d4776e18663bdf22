"""Servers that break the protocol: each session ends by the right code, and the next one is good.

What an adapter sends and tells is proved by the contract's own checks, of which most violations
here are; now one engine goes through all of them, and is not worn out.
"""

from __future__ import annotations

import asyncio

import pytest

from wsengine.testing.cannot import CANNOT
from wsengine.testing.conformance.violations import (
    NOT_UTF8,
    RESERVED_BITS,
    UNSENDABLE_CODES,
    VIOLATIONS,
)
from wsengine.testing.greetings import Greeting, upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode, close_payload

from .attack import Victim, first

pytestmark = pytest.mark.asyncio(loop_scope="package")

BROKEN: dict[str, tuple[bytes, int]] = {
    **{what: (data, 1002) for what, data in VIOLATIONS.items()},
    **{
        f"text with {what}": (b"".join(frame.encode() for frame in frames), 1007)
        for what, frames in NOT_UTF8.items()
    },
    **{
        f"a close frame with code {code}": (Frame(Opcode.CLOSE, close_payload(code)).encode(), 1002)
        for code in UNSENDABLE_CODES
    },
    **{
        f"{opcode.name} with bit {bit:#x}": (bytes([0x80 | bit | opcode, 0]), 1002)
        for opcode in (Opcode.PING, Opcode.CLOSE)
        for bit in RESERVED_BITS
    },
    **{f"opcode {number}": (bytes([0x80 | number, 0]), 1002) for number in range(3, 8)},
    **{f"opcode {number}": (bytes([0x80 | number, 0]), 1002) for number in range(11, 16)},
    **{
        f"{opcode.name} of 2 KiB": (Frame(opcode, bytes(2048)).encode(), 1002)
        for opcode in (Opcode.PING, Opcode.PONG, Opcode.CLOSE)
    },
    "a close reason that is not UTF-8": (
        Frame(Opcode.CLOSE, close_payload(1000) + b"\xed\xa0\x80").encode(),
        1007,
    ),
    "half a character as a close reason": (
        Frame(Opcode.CLOSE, close_payload(1000) + b"\xe2\x82").encode(),
        1007,
    ),
}
"""What a server sends, and the code to be answered."""

MASKED = {
    f"a masked {opcode.name}": (Frame(opcode, b"\x03\xe8", masked=True).encode(), 1002)
    for opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.PING, Opcode.CLOSE)
}


def send(data: bytes, answers: list[int | None], *, at_once: bool) -> Greeting:
    """Return a greeting that sends bytes after the handshake, or in one packet with it."""

    async def greet(peer: Peer) -> None:
        await upgrade(then=data if at_once else b"")(peer)
        if not at_once:
            peer.write(data)
        answers.append((await peer.answer_close())[0])

    return greet


@pytest.mark.parametrize("at_once", [True, False], ids=["in the first packet", "later"])
async def test_one_session_after_the_other(victim: Victim, at_once: bool) -> None:
    broken = dict(BROKEN)
    if "refuses_masked_frames" not in CANNOT[victim.adapter]:
        broken |= MASKED
    answers: list[int | None] = []
    attacks = [send(data, answers, at_once=at_once) for data, _ in broken.values()]
    async with RawServer(first(*attacks)) as server:
        outcome = await victim.run(server)
    told = {
        what: close
        for (what, (_, code)), close in zip(broken.items(), outcome.closes, strict=False)
        if close != (code, True)
    }
    assert told == {}
    assert answers == [code for _, code in broken.values()]
    assert outcome.opens == len(broken) + 1
    assert all(outcome.reasons[:-1]), "each tells what was wrong"
    assert outcome.seconds < 15
    outcome.check_recovered()


async def test_a_policy_that_does_not_reconnect(victim: Victim) -> None:
    """The engine stops, and says why."""
    data, _ = BROKEN["an unknown opcode"]
    async with RawServer(send(data, [], at_once=False)) as server:
        outcome = await victim.run(server, reconnect=None)
    assert outcome.failed is not None
    assert "1002" in outcome.failed
    assert "reconnect=None" in outcome.failed
    outcome.check_nothing_left()


async def test_a_violation_behind_the_first_frame(victim: Victim) -> None:
    """The first frame comes in two pieces, and behind it more than one frame that is none."""

    def behind(size: int) -> Greeting:
        async def greet(peer: Peer) -> None:
            await upgrade()(peer)
            peer.write(b"\x89")
            await asyncio.sleep(0.03)  # so that it is read by itself
            peer.write(b"\x00\x04p" + b"a" * size)
            for _ in range(20):
                await asyncio.sleep(0.001)
                peer.write(b"a")
            await peer.gone()

        return greet

    sizes = (350, 700, 1400, 3000, 6000, 12_000)  # whatever the size of the buffer is
    async with RawServer(first(*map(behind, sizes))) as server:
        outcome = await victim.run(server)
    assert outcome.closes[:-1] == [(1002, True)] * len(sizes)
    outcome.check_recovered()
