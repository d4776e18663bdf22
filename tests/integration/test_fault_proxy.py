"""Engines on every adapter, with a fault proxy between them and a polite server."""

from __future__ import annotations

import asyncio
import threading
import time
from functools import partial
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    Close,
    ConnectOptions,
    EngineStartError,
    OpenTimeoutError,
    ReconnectPolicy,
    Session,
)
from wsengine.testing import FaultProxy

from .conftest import MakeEngine
from .measuring import stopwatch, until
from .recorder import Recorder
from .servers import PoliteServer, echo

pytestmark = pytest.mark.usefixtures("nothing_held")

SLACK = 3.0
"""Seconds that a busy machine may take longer."""


@pytest.mark.parametrize("how", ["fin", "rst"])
async def test_a_cut_is_a_lost_connection(make_engine: MakeEngine, how: Any) -> None:
    endpoint = Recorder()
    async with PoliteServer(echo) as server, FaultProxy(server.url) as proxy:
        async with make_engine(proxy.url, endpoint) as engine:
            assert proxy.cut(how) == 1
            await until(lambda: len(endpoint.sessions) == 2)
            assert [close.code for close in endpoint.closes] == [1006]
            await until(lambda: engine.session is not None)
            await engine.send("hello")
            await until(lambda: endpoint.messages == ["hello"])
        counts = proxy.counts
        assert (counts.connections, counts.cut_fin + counts.cut_rst) == (2, 1)


@pytest.mark.parametrize("blackhole", ["up", "down", "both"])
async def test_a_half_open_connection_is_given_up(make_engine: MakeEngine, blackhole: Any) -> None:
    endpoint = Recorder()
    settings = {"ping_interval": 0.1, "ping_timeout": 0.3, "open_timeout": 0.5}
    async with (
        PoliteServer(echo) as server,
        FaultProxy(server.url) as proxy,
        make_engine(proxy.url, endpoint, **settings),
    ):
        proxy.set(blackhole=blackhole)
        with stopwatch() as finding:
            await until(lambda: endpoint.closes)
        assert finding.seconds < 0.1 + 0.3 + SLACK
        assert endpoint.closes == [Close(1006, "no pong within 0.3 s")]
        await until(lambda: endpoint.failures)  # a dial finds no way either
        proxy.heal()
        await until(lambda: len(endpoint.sessions) == 2)


