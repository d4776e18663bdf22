"""Checks of pings and pongs. A receive waits meanwhile, as it does in the engine."""

from __future__ import annotations

import asyncio

from ..wire import Frame, Opcode
from .expectations import expect, expect_closed, expect_equal
from .probe import Probe, turns
from .registry import Chapter

check = Chapter("Pings and pongs")


@check()
async def ping_returns_the_round_trip(probe: Probe) -> None:
    """ping() returns the seconds from its ping to the server's pong, as a float."""
    connection, peer = await probe.connect()
    probe.start(connection.receive())
    pinging = probe.start(connection.ping())
    frame = await peer.next_frame(Opcode.PING)
    await asyncio.sleep(0.1)
    peer.send(Frame(Opcode.PONG, frame.payload))
    seconds = await pinging
    is_float = isinstance(seconds, float)
    expect(is_float and 0.09 <= seconds < 5, "0.1 s or a bit more", f"it is {seconds!r}")


@check()
async def pings_run_concurrently(probe: Probe) -> None:
    """ping() may be called concurrently: each call waits for the pong of its own ping."""
    connection, peer = await probe.connect()
    probe.start(connection.receive())
    pings = [probe.start(connection.ping()) for _ in range(5)]
    frames = [await peer.next_frame(Opcode.PING) for _ in pings]
    payloads = {frame.payload for frame in frames}
    expect_equal(len(payloads), len(pings), "the number of different payloads")
    for ping, frame in zip(pings, frames, strict=True):
        expect(not ping.done(), "ping() waits for its pong", "it was done before")
        peer.send(Frame(Opcode.PONG, frame.payload))
        expect(await ping >= 0, "a round trip of at least 0 s", "it is less")


@check()
async def a_pong_answers_earlier_pings(probe: Probe) -> None:
    """A server may answer the latest ping only (RFC 6455 section 5.5.3): that ends them all."""
    connection, peer = await probe.connect()
    probe.start(connection.receive())
    pings = [probe.start(connection.ping()) for _ in range(3)]
    frames = [await peer.next_frame(Opcode.PING) for _ in pings]
    peer.send(Frame(Opcode.PONG, frames[-1].payload))
    await asyncio.gather(*pings)


@check()
async def a_cancelled_ping_gives_up_only_itself(probe: Probe) -> None:
    """Cancelling ping() gives its wait up, nothing else; its late pong does no harm."""
    connection, peer = await probe.connect()
    receiving = probe.start(connection.receive())
    cancelled = probe.start(connection.ping())
    first = await peer.next_frame(Opcode.PING)
    other = probe.start(connection.ping())
    second = await peer.next_frame(Opcode.PING)
    cancelled.cancel()
    await asyncio.wait({cancelled})
    expect(cancelled.cancelled(), "a cancelled ping() ends", f"it is {cancelled!r}")
    peer.send(Frame(Opcode.PONG, first.payload), Frame(Opcode.PONG, second.payload))
    await other
    peer.text("still here")
    expect_equal(await receiving, "still here", "the message")


@check()
async def pings_end_with_the_connection(probe: Probe) -> None:
    """Every ping() that waits raises ConnectionClosed when the connection closes."""
    for lost in (False, True):
        connection, peer = await probe.connect()
        receiving = probe.start(connection.receive())
        pings = [probe.start(connection.ping()) for _ in range(3)]
        for _ in pings:
            await peer.next_frame(Opcode.PING)
        if lost:
            peer.reset()
        else:
            await peer.close(1001)
        for ping in pings:
            await expect_closed(ping, "ping()")
        await expect_closed(receiving)


@check()
async def a_pong_out_of_nowhere_is_ignored(probe: Probe) -> None:
    """A pong that answers no ping is no message, and does no harm (RFC 6455 section 5.5.3)."""
    connection, peer = await probe.connect()
    peer.send(Frame(Opcode.PONG), Frame(Opcode.PONG, b"odd"), Frame(Opcode.TEXT, b"next"))
    expect_equal(await connection.receive(), "next", "the message")


@check()
async def answers_pings_while_a_receive_waits(probe: Probe) -> None:
    """The server's pings are answered while a receive waits, each with its own payload."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    for payload in (b"", b"a", bytes(range(125))):
        peer.send(Frame(Opcode.PING, payload))
        pong = await peer.next_frame(Opcode.PONG)
        expect_equal(pong.payload, payload, "the pong's payload")
    await turns(2)
    expect(not receiving.done(), "receive() waits on: a ping is no message", f"{receiving!r}")
