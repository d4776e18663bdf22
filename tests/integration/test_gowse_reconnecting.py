"""What gowse does wrong when it reconnects; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    Close,
    EngineState,
    OpenTimeoutError,
    ReconnectPolicy,
    Session,
)

from .conftest import MakeEngine
from .measuring import open_sockets, until
from .recorder import Recorder
from .rude import CLOSE, Peer, RudeServer, close_frame, speak
from .servers import PoliteServer, echo, greet, listen

pytestmark = pytest.mark.usefixtures("nothing_held")


class RestartsOnce(Recorder):
    def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        if len(self.sessions) == 1:
            session.restart()

    def on_close(self, session: Session, close: Close) -> Close:
        super().on_close(session, close)
        return Close(4003, "again")


@pytest.mark.parametrize("workers", [1, 4])
async def test_restart_in_on_message(make_engine: MakeEngine, workers: int) -> None:
    """gowse: "never reconnects: the old socket stays open, every dial fails"."""
    endpoint = RestartsOnce()
    async with (
        PoliteServer(greet("first"), greet("second")) as server,
        make_engine(server.url, endpoint, workers=workers),
    ):
        await until(lambda: endpoint.messages == ["first", "second"])
        assert await server.seen_close(0) == (4003, "again")
        assert server.open_connections == 1
    assert endpoint.restarting == [False, True]
    assert endpoint.closes[0] == Close(1001, client_initiated=True)


async def test_restart_with_four_workers_on_an_idle_connection(make_engine: MakeEngine) -> None:
    """gowse: "nothing until one more message comes, which is dropped"."""
    endpoint = Recorder()
    async with (
        PoliteServer(greet("first"), greet("second")) as server,
        make_engine(server.url, endpoint, workers=4) as engine,
    ):
        await until(lambda: endpoint.messages == ["first"])
        assert engine.session is not None
        engine.session.restart()
        await until(lambda: endpoint.messages == ["first", "second"], timeout=2)
        assert await server.seen_close(0) == (1001, "")
    assert endpoint.sessions[0].stats().messages_dropped == 0


@pytest.mark.one_adapter
async def test_start_timeout_on_a_restart(make_engine: MakeEngine) -> None:
    """gowse: "the session goes live and the restart loop goes on failing beside it"."""

    class SlowOnce(Recorder):
        opened = 0

        async def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            if len(self.sessions) == 2:
                await asyncio.sleep(10)
            self.opened += 1

    endpoint = SlowOnce()
    async with (
        PoliteServer(greet("1"), greet("2"), greet("3")) as server,
        make_engine(server.url, endpoint, open_timeout=0.4) as engine,
    ):
        engine.restart()
        await until(lambda: "3" in endpoint.messages)
        (failure,) = endpoint.failures
        assert isinstance(failure.error, OpenTimeoutError)
        assert "on_open did not end within 0.4 s (open_timeout)" in str(failure.error)
        await server.seen_close(1)
        assert server.open_connections == 1
        assert engine.session is endpoint.sessions[2]
        assert endpoint.opened == 2, "the one that took too long never completed"
    assert "2" not in endpoint.messages


async def test_tcp_reset(make_engine: MakeEngine) -> None:
    """gowse: "panic 'repeated read on failed connection' / OnReadError 600 k times in 3 s"."""

    async def reset(peer: Peer) -> None:
        await peer.accept()
        await peer.send(1, b"hello")
        await asyncio.sleep(0.05)
        peer.reset()

    endpoint = Recorder()
    async with RudeServer(reset, speak("hello again")) as server, make_engine(server.url, endpoint):
        await until(lambda: "hello again" in endpoint.messages)
        assert [close.code for close in endpoint.closes] == [1006]
        assert not endpoint.closes[0].client_initiated
    assert endpoint.read_errors == []
    assert endpoint.messages == ["hello", "hello again"]


async def test_server_closes(make_engine: MakeEngine) -> None:
    """gowse: "close is never echoed; TCP connection left in CLOSE_WAIT"."""

    async def close(peer: Peer) -> None:
        await peer.accept()
        await peer.send(CLOSE, close_frame(1012))
        await peer.read()

    endpoint = Recorder()
    async with RudeServer(close) as server:
        sockets = open_sockets()
        policy = ReconnectPolicy(initial_delay=3600, max_delay=3600)
        async with make_engine(server.url, endpoint, reconnect=policy) as engine:
            await until(lambda: engine.state is EngineState.WAITING)
            assert server.peers[0].frames == [(CLOSE, close_frame(1012))]
            await until(lambda: open_sockets() <= sockets, timeout=2)
    assert endpoint.calls == ["on_open", "on_close"]


async def test_server_closes_with_4001_bye(make_engine: MakeEngine) -> None:
    """gowse: "OnClose gets the library's error text (g), or 1006 (n)"."""

    async def bye(connection: ServerConnection) -> None:
        await connection.close(4001, "bye")

    endpoint = Recorder()
    async with PoliteServer(bye, echo) as server, make_engine(server.url, endpoint):
        await until(lambda: endpoint.restarting == [False, True])
        assert endpoint.closes == [Close(4001, "bye", client_initiated=False)]
        assert await server.seen_close(0) == (4001, "bye"), "the close frame is echoed"


async def test_client_initiated_flag_exists(make_engine: MakeEngine) -> None:
    """gowse: "documented, does not exist"."""

    async def close(connection: ServerConnection) -> None:
        await connection.close(1001)

    endpoint = Recorder()
    async with PoliteServer(close, listen) as server, make_engine(server.url, endpoint) as engine:
        await until(lambda: endpoint.restarting == [False, True])
        await until(lambda: engine.state is EngineState.OPEN)
        await engine.stop()
    assert [close.client_initiated for close in endpoint.closes] == [False, True]