async def test_a_short_blackhole_loses_nothing(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    numbers = [str(number) for number in range(500)]
    async with PoliteServer(echo) as server, FaultProxy(server.url) as proxy:
        async with make_engine(proxy.url, endpoint) as engine:
            for number in numbers[:250]:
                await engine.send(number)
            proxy.set(blackhole="both")
            for number in numbers[250:]:
                await engine.send(number)
            await asyncio.sleep(0.1)
            proxy.heal()
            await until(lambda: endpoint.messages == numbers)
        assert len(endpoint.sessions) == 1


async def test_delay_and_jitter_are_seen_in_the_round_trip(make_engine: MakeEngine) -> None:
    async with (
        PoliteServer(echo) as server,
        FaultProxy(server.url) as proxy,
        make_engine(proxy.url, Recorder()) as engine,
    ):
        assert engine.session is not None
        proxy.set(delay=0.2)
        assert await engine.session.ping() >= 0.4
        proxy.set(delay=0.1, jitter=0.3)
        assert await engine.session.ping() >= 0.2
        proxy.heal()
        assert proxy.counts.delayed >= 4


async def test_at_a_bounded_rate_everything_comes_in_order(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    messages = [f"{number:0100}" for number in range(50)]
    options = ConnectOptions(proxy=None, compression=None)
    async with (
        PoliteServer(echo) as server,
        FaultProxy(server.url) as proxy,
        make_engine(proxy.url, endpoint, options=options) as engine,
    ):
        proxy.set(rate=20_000)
        with stopwatch() as passing:
            for message in messages:
                await engine.send(message)
            await until(lambda: endpoint.messages == messages)
        assert passing.seconds > 0.2  # 5000 bytes at 20 kB/s


async def test_byte_by_byte_everything_is_put_together(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    messages = ["hello", "\N{SNOWMAN}" * 100, "x" * 300]
    async with PoliteServer(echo) as server, FaultProxy(server.url, split=True) as proxy:
        async with make_engine(proxy.url, endpoint) as engine:  # the handshake, too
            for message in messages:
                await engine.send(message)
            await until(lambda: endpoint.messages == messages)
        assert proxy.counts.split >= 4  # the handshake and the messages, each way


def _has_more(endpoint: Recorder, sessions: int) -> bool:
    return len(endpoint.sessions) > sessions


async def test_a_corrupted_frame_ends_the_session_or_is_seen(make_engine: MakeEngine) -> None:
    """The header of a frame, or its text, is wrong: nothing else comes of it."""
    endpoint = Recorder()

    async def speak(connection: ServerConnection) -> None:
        while True:
            await connection.send("\N{SNOWMAN}" * 20)
            await asyncio.sleep(0.01)

    async with PoliteServer(speak) as server, FaultProxy(server.url, seed=3) as proxy:
        async with make_engine(proxy.url, endpoint, ping_interval=0.2, ping_timeout=0.3):
            for _ in range(10):
                before = len(endpoint.sessions)
                proxy.corrupt()
                await until(lambda: proxy.counts.corrupted)
                await asyncio.sleep(0.1)
                proxy.cut()
                await until(partial(_has_more, endpoint, before))
            odd = [message for message in endpoint.messages if message != "\N{SNOWMAN}" * 20]
            assert len(odd) <= 10
        assert proxy.counts.corrupted >= 10
        assert {int(close.code) for close in endpoint.closes} <= {1001, 1002, 1006, 1007, 1009}


async def test_a_held_handshake_is_given_up_and_tried_again(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(echo) as server,
        FaultProxy(server.url, hold_handshake=True) as proxy,
    ):
        engine = make_engine(proxy.url, endpoint, open_timeout=0.3)
        with pytest.raises(EngineStartError) as failed:
            await engine.start()
        assert isinstance(failed.value.__cause__, OpenTimeoutError)
        proxy.heal()
        async with engine:
            assert engine.session is not None
        assert proxy.counts.handshakes_held == 1


async def test_dropped_connections_are_dialled_again(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with PoliteServer(echo) as server, FaultProxy(server.url, drop_first=3) as proxy:
        async with make_engine(proxy.url, endpoint, retry_start=True):
            assert 1 <= len(endpoint.failures) <= 3  # aiohttp may try twice by itself
        assert proxy.counts.dropped == 3


async def test_a_server_that_is_not_there_is_one_that_breaks_off(make_engine: MakeEngine) -> None:
    async with PoliteServer(echo) as server:
        url = server.url
    with FaultProxy(url) as proxy:
        with pytest.raises(EngineStartError):
            await make_engine(proxy.url, Recorder()).start()
        assert proxy.counts.unreachable >= 1  # aiohttp tries twice


async def test_it_works_while_a_handler_blocks_the_loop(make_engine: MakeEngine) -> None:
    """The cut comes from another thread, and is done before the handler ends."""

    class Blocking(Recorder):
        def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            time.sleep(0.5)  # the test is about a blocked loop
            self.cuts = proxy.counts.cut_rst

    endpoint = Blocking()
    async with PoliteServer(echo) as server, FaultProxy(server.url) as proxy:
        settings = {"reconnect": ReconnectPolicy(initial_delay=0.01, max_delay=0.01)}
        async with make_engine(proxy.url, endpoint, **settings) as engine:
            await engine.send("hello")
            timer = threading.Timer(0.2, proxy.cut, ["rst"])
            timer.start()
            await until(lambda: len(endpoint.sessions) == 2)
            await asyncio.to_thread(timer.join)
            assert endpoint.cuts == 1
