"""More of a thing than anybody needs: pings, pongs, closes, messages without content."""

from __future__ import annotations

import asyncio

import pytest

from wsengine.testing.greetings import upgrade
from wsengine.testing.peer import Peer
from wsengine.testing.rawserver import RawServer
from wsengine.testing.wire import Frame, Opcode, close_payload

from .attack import BOUND, MIB, Victim, first, pour, stop_reading
from .victim import ENOUGH

pytestmark = pytest.mark.asyncio(loop_scope="package")

PING = Frame(Opcode.PING, b"p" * 125).encode()


@pytest.mark.parametrize("opcode", [Opcode.PING, Opcode.PONG])
async def test_heartbeats(victim: Victim, opcode: Opcode) -> None:
    """A hundred thousand of them, from a server that reads the answers."""

    async def beat(peer: Peer) -> None:
        await upgrade()(peer)
        reading = asyncio.create_task(peer.gone())
        await pour(peer, Frame(opcode, b"p" * 125).encode() * 500, 100_000 * len(PING))
        peer.text(ENOUGH)
        await reading

    async with RawServer(beat) as server:
        outcome = await victim.run(server, config={"stop_timeout": 1.0})
    assert outcome.messages == 1
    assert outcome.grown < BOUND, f"{outcome.grown / MIB:.0f} MiB"
    outcome.check_nothing_left()


async def test_pings_of_a_server_that_does_not_read(victim: Victim) -> None:
    """The latest ping only needs an answer (RFC 6455 section 5.5.3); the others need no memory."""

    async def beat(peer: Peer) -> None:
        await upgrade()(peer)
        stop_reading(peer)
        await pour(peer, PING * 500, 48 * MIB)
        peer.abort()

    async with RawServer(first(beat)) as server:
        outcome = await victim.run(server, patience=40)
    assert outcome.closes[0] == (1006, False)
    outcome.check_recovered()


async def test_close_frames(victim: Victim) -> None:
    """One is enough. (picows parses ahead, and refuses the second.)"""

    async def close(peer: Peer) -> None:
        await upgrade()(peer)
        await asyncio.sleep(0.05)
        await pour(peer, Frame(Opcode.CLOSE, close_payload(1000)).encode() * 10_000, 32 * MIB)
        peer.hang_up()

    async with RawServer(first(close)) as server:
        outcome = await victim.run(server)
    assert len(outcome.closes) == 2
    assert outcome.closes[0] in ([(1002, True)] if victim.adapter == "picows" else [(1000, False)])
    assert outcome.seconds < 5
    outcome.check_recovered()


async def test_a_close_on_every_connection(victim: Victim) -> None:
    """Two hundred sessions that end in the packet with which they begin leave nothing behind."""

    async def shut(peer: Peer) -> None:
        await upgrade(then=Frame(Opcode.CLOSE, close_payload(1001)).encode())(peer)
        await peer.next_close()
        peer.hang_up()

    async with RawServer(first(*[shut] * 200)) as server:
        outcome = await victim.run(server)
    assert outcome.opens == 201
    assert outcome.closes == [(1001, False)] * 200 + [(1001, True)]
    outcome.check_recovered()


async def test_a_flapping_server_is_dialled_ever_more_slowly(victim: Victim) -> None:
    """Sessions shorter than `min_uptime` are failed attempts."""

    async def flap(peer: Peer) -> None:
        await upgrade()(peer)
        peer.reset()

    async with RawServer(flap) as server:
        outcome = await victim.run(
            server,
            reconnect={
                "initial_delay": 0.05,
                "max_delay": 10.0,
                "jitter": 0.0,
                "min_uptime": 5.0,
                "max_attempts": 4,
            },
        )
        assert server.clients == 5
    assert outcome.failed is not None
    assert outcome.seconds >= 0.05 * (1 + 2 + 4 + 8) * 0.9
    outcome.check_nothing_left()


@pytest.mark.parametrize("opcode", [Opcode.TEXT, Opcode.BINARY])
async def test_messages_without_content(victim: Victim, opcode: Opcode) -> None:
    """Tens of thousands of them in each segment are all delivered."""

    async def send(peer: Peer) -> None:
        await upgrade()(peer)
        await pour(peer, Frame(opcode).encode() * 30_000, 600_000)
        peer.text(ENOUGH)
        await peer.answer_close()

    async with RawServer(send) as server:
        outcome = await victim.run(server)
    assert outcome.messages == 300_001
    assert outcome.grown < 40 * MIB, f"{outcome.grown / MIB:.0f} MiB"
    outcome.check_nothing_left()
