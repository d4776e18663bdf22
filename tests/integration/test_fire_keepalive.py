"""Keepalive ends what is dead, and never what is alive."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Close, Session

from .conftest import MakeEngine
from .measuring import until
from .recorder import Recorder
from .rude import CLOSE, PONG, TEXT, Peer, RudeServer, close_frame, ignore, speak, stop_reading
from .servers import PoliteServer, greet, listen

pytestmark = pytest.mark.usefixtures("nothing_held")

QUICK_PINGS = {"ping_interval": 0.05, "ping_timeout": 0.3}

MANY = [str(number) for number in range(200)]
"""More messages than a library reads ahead by itself: somebody has to go on reading."""


class Sleeps(Recorder):
    """Its handlers take some seconds; blocking ones hold the event loop meanwhile."""

    def __init__(self, seconds: float, *, blocking: bool = False) -> None:
        super().__init__()
        self.seconds = seconds
        self.blocking = blocking
        self.handled = 0

    async def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        if self.blocking:
            time.sleep(self.seconds)  # noqa: ASYNC251 - what a careless user writes
        else:
            await asyncio.sleep(self.seconds)
        self.handled += 1


@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.one_adapter), 4])
async def test_all_workers_are_busy(make_engine: MakeEngine, workers: int) -> None:
    endpoint = Sleeps(0.5)
    async with (
        PoliteServer(greet(*MANY)) as server,
        make_engine(server.url, endpoint, workers=workers, **QUICK_PINGS),
    ):
        await until(lambda: endpoint.handled >= 1)
        assert endpoint.closes == []
        assert endpoint.sessions[0].stats().ping_round_trip is not None


async def test_pongs_come_behind_data_while_the_backlog_is_full(make_engine: MakeEngine) -> None:
    messages = 120
    endpoint = Sleeps(0.01)
    settings = {**QUICK_PINGS, "backlog_messages": 2}
    async with (
        PoliteServer(greet(*(bytes(50_000) for _ in range(messages)))) as server,
        make_engine(server.url, endpoint, **settings),
    ):
        await until(lambda: endpoint.handled == messages)
    assert [close.client_initiated for close in endpoint.closes] == [True]


@pytest.mark.one_adapter
async def test_nothing_is_read_ahead(make_engine: MakeEngine) -> None:
    endpoint = Sleeps(0.4)
    settings = {**QUICK_PINGS, "backlog_messages": 0}
    async with (
        PoliteServer(greet(*(bytes(50_000) for _ in range(3)))) as server,
        make_engine(server.url, endpoint, **settings),
    ):
        await until(lambda: endpoint.handled == 3)
    assert [close.client_initiated for close in endpoint.closes] == [True]


@pytest.mark.one_adapter
async def test_pongs_come_behind_data_while_handlers_are_slow_without_waiting(
    make_engine: MakeEngine,
) -> None:
    """No single handler blocks the loop for long, but together they delay the pong."""
    messages = 200
    endpoint = Sleeps(0.002, blocking=True)
    async with (
        RudeServer(speak(*("x" * 10_000 for _ in range(messages)))) as server,
        make_engine(server.url, endpoint, **QUICK_PINGS),
    ):
        await until(lambda: endpoint.handled == messages or endpoint.closes)
    assert [close.client_initiated for close in endpoint.closes] == [True]


@pytest.mark.one_adapter
@pytest.mark.parametrize("seconds", [0.4, 0.7])
async def test_a_handler_blocks_the_event_loop(make_engine: MakeEngine, seconds: float) -> None:
    endpoint = Sleeps(seconds, blocking=True)
    async with (
        PoliteServer(greet("a", "b")) as server,
        make_engine(server.url, endpoint, **QUICK_PINGS),
    ):
        await until(lambda: endpoint.handled == 2)
        await asyncio.sleep(0.3)
        assert len(endpoint.sessions) == 1
        assert endpoint.closes == []


@pytest.mark.one_adapter
async def test_a_handler_blocks_the_event_loop_while_a_pong_is_under_way(
    make_engine: MakeEngine,
) -> None:
    async def answer_slowly(peer: Peer) -> None:
        await peer.accept()
        while (received := await peer.read()) is not None and received[0] != CLOSE:
            await peer.send(TEXT, b"the handler blocks")
            await asyncio.sleep(0.1)
            await peer.send(PONG, received[1])
        await peer.send(CLOSE, close_frame(1001))

    endpoint = Sleeps(0.6, blocking=True)
    async with (
        RudeServer(answer_slowly) as server,
        make_engine(server.url, endpoint, ping_interval=0.05, ping_timeout=0.2),
    ):
        await until(lambda: endpoint.handled == 2)
        assert endpoint.closes == []


@pytest.mark.one_adapter
async def test_paused(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    settings = {**QUICK_PINGS, "idle_timeout": 0.2}
    async with (
        PoliteServer(greet(*(bytes(50_000) for _ in range(50)))) as server,
        make_engine(server.url, endpoint, **settings),
    ):
        async with endpoint.sessions[0].paused():
            await asyncio.sleep(0.6)
        await until(lambda: len(endpoint.messages) == 50)
        assert endpoint.closes == []


async def test_no_pong_comes(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with (
        RudeServer(ignore, speak("alive")) as server,
        make_engine(server.url, endpoint, **QUICK_PINGS),
    ):
        await until(lambda: endpoint.messages == ["alive"], timeout=3)
        assert endpoint.closes == [Close(1006, "no pong within 0.3 s")]
        assert not endpoint.closes[0].client_initiated
        await asyncio.sleep(0.3)
        assert len(endpoint.sessions) == 2


async def test_not_even_the_ping_gets_out(make_engine: MakeEngine) -> None:
    """The server reads nothing any more, and the transport's buffer is full."""

    async def send(session: Session) -> None:
        while True:
            await session.send(bytes(1024 * 1024))

    endpoint = Recorder()
    async with (
        RudeServer(stop_reading, speak("alive")) as server,
        make_engine(server.url, endpoint, **QUICK_PINGS),
    ):
        sending = asyncio.create_task(send(endpoint.sessions[0]))
        await until(lambda: endpoint.messages == ["alive"], timeout=5)
        assert endpoint.closes == [Close(1006, "no pong within 0.3 s")]
        with pytest.raises(ConnectionError):
            await asyncio.wait_for(sending, 2)


@pytest.mark.one_adapter
async def test_idle_timeout(make_engine: MakeEngine) -> None:
    endpoint = Recorder()

    async def chatter(connection: ServerConnection) -> None:
        while True:
            await connection.send("x")
            await asyncio.sleep(0.05)

    async with (
        PoliteServer(listen, chatter) as server,
        make_engine(server.url, endpoint, idle_timeout=0.4),
    ):
        await until(lambda: len(endpoint.sessions) == 2, timeout=3)
        assert endpoint.closes == [Close(1006, "no message for 0.4 s")]
        await asyncio.sleep(0.6)
        assert len(endpoint.sessions) == 2
