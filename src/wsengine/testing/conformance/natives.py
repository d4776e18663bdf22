"""Checks of what a connection shows of its library."""

from __future__ import annotations

import asyncio
from collections import deque

from ...adapter import NativeReceive, Offering
from ...message import Message
from ..peer import Peer
from .expectations import expect, expect_equal, expect_sequence
from .probe import Probe, turns
from .registry import Chapter, CheckSkipped

check = Chapter("The library behind it")

REPLIES = "reply 1", b"reply 2", "reply \N{SNOWMAN}", b"reply 4"
CONVERSATION: tuple[Message, ...] = (
    *("reply 1", b"reply 2", "a", "b", "reply \N{SNOWMAN}", b"c", b"reply 4", "", "end"),
)
MOMENT = 0.05
"""Seconds within which a message has come, or the check says less than it could."""


@check()
async def shows_the_librarys_object(probe: Probe) -> None:
    """The native object is the library's own: there is one, and it stays the same."""
    connection, _ = await probe.connect()
    native = connection.native
    expect(native is not None, "an object of the library's", "native is None")
    expect(native is not connection, "an object of the library's", "native is the connection")
    expect(connection.native is native, "the same object each time", "another one came")


@check()
async def translates_only_the_end(probe: Probe) -> None:
    """translate() leaves an exception that does not mean the end of the connection as it is."""
    connection, peer = await probe.connect()
    if not isinstance(connection, NativeReceive):
        raise CheckSkipped("its connections do not offer native_receive and translate")
    error = ValueError("something else")
    expect(connection.translate(error) is error, "the same exception", "another one came")
    peer.text("x")
    expect_equal(await connection.native_receive(), "x", "the message by native_receive()")


@check()
async def offers_each_message_once(probe: Probe) -> None:
    """What offer_to()'s taker takes is not received; everything else is, in order."""
    connection, peer = await probe.connect()
    if not isinstance(connection, Offering):
        raise CheckSkipped("its connections do not offer messages before they are received")
    taken: list[Message] = []

    def take(messages: deque[Message]) -> None:
        for _ in range(len(messages)):
            message = messages.popleft()
            (taken if message in REPLIES else messages).append(message)

    connection.offer_to(take, REPLIES)
    received: list[Message] = []
    waiting = asyncio.create_task(connection.receive())
    await turns(5)
    _send(peer, *CONVERSATION[:1])
    await asyncio.sleep(MOMENT)
    waiting.cancel()
    await asyncio.wait({waiting})
    if not waiting.cancelled():  # it was not offered, which is allowed
        received.append(waiting.result())
    waiting = asyncio.create_task(connection.receive())
    await turns(5)
    _send(peer, *CONVERSATION[1:3])
    received.append(await waiting)
    _send(peer, *CONVERSATION[3:])
    while received[-1] != CONVERSATION[-1]:
        received.append(await connection.receive())
    given = [message for message in CONVERSATION if message not in taken]
    expect_sequence(received, given, "messages that were not taken")
    expect_sequence(sorted(map(str, taken)), sorted(map(str, {*taken})), "messages that were taken")


def _send(peer: Peer, *messages: Message) -> None:
    for message in messages:
        if isinstance(message, str):
            peer.text(message)
        else:
            peer.binary(message)
