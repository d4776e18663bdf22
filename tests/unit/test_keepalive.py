"""Dead connections are found; healthy ones are left alone."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from typing import Any

import pytest

from wsengine import Close, ConnectionClosed
from wsengine.testing import ScriptedConnection

from .tools import Notes, make, now, settle

PINGS: dict[str, Any] = {"ping_interval": 10.0, "ping_timeout": 4.0}


async def test_a_connection_that_answers_no_ping_is_dead() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        began = now()
        adapter.connection.ping_delay = None
        await asyncio.sleep(13.9)
        assert not endpoint.named("on_close")
        await asyncio.sleep(0.5)
        assert endpoint.named("on_close") == [("on_close", 1006, "no pong within 4 s", False)]
        await asyncio.sleep(1)
        assert endpoint.named("on_open")[-1] == ("on_open", True)
        assert now() - began < 17


async def test_one_that_answers_lives_and_its_round_trip_is_known() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        adapter.connection.ping_delay = 0.5
        await asyncio.sleep(100)
        session = endpoint.sessions[0]
        assert session.stats().ping_round_trip == pytest.approx(0.5)
        assert session.closed is None


async def test_no_ping_where_none_is_wanted() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, ping_interval=None)
    async with engine:
        adapter.connection.ping_delay = None
        await asyncio.sleep(1000)
        assert endpoint.sessions[0].closed is None


async def test_without_a_time_out_the_round_trip_is_only_measured() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, ping_interval=10, ping_timeout=None)
    async with engine:
        adapter.connection.ping_delay = 500.0
        await asyncio.sleep(600)
        assert endpoint.sessions[0].closed is None
        assert endpoint.sessions[0].stats().ping_round_trip == pytest.approx(500)


async def test_a_pong_may_stand_behind_messages_but_not_for_ever() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, ping_interval=10.0, ping_timeout=4.0)
    async with engine:
        adapter.connection.ping_delay = None
        for _ in range(250):
            if endpoint.sessions[0].closed is None:
                adapter.connection.feed("still here")
            await asyncio.sleep(0.1)
            if now() < 10 + 4 + 3 * 4 - 0.5:
                assert endpoint.sessions[0].closed is None
        await asyncio.sleep(2)
        assert endpoint.named("on_close")[0][1:3] == (1006, "no pong within 4 s")


async def test_a_full_backlog_is_not_the_death_of_the_connection() -> None:
    gate = asyncio.Event()
    endpoint = Notes(on_message=lambda session, message: gate.wait())
    engine, adapter = make(endpoint, backlog_messages=1, **PINGS)
    async with engine:
        adapter.connection.feed("1", "2", "3")
        adapter.connection.ping_delay = None
        await asyncio.sleep(100)
        assert endpoint.sessions[0].closed is None
        gate.set()  # reading goes on; now the missing pong counts
        await asyncio.sleep(15)
        close = endpoint.sessions[0].closed
        assert close is not None
        assert close.code == 1006


async def test_a_pause_is_not_the_death_of_the_connection() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, idle_timeout=5, **PINGS)
    async with engine, endpoint.sessions[0].paused():
        adapter.connection.ping_delay = None
        await asyncio.sleep(100)
        assert endpoint.sessions[0].closed is None


async def test_pauses_again_and_again_do_not_hide_the_death_of_the_connection() -> None:
    """As long as somebody reads: an engine is used like that where replies have no ids."""
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        session = endpoint.sessions[0]
        adapter.connection.ping_delay = None
        while session.closed is None:
            with contextlib.suppress(TimeoutError, ConnectionClosed):
                async with session.paused() as connection:
                    await asyncio.wait_for(connection.receive(), 0.5)
            await asyncio.sleep(1.5)
        assert now() == pytest.approx(10 + 2 * 4, abs=2)


async def test_a_blocked_event_loop_is_not_the_death_of_the_connection(
    caplog: pytest.LogCaptureFixture,
) -> None:
    loop = asyncio.get_running_loop()
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        adapter.connection.ping_delay = 6.0
        # The loop stands still from the ping until long after the time-out of its pong.
        loop.call_at(now() + 13.999, lambda: loop.setup_looptime(start=now() + 5))  # type: ignore[attr-defined]
        await asyncio.sleep(60)
        assert "the event loop was blocked" in caplog.text
        assert endpoint.sessions[0].stats().ping_round_trip is not None


async def test_idle_means_no_message() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, idle_timeout=8)
    async with engine:
        for _ in range(10):
            await asyncio.sleep(6)
            adapter.connection.feed("x")
            await settle()
        assert endpoint.sessions[0].closed is None
        await asyncio.sleep(7.9)
        assert endpoint.sessions[0].closed is None
        await asyncio.sleep(2.2)
        assert endpoint.named("on_close") == [("on_close", 1006, "no message for 8 s", False)]


async def test_pongs_are_no_messages() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint, ping_interval=1, ping_timeout=1, idle_timeout=8)
    async with engine:
        await asyncio.sleep(11)
        assert endpoint.named("on_close")[0][1] == 1006


async def test_a_ping_that_fails_leaves_the_verdict_to_the_reader(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def broken(self: ScriptedConnection) -> float:
        raise OSError("broken pipe")

    monkeypatch.setattr(ScriptedConnection, "ping", broken)
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        await asyncio.sleep(20)
        assert endpoint.sessions[0].closed is None
        adapter.connection.close_by_server(1012)
        await settle()
        assert endpoint.named("on_close")[0][1] == 1012


async def test_a_pilot_that_reads_does_not_hide_the_death_of_the_connection() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        adapter.connection.ping_delay = None
        with pytest.raises(ConnectionClosed):
            async with endpoint.sessions[0].paused() as connection:
                await connection.receive()
        assert now() < 10 + 2 * 4 + 0.1


async def test_silence_right_after_a_feed_is_found_in_time() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        adapter.connection.ping_delay = None
        while now() < 12:
            adapter.connection.feed("a busy feed")
            await asyncio.sleep(0.1)
        await asyncio.sleep(14.1 - now())
        assert endpoint.named("on_close")[0][1] == 1006


async def test_nothing_runs_between_two_pings() -> None:
    engine, adapter = make(Notes(), **PINGS)
    async with engine:
        adapter.connection.ping_delay = 1.0
        await settle()
        between = len(asyncio.all_tasks())
        await asyncio.sleep(10.5)
        assert len(asyncio.all_tasks()) > between
        await asyncio.sleep(1)
        assert len(asyncio.all_tasks()) == between
        await asyncio.sleep(10)
        assert len(asyncio.all_tasks()) > between


async def test_a_blocked_event_loop_is_no_idleness(caplog: pytest.LogCaptureFixture) -> None:
    """A timer may fire before anybody has looked at what the socket has received meanwhile."""
    loop = asyncio.get_running_loop()
    endpoint = Notes()
    engine, adapter = make(endpoint, idle_timeout=8)
    async with engine:
        await asyncio.sleep(1)
        loop.call_at(now() + 6.999, lambda: loop.setup_looptime(start=now() + 5))  # type: ignore[attr-defined]
        await asyncio.sleep(9)
        adapter.connection.feed("x")
        await settle()
        assert endpoint.sessions[0].closed is None


async def test_a_ping_that_fails_on_a_live_connection_is_not_the_last(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        ping = adapter.connection.ping

        async def fail() -> float:
            monkeypatch.setattr(adapter.connection, "ping", ping)
            raise OSError("odd")

        monkeypatch.setattr(adapter.connection, "ping", fail)
        await asyncio.sleep(60)
        assert endpoint.sessions[0].stats().ping_round_trip is not None
    assert "ping failed: OSError('odd')" in caplog.text


async def test_a_ping_that_ignores_its_cancellation_does_not_hold_up_the_close(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)

    async def stubborn() -> float:
        for _ in range(3):
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(50)
        return 0.0

    async with engine:
        monkeypatch.setattr(adapter.connection, "ping", stubborn)
        await asyncio.sleep(12)
        adapter.connection.close_by_server(1000)
        await asyncio.sleep(1)
        assert endpoint.named("on_close")
    assert "ignores its cancellation" in caplog.text
    await asyncio.sleep(200)  # until it has ended


async def test_a_ping_that_fails_as_the_session_ends_is_no_complaint(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    complaints: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: complaints.append(context))
    endpoint = Notes()
    engine, adapter = make(endpoint, **PINGS)
    async with engine:
        ended = asyncio.Event()

        async def ping() -> float:
            try:
                await ended.wait()
            except asyncio.CancelledError:
                raise ConnectionClosed(Close(1006)) from None
            raise ConnectionClosed(Close(1006))

        monkeypatch.setattr(adapter.connection, "ping", ping)
        for at_once in (True, False):
            await asyncio.sleep(12)
            if at_once:
                ended.set()
            adapter.connection.lose()
            await asyncio.sleep(3)
            monkeypatch.setattr(adapter.connection, "ping", ping)
            ended.clear()
    gc.collect()
    assert complaints == []
