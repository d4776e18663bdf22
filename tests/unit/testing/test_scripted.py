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
from wsengine.testing.script import Dial, Step

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
