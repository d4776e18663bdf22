"""What a session tells and does."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import (
    Close,
    ConfigError,
    ConnectionClosed,
    EngineState,
    EngineStateError,
    Handshake,
    Session,
    SessionStats,
)
from wsengine.testing.script import Accept

from .tools import Notes, conversing, make, now, settle


async def test_each_connection_has_a_fresh_session() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        first = endpoint.sessions[0]
        first.attributes["seen"] = 1
        assert engine.session is first
        assert first.native is adapter.connections[0]
        engine.restart()
        await asyncio.sleep(1)
        second = endpoint.sessions[1]
        assert engine.session is second
        assert second.id != first.id
        assert second.attributes == {}
        assert second.engine is first.engine is engine
    assert repr(first) == f"<Session {first.id} of 'ws://scripted'>"


async def test_it_tells_the_handshake() -> None:
    handshake = Handshake(headers={"x-served-by": "a"}, subprotocol="chat.v2")
    endpoint = Notes()
    engine, _ = make(endpoint, Accept(handshake=handshake))
    async with engine:
        assert endpoint.sessions[0].handshake == handshake


async def test_send_and_ping() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        session = endpoint.sessions[0]
        await session.send("text")
        await session.send(b"binary")
        await session.send(bytearray(b"array"))
        assert adapter.connection.sent == ["text", b"binary", b"array"]
        adapter.connection.ping_delay = 0.25
        assert await session.ping() == pytest.approx(0.25)
        assert session.stats().messages_sent == 3


@pytest.mark.parametrize("message", [{}, None, 5, ["a"]])
async def test_what_cannot_be_sent_is_refused_by_name(message: object) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        with pytest.raises(TypeError, match=f"not {type(message).__name__}; encode it first"):
            await endpoint.sessions[0].send(message)
        assert adapter.connection.sent == []


async def test_a_request_of_the_task_that_has_paused() -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint)
    async with engine:
        session = endpoint.sessions[0]
        async with session.paused():
            with pytest.raises(EngineStateError, match=r"use connection\.send\(\)"):
                await session.request({})
            with pytest.raises(EngineStateError, match=r"use connection\.send\(\)"):
                await engine.request({})
            other = asyncio.create_task(session.request({}))  # another task may
            await settle()
        adapter.connection.feed('{"id": 2}')
        assert await other == {"id": 2}


@pytest.mark.parametrize("timeout", [0, -1, "5", True])
async def test_a_timeout_is_a_number_above_0(timeout: Any) -> None:
    endpoint = Notes()
    engine, adapter = conversing(endpoint)
    async with engine:
        for request in (engine.request, endpoint.sessions[0].request):
            with pytest.raises(ConfigError, match=r"^timeout=.*must be a number above 0, or None"):
                await request({}, timeout=timeout)
        assert adapter.connection.sent == []


@pytest.mark.parametrize("end", ["restart", "exit", "stop", "keepalive"])
async def test_whatever_ends_the_session_ends_its_requests(end: str) -> None:
    async def ask(session: Session, message: Any) -> None:
        try:
            await session.request({}, timeout=1000)
        except ConnectionClosed as error:
            closes.append((now(), error.close))

    closes: list[tuple[float, Close]] = []
    endpoint = Notes(on_message=ask)
    engine, adapter = conversing(endpoint, ping_interval=2, ping_timeout=3)
    async with engine:
        adapter.connection.feed("1")
        await settle()
        session = endpoint.sessions[0]
        if end == "keepalive":
            adapter.connection.ping_delay = None
            await asyncio.sleep(5.1)
        elif end == "stop":
            await engine.stop()
        else:
            getattr(session, end)()
        await settle()
        assert closes == [(5 if end == "keepalive" else 0, session.closed)]
        assert session.stats().requests_in_flight == 0
        with pytest.raises(ConnectionClosed):
            await session.request({})


async def test_after_the_end() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        session = endpoint.sessions[0]
        assert session.closed is None
        adapter.connection.close_by_server(4001, "bye")
        await settle()
        assert session.closed == Close(4001, "bye")
        with pytest.raises(ConnectionClosed):
            await session.send("x")
        with pytest.raises(ConnectionClosed):
            await session.ping()


async def test_restart_of_an_old_session_does_nothing_to_the_new_one() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)
    async with engine:
        engine.restart()
        await asyncio.sleep(1)
        endpoint.sessions[0].restart()
        await asyncio.sleep(10)
        assert len(endpoint.sessions) == 2


async def test_exit_of_an_old_session_stops_the_engine() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint)
    await engine.start()
    engine.restart()
    await asyncio.sleep(1)
    endpoint.sessions[0].exit()
    await settle()
    assert engine.state is EngineState.STOPPED


async def test_stats() -> None:
    gate = asyncio.Event()
    endpoint = Notes(on_message=lambda session, message: gate.wait())
    engine, adapter = make(endpoint)
    await engine.start()
    adapter.connection.feed("1", "22", b"333")
    await asyncio.sleep(2)
    session = endpoint.sessions[0]
    assert session.stats() == SessionStats(
        messages_received=3,
        messages_sent=0,
        bytes_received=6,
        bytes_sent=0,
        messages_dropped=0,
        read_errors=0,
        replies_unmatched=0,
        requests_in_flight=0,
        backlog_messages=2,
        backlog_bytes=5,
        busy_workers=1,
        ping_round_trip=None,
        uptime=2.0,
    )
    engine.exit()
    gate.set()
    adapter.connection.feed("unread")
    await asyncio.sleep(2)
    stats = session.stats()
    assert stats.messages_dropped == 3
    assert stats.uptime == pytest.approx(2)


async def test_it_can_be_used_until_its_end_is_known_to_anybody() -> None:
    engine, adapter = make(Notes())
    async with engine:
        session = engine.session
        assert session is not None
        async with session.paused():
            adapter.connection.lose()
            assert (session.usable, session.is_paused_here) == (True, True)
            with pytest.raises(ConnectionClosed):
                await session.send("x")
            assert (session.usable, session.closed) == (False, None)  # who reads was not there yet
        await settle()
        assert (session.usable, session.is_paused_here) == (False, False)
        assert session.closed is not None
