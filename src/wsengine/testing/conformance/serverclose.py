"""Checks of the end of a connection that the server, or the network, brings about."""

from __future__ import annotations

from ..greetings import upgrade
from ..wire import Frame, Opcode, close_payload
from .expectations import expect_close, expect_equal, expect_sequence
from .probe import Probe
from .registry import Chapter

check = Chapter("Closing by the server, and loss")

CLOSES = (
    (1000, ""),
    (1001, "going down"),
    *((code, "why") for code in (1002, 1003, *range(1007, 1015))),
    (3000, "unauthorized"),
    (3999, ""),
    (4000, ""),
    (4001, "bye"),
    (4999, "\N{EURO SIGN}" * 41),
)
"""The last reason has the 123 bytes that a close frame holds."""

BOUND = 15.0
"""Seconds within which a connection has ended whatever the server does; adapters may be faster."""


@check(also_natively=True)
async def tells_how_the_server_closed(probe: Probe) -> None:
    """A close by the server makes receive() raise ConnectionClosed with its code and reason.

    client_initiated is False. The client echoes the code in its own close frame.
    """
    for code, reason in CLOSES:
        connection, peer = await probe.connect()
        receiving = await probe.start_and_wait(connection.receive())
        echo = await peer.close(code, reason)
        expect_equal(echo[0], code, "the code of the client's close frame")
        await expect_close(receiving, code, reason, by_client=False)
        await expect_close(connection.receive(), code, reason, by_client=False, what="another one")


@check(also_natively=True)
async def tells_of_a_close_without_code(probe: Probe) -> None:
    """A close frame without a code gives 1005 (RFC 6455 section 7.1.5)."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    await peer.close(None)
    await expect_close(receiving, 1005, "", by_client=False)


@check(also_natively=True)
async def receives_what_came_before_the_close(probe: Probe) -> None:
    """Messages that came before the close are received before ConnectionClosed is raised.

    Also where the server does not wait for the echo of its close frame.
    """
    messages = [str(number) for number in range(100)]
    for hasty in (False, True):
        connection, peer = await probe.connect()
        peer.text(*messages)
        peer.close_frame(1001, "done")
        if hasty:
            peer.hang_up()
        expect_sequence([await connection.receive() for _ in messages], messages, "messages")
        closed = probe.start(connection.receive())
        if not hasty:
            await peer.next_close()
            peer.hang_up()
        await expect_close(closed, 1001, "done", by_client=False)


@check(also_natively=True)
async def hears_nothing_after_the_close_frame(probe: Probe) -> None:
    """What comes behind the close frame is not received, even in the same packet."""
    connection, peer = await probe.connect()
    closing = Frame(Opcode.CLOSE, close_payload(4001, "bye"))
    after = (Frame(Opcode.TEXT, b"after"), Frame(Opcode.PING, b"after"))
    peer.send(Frame(Opcode.TEXT, b"before"), closing, *after)
    expect_equal(await connection.receive(), "before", "the message")
    closed = probe.start(connection.receive())
    expect_equal(await peer.next_close(), (4001, "bye"), "the client's close frame")
    peer.hang_up()
    await expect_close(closed, 4001, "bye", by_client=False)
    await expect_close(connection.receive(), 4001, "bye", by_client=False, what="another one")


@check()
async def hears_the_first_close_frame_only(probe: Probe) -> None:
    """Of two close frames in one packet the first counts, and is answered."""
    connection, peer = await probe.connect()
    codes = (4001, 4002)
    peer.send(*(Frame(Opcode.CLOSE, close_payload(code)) for code in codes))
    closed = probe.start(connection.receive())
    expect_equal((await peer.next_close())[0], 4001, "the code of the client's close frame")
    peer.hang_up()
    await expect_close(closed, 4001, by_client=False)


@check()
async def hears_a_close_that_came_with_the_handshake(probe: Probe) -> None:
    """A server that sends a message and closes in one packet with the handshake is heard out."""
    frames = [Frame(Opcode.TEXT, b"sorry"), Frame(Opcode.CLOSE, close_payload(1013, "full"))]
    together = b"".join(frame.encode() for frame in frames)
    connection, peer = await probe.connect(greeting=upgrade(then=together))
    expect_equal(await connection.receive(), "sorry", "the message")
    closed = probe.start(connection.receive())
    await peer.next_close()
    peer.hang_up()
    await expect_close(closed, 1013, "full", by_client=False)


@check(limit=BOUND)
async def does_not_wait_for_ever_for_the_end_of_tcp(probe: Probe) -> None:
    """A server that never ends the TCP connection is cut off, after either side's close frame."""
    (lazy, one), (wrong, two) = await probe.connect(), await probe.connect()
    receiving = await probe.start_and_wait(lazy.receive())
    failing = await probe.start_and_wait(wrong.receive())
    one.close_frame(1001, "lazy")
    await one.next_close()
    two.send(Frame(Opcode.CONTINUATION, b"of nothing"))
    await two.next_close()
    await expect_close(receiving, 1001, "lazy", by_client=False)
    await expect_close(failing, 1002, by_client=True)
    await one.gone()
    await two.gone()


@check(also_natively=True)
async def tells_of_a_reset(probe: Probe) -> None:
    """A TCP reset gives 1006, and counts as the network's doing, not the client's."""
    connection, peer = await probe.connect()
    receiving = await probe.start_and_wait(connection.receive())
    peer.reset()
    await expect_close(receiving, 1006, by_client=False)


@check(also_natively=True)
async def tells_of_an_end_of_file(probe: Probe) -> None:
    """A TCP connection that ends without a close frame gives 1006, after what came before."""
    connection, peer = await probe.connect()
    peer.text("last")
    peer.hang_up()
    expect_equal(await connection.receive(), "last", "the message")
    await expect_close(connection.receive(), 1006, by_client=False)


@check(also_natively=True)
async def drops_a_message_that_was_cut_off(probe: Probe) -> None:
    """Of a message that the end of the connection cuts off, nothing is received."""
    fragment = Frame(Opcode.TEXT, b"first half", fin=False).encode()
    half_frame = Frame(Opcode.BINARY, b"x" * 100).encode()[:50]
    for data in (fragment, half_frame):
        connection, peer = await probe.connect()
        peer.text("whole")
        peer.write(data)
        peer.hang_up()
        expect_equal(await connection.receive(), "whole", "the message")
        await expect_close(connection.receive(), 1006, by_client=False)


@check()
async def nothing_works_after_the_end(probe: Probe) -> None:
    """After the end, receive(), send() and ping() raise the same ConnectionClosed each time.

    And close() does nothing.
    """
    for code in (1001, 1006):
        connection, peer = await probe.connect()
        receiving = await probe.start_and_wait(connection.receive())
        if code == 1006:
            peer.hang_up()
        else:
            await peer.close(code)
        await expect_close(receiving, code, by_client=False)
        for _ in range(2):
            await expect_close(connection.send("x"), code, by_client=False, what="send()")
            await expect_close(connection.ping(), code, by_client=False, what="ping()")
            await connection.close(1000, "late")
            await expect_close(connection.receive(), code, by_client=False)
