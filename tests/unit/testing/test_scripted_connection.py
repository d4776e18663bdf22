"""The scripted connection keeps the contract of a connection, and tells what was done to it."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close, ConnectionClosed
from wsengine.testing import Accept, Delay

from .test_scripted import dial, now, play


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
