"""The scripted adapter: each dial and each step, in virtual time."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close, ConnectError, ConnectionClosed, ConnectOptions, Handshake
from wsengine.testing import (
    Accept,
    CloseWith,
    Delay,
    Hang,
    Lose,
    ReadFails,
    Refuse,
    ScriptedAdapter,
    ScriptedConnection,
)
from wsengine.testing.scripted import Dial, Step

URL = "ws://test"
OPTIONS = ConnectOptions()


def now() -> float:
    return asyncio.get_running_loop().time()


async def dial(*script: Dial, ping_delay: float | None = 0.0) -> ScriptedConnection:
    return await ScriptedAdapter(script, ping_delay=ping_delay).connect(URL, OPTIONS)


async def play(*steps: Step) -> ScriptedConnection:
    return await dial(Accept(*steps))


# Dials.


async def test_accept_connects_at_once() -> None:
    began = now()
    connection = await dial(Accept())
    assert now() == began
    assert connection.handshake == Handshake()
    assert connection.native is connection


async def test_accept_takes_its_time_and_has_its_handshake() -> None:
    handshake = Handshake(headers={"server": "scripted"}, subprotocol="v1")
    began = now()
    connection = await dial(Accept(after=2.5, handshake=handshake))
    assert now() == began + 2.5
    assert connection.handshake is handshake


async def test_refuse_raises_its_error() -> None:
    error = ConnectError("no", status=503)
    began = now()
    with pytest.raises(ConnectError) as caught:
        await dial(Refuse(error, after=1.5))
    assert caught.value is error
    assert now() == began + 1.5


async def test_hang_never_answers_and_can_be_cancelled() -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(3600):
            await dial(Hang())


async def test_each_dial_takes_the_next_entry_of_the_script() -> None:
    adapter = ScriptedAdapter([Refuse(OSError("one")), Accept("two"), Refuse(OSError("three"))])
    with pytest.raises(OSError, match="one"):
        await adapter.connect(URL, OPTIONS)
    assert await (await adapter.connect(URL, OPTIONS)).receive() == "two"
    with pytest.raises(OSError, match="three"):
        await adapter.connect(URL, OPTIONS)


async def test_dials_are_accepted_when_the_script_is_used_up() -> None:
    adapter = ScriptedAdapter()
    first, second = [await adapter.connect(URL, OPTIONS) for _ in range(2)]
    assert first is not second
    assert adapter.connections == [first, second]
    assert adapter.connection is second


async def test_what_follows_the_script_can_be_chosen() -> None:
    adapter = ScriptedAdapter([Accept()], then=Refuse(OSError("down")))
    await adapter.connect(URL, OPTIONS)
    for _ in range(2):
        with pytest.raises(OSError, match="down"):
            await adapter.connect(URL, OPTIONS)


async def test_expect_adds_to_the_script() -> None:
    adapter = ScriptedAdapter([Accept("one")])
    adapter.expect(Accept("two"), Accept("three"))
    connections = [await adapter.connect(URL, OPTIONS) for _ in range(3)]
    assert [await each.receive() for each in connections] == ["one", "two", "three"]


async def test_dials_are_noted_with_their_options_and_time() -> None:
    adapter = ScriptedAdapter()
    options = ConnectOptions(subprotocols=["v1"])
    began = now()
    await adapter.connect(URL, OPTIONS)
    await asyncio.sleep(3)
    await adapter.connect("ws://other", options)
    assert adapter.dials == [(URL, OPTIONS, began), ("ws://other", options, began + 3)]


async def test_there_is_no_latest_connection_before_the_first() -> None:
    with pytest.raises(LookupError, match="nothing has connected"):
        _ = ScriptedAdapter().connection


# Steps.


async def test_messages_come_in_order() -> None:
    connection = await play("text", b"data", "")
    assert [await connection.receive() for _ in range(3)] == ["text", b"data", ""]


async def test_delay_waits() -> None:
    connection = await play("now", Delay(5), "later")
    began = now()
    assert await connection.receive() == "now"
    assert now() == began
    assert await connection.receive() == "later"
    assert now() == began + 5


async def test_read_fails_raises_once_and_the_connection_lives_on() -> None:
    error = ValueError("odd")
    connection = await play("before", ReadFails(error), "after")
    assert await connection.receive() == "before"
    with pytest.raises(ValueError, match="odd") as caught:
        await connection.receive()
    assert caught.value is error
    assert await connection.receive() == "after"


async def test_close_with_comes_after_the_messages() -> None:
    connection = await play("last", CloseWith(4001, "bye"))
    assert await connection.receive() == "last"
    for _ in range(2):
        with pytest.raises(ConnectionClosed) as caught:
            await connection.receive()
        assert caught.value.close == Close(4001, "bye")


async def test_lose_has_no_close_frame() -> None:
    connection = await play("last", Lose())
    assert await connection.receive() == "last"
    with pytest.raises(ConnectionClosed) as caught:
        await connection.receive()
    assert caught.value.close == Close(1006)


# The contract of a connection.


async def test_a_cancelled_receive_loses_nothing() -> None:
    connection = await dial(Accept())
    for number in range(50):
        receiving = asyncio.create_task(connection.receive())
        await asyncio.sleep(0)
        connection.feed(str(number))
        for _ in range(number % 3):
            await asyncio.sleep(0)
        receiving.cancel()
        await asyncio.wait({receiving})
        message = await connection.receive() if receiving.cancelled() else receiving.result()
        assert message == str(number)


async def test_two_receives_at_once_are_refused() -> None:
    connection = await dial(Accept())
    waiting = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="another call waited"):
        await connection.receive()
    connection.feed("x")
    assert await waiting == "x"


async def test_what_is_sent_is_noted_and_refused_after_the_end() -> None:
    connection = await dial(Accept())
    await connection.send("text")
    await connection.send(b"data")
    assert connection.sent == ["text", b"data"]
    connection.lose()
    with pytest.raises(ConnectionClosed):
        await connection.send("late")
    assert connection.sent == ["text", b"data"]


async def test_a_ping_takes_its_delay() -> None:
    connection = await dial(Accept(), ping_delay=0.25)
    began = now()
    assert await connection.ping() == pytest.approx(0.25)
    assert now() == began + 0.25


async def test_a_ping_without_answer_ends_with_the_connection() -> None:
    connection = await dial(Accept(), ping_delay=None)
    ping = asyncio.create_task(connection.ping())
    await asyncio.sleep(3600)
    assert not ping.done()
    connection.close_by_server(1001)
    with pytest.raises(ConnectionClosed) as caught:
        await ping
    assert caught.value.close == Close(1001)


async def test_close_notes_the_frame_and_ends_the_connection() -> None:
    connection = await dial(Accept())
    receiving = asyncio.create_task(connection.receive())
    await asyncio.sleep(0)
    await connection.close(4001, "mine")
    await connection.close(4002, "late")
    assert connection.close_sent == (4001, "mine")
    with pytest.raises(ConnectionClosed) as caught:
        await receiving
    assert caught.value.close == Close(4001, "mine", client_initiated=True)


async def test_close_waits_for_a_server_that_does_not_answer_until_it_is_cancelled() -> None:
    connection = await dial(Accept())
    connection.answers_close = False
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(60):
            await connection.close(1000, "")
    assert connection.closed == Close(1000, client_initiated=True)


async def test_a_close_that_is_not_answered_ends_when_the_connection_is_lost() -> None:
    connection = await dial(Accept())
    connection.answers_close = False
    closing = asyncio.create_task(connection.close(1000, ""))
    await asyncio.sleep(1)
    connection.lose()
    await closing
    assert connection.closed == Close(1006)


async def test_the_first_end_counts() -> None:
    connection = await dial(Accept())
    connection.close_by_server(1001, "first")
    connection.lose()
    assert connection.closed == Close(1001, "first")
    assert connection.close_sent is None


async def test_closing_ends_the_script() -> None:
    connection = await play("one", Delay(3600), "never")
    assert await connection.receive() == "one"
    await connection.close(1000, "")
    await asyncio.sleep(7200)
    assert connection.unread == 0


async def test_unread_counts_what_was_fed_and_not_received() -> None:
    connection = await dial(Accept())
    connection.feed("one", "two")
    connection.fail_read(ValueError("three"))
    assert connection.unread == 3
    await connection.receive()
    assert connection.unread == 2
