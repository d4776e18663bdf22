"""Checks of `close`: the client ends the connection."""

from __future__ import annotations

import asyncio

from ...adapter import Connection
from ..wire import Opcode, parse_close
from .expectations import expect, expect_close, expect_closed, expect_equal, within
from .pressure import fill, number_of
from .probe import Probe
from .registry import Chapter, Mismatch
from .serverclose import BOUND

check = Chapter("Closing by the client")

CLOSES = (
    (1000, ""),
    (1001, "going"),
    *((code, "why") for code in (1002, 1003, *range(1007, 1015))),
    (3001, "x"),
    (4000, ""),
    (4999, "\N{EURO SIGN}" * 41),
)
"""The last reason has the 123 bytes that a close frame holds."""

NOT_TO_BE_SENT = (
    *((code, "") for code in (0, 999, 1004, 1005, 1006, 1015, 2999, 5000)),
    (1000, "x" * 124),
    (1000, "half a pair: \ud800"),
)
"""Codes that are reported or are none, and reasons that are too long or no UTF-8."""

PROMPT = 3.0
"""Seconds for what must not wait for any time-out."""


@check(also_natively=True)
async def closes_with_code_and_reason(probe: Probe) -> None:
    """close() sends exactly its code and reason; when it returns, the socket is gone.

    Afterwards receive(), send() and ping() raise ConnectionClosed with them, client_initiated
    True.
    """
    for code, reason in CLOSES:
        connection, peer = await probe.connect()
        closing = probe.start(connection.close(code, reason))
        expect_equal(await peer.next_close(), (code, reason), "the client's close frame")
        peer.close_frame(code, reason)
        peer.end_writing()
        await closing
        async with within(PROMPT, "the socket is gone when close() returns"):
            await peer.gone()
        await expect_close(connection.receive(), code, reason, by_client=True)
        await expect_close(connection.send("x"), code, reason, by_client=True, what="send()")
        await expect_close(connection.ping(), code, reason, by_client=True, what="ping()")


@check()
async def refuses_to_send_a_wrong_close(probe: Probe) -> None:
    """close() with a code or reason that must not be sent is a ValueError, and nothing is sent.

    RFC 6455 sections 5.5 and 7.4; `Close.check_sendable` tells. The connection goes on.
    """
    connection, peer = await probe.connect()
    for code, reason in NOT_TO_BE_SENT:
        try:
            await connection.close(code, reason)
        except ValueError:
            continue
        raise Mismatch(f"close({code}, {reason[:9]!a}) raises ValueError", "it returned")
    await connection.send("good")
    expect_equal(await peer.next_message(), "good", "the next message at the server")
    peer.text("well")
    expect_equal(await connection.receive(), "well", "the text")


@check()
async def keeps_its_own_close(probe: Probe) -> None:
    """Where the server answers with another code, the client's counts: it came first."""
    connection, peer = await probe.connect()
    closing = probe.start(connection.close(4001, "mine"))
    await peer.next_close()
    peer.close_frame(4002, "yours")
    peer.hang_up()
    await closing
    await expect_close(connection.receive(), 4001, "mine", by_client=True)


@check()
async def closes_once(probe: Probe) -> None:
    """close() is idempotent: however often it is called, one close frame is sent, the first."""
    connection, peer = await probe.connect()
    closings = [probe.start(connection.close(code, "")) for code in (4001, 4002)]
    expect_equal((await peer.next_close())[0], 4001, "the code of the client's close frame")
    peer.close_frame(4001)
    peer.end_writing()
    expect_equal(await peer.next_byte(), b"", "what comes after the close frame")
    await asyncio.gather(*closings)
    await connection.close(4003, "late")
    await expect_close(connection.receive(), 4001, by_client=True)


@check()
async def close_wakes_a_receive(probe: Probe) -> None:
    """A receive() that waits in another task ends with ConnectionClosed when close() is called."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    closing = probe.start(connection.close(1000, "enough"))
    await peer.answer_close()
    await closing
    await expect_close(receiving, 1000, "enough", by_client=True)


@check(limit=20)
async def close_passes_unread_messages(probe: Probe) -> None:
    """close() completes promptly over many unread messages, if something receives meanwhile."""
    connection, peer = await probe.connect()
    peer.text(*(["unread" * 200] * 3000))
    dropping = probe.start(_drop_all(connection))
    async with within(PROMPT, "close() returns"):
        closing = probe.start(connection.close(1001, "leaving"))
        await peer.answer_close()
        await closing
    await expect_close(dropping, 1001, by_client=True)


@check()
async def a_cancelled_close_cuts_off(probe: Probe) -> None:
    """Cancelling close() cuts off a server that does not answer, at once: the socket is gone."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    closing = probe.start(connection.close(1000, ""))
    await peer.next_close()
    async with within(PROMPT, "the connection is cut off"):
        closing.cancel()
        await asyncio.wait({closing})
        expect(closing.cancelled(), "a cancelled close() ends cancelled", f"it is {closing!r}")
        await peer.gone()
        await expect_closed(receiving)


@check(limit=BOUND)
async def close_does_not_wait_for_ever_for_an_answer(probe: Probe) -> None:
    """close() is bounded: a server that does not answer the close frame is cut off."""
    connection, peer = await probe.connect()
    closing = probe.start(connection.close(1000, ""))
    await peer.next_close()
    await closing
    await peer.gone()


@check(limit=BOUND + 5)
async def close_does_not_wait_for_ever_to_send(probe: Probe) -> None:
    """close() is bounded, also where the server does not read and the close frame cannot go."""
    connection, peer = await probe.connect()
    sending, _ = await fill(probe, connection)
    await connection.close(1000, "")
    await expect_closed(sending, "a send() that waits")
    await peer.gone()


@check(limit=20)
async def closes_behind_a_send_that_waits(probe: Probe) -> None:
    """close() while a send() waits: what was sent arrives whole, and the close frame after it.

    A send() returns only if its message arrived.
    """
    connection, peer = await probe.connect()
    waiting, number = await fill(probe, connection)
    closing = await probe.start_and_wait(connection.close(4001, "mine"))
    count = 0
    while (frame := await peer.next_frame(Opcode.BINARY, Opcode.CLOSE)).opcode != Opcode.CLOSE:
        expect_equal(number_of(frame.payload), count, "the number of a message")
        count += 1
    expect_equal(parse_close(frame), (4001, "mine"), "the client's close frame")
    peer.close_frame(4001, "mine")
    peer.end_writing()
    await closing
    expect(count >= number, f"{number} messages that were sent", f"{count} arrived")
    if count == number:
        await expect_closed(waiting, "a send() whose message did not arrive")
    else:
        await waiting


@check()
async def closes_what_is_lost(probe: Probe) -> None:
    """close() of a connection that is lost returns at once, without an error."""
    connection, peer = await probe.connect()
    peer.reset()
    async with within(PROMPT, "close() returns"):
        await connection.close(1000, "")
        await expect_closed(connection.receive())


async def _drop_all(connection: Connection) -> None:
    while True:
        await connection.receive()
