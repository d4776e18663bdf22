"""Checks that a cancelled `receive` loses nothing, at whatever moment it is cancelled."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass
from itertools import product

from ...adapter import Connection
from ...message import Message
from ..peer import Peer
from ..wire import Frame, Opcode
from .expectations import expect_close, expect_equal, expect_sequence, within
from .probe import Probe, turns
from .registry import Chapter

check = Chapter("Cancelled receives")

PATIENCE = 2.0
"""Seconds after which a message counts as lost."""

TURNS = range(8)
"""Turns of the event loop from the arrival of a message to the cancellation: the first are
before the message is seen, some in the same turn, the last when it was received."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a message comes.

    Args:
        first: The frames that are there when the receive begins.
        then: The frames that come while it waits.
        late: The frames that come when it has been cancelled.
    """

    first: list[Frame]
    then: list[Frame]
    late: list[Frame]


@check(limit=30, also_natively=True)
async def cancelled_receives_lose_nothing(probe: Probe) -> None:
    """A receive may be cancelled at any moment: the next one goes on in order.

    No message and no fragment is lost, also where one comes in the very turn of the event loop
    in which the receive is cancelled.
    """
    connection, peer = await probe.connect()
    for number, pauses in enumerate(product((0, 2, 4), list(TURNS) * 20)):
        message = f"message {number}"
        arrival = _arrival(number, message)
        async with within(PATIENCE, f"{message!r} is received, the last receive was cancelled"):
            got = await _receive_over_cancellation(probe, connection, peer, arrival, pauses)
        expect_equal(got, message, "the message")


@check(also_natively=True)
async def timed_out_receives_lose_nothing(probe: Probe) -> None:
    """A receive may be given up by a time-out, again and again, while messages come."""
    connection, peer = await probe.connect()
    wanted: list[Message] = [f"message {number}" for number in range(320)]
    got: list[Message] = []
    for number, message in enumerate(wanted):
        arrival = _arrival(number, str(message))
        peer.send(*arrival.first, *arrival.then)
        await turns(number % 4)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0):
                got.append(await connection.receive())
        peer.send(*arrival.late)
    await _expect_rest(connection, peer, got, wanted)


@check(also_natively=True)
async def cancelled_receives_keep_the_close(probe: Probe) -> None:
    """A receive cancelled while a close comes loses neither the close nor what came before it."""
    for count in TURNS:
        connection, peer = await probe.connect()
        receiving = await probe.start_and_wait(connection.receive())
        peer.text("last words")
        peer.close_frame(4001, "bye")
        await turns(count)
        receiving.cancel()
        await asyncio.wait({receiving})
        if receiving.cancelled():
            expect_sequence([await connection.receive()], ["last words"], "messages")
        else:
            expect_sequence([receiving.result()], ["last words"], "messages")
        closed = await probe.start_and_wait(connection.receive())
        closed.cancel()
        await asyncio.wait({closed})
        await peer.next_close()
        peer.hang_up()
        await expect_close(connection.receive(), 4001, "bye", by_client=False)


async def _receive_over_cancellation(
    probe: Probe, connection: Connection, peer: Peer, arrival: Arrival, pauses: tuple[int, int]
) -> Message:
    """Receive, have a message arrive, cancel, and receive again if nothing was received.

    Args:
        probe: The check's.
        connection: The client's side.
        peer: The server's side.
        arrival: How the message comes.
        pauses: Turns of the event loop from the receive to the arrival, and from there to the
            cancellation.
    """
    peer.send(*arrival.first)
    receiving = probe.start(connection.receive())
    await turns(pauses[0])
    peer.send(*arrival.then)
    await turns(pauses[1])
    receiving.cancel()
    peer.send(*arrival.late)
    await asyncio.wait({receiving})
    return await connection.receive() if receiving.cancelled() else receiving.result()


async def _expect_rest(
    connection: Connection, peer: Peer, got: list[Message], wanted: list[Message]
) -> None:
    """Receive what was not received yet, and expect that all messages came, in order."""
    end = "the end"  # so that a lost message is noticed at once, not when time is up
    peer.text(end)
    while (message := await connection.receive()) != end:
        got.append(message)
    expect_sequence(got, wanted, "messages")


def _arrival(number: int, message: str) -> Arrival:
    payload = message.encode()
    first = Frame(Opcode.TEXT, payload[:3], fin=False)
    second = Frame(Opcode.CONTINUATION, payload[3:])
    return [
        Arrival([], [Frame(Opcode.TEXT, payload)], []),
        Arrival([], [first, second], []),
        Arrival([], [first], [second]),
        Arrival([first], [second], []),
        Arrival([], [first, Frame(Opcode.PING), second], []),
    ][number // len(TURNS) % 5]
