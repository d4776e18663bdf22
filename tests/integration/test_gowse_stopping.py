"""What gowse does wrong when it is told to stop; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import Close, EngineFailedError, EngineState, EngineStateError, Session

from .conftest import NEVER, MakeEngine
from .measuring import stopwatch, until
from .recorder import Recorder
from .rude import CLOSE, RudeServer, close_frame, ignore
from .servers import PoliteServer, echo, greet, listen

pytestmark = pytest.mark.usefixtures("nothing_held")


class ExitsInOnMessage(Recorder):
    def __init__(self, farewell: Close | None = None) -> None:
        super().__init__()
        self.farewell = farewell

    def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        session.exit()

    def on_close(self, session: Session, close: Close) -> Close | None:
        super().on_close(session, close)
        return self.farewell


@pytest.mark.parametrize(
    ("farewell", "seen"), [(None, (1001, "")), (Close(4002, "enough"), (4002, "enough"))]
)
async def test_exit_in_on_message(
    make_engine: MakeEngine, farewell: Close | None, seen: tuple[int, str]
) -> None:
    """gowse: "socket stays open, IsStarted stays true with no worker, the engine is unusable"."""
    endpoint = ExitsInOnMessage(farewell)
    async with PoliteServer(greet("exit now")) as server:
        engine = make_engine(server.url, endpoint)
        for number in range(2):
            await engine.start()
            await asyncio.wait_for(engine.wait_stopped(), 2)
            assert engine.state is EngineState.STOPPED
            assert await server.seen_close(number) == seen
        assert server.open_connections == 0
    assert endpoint.closes == [Close(1001, client_initiated=True)] * 2


async def test_exit_in_on_open(make_engine: MakeEngine) -> None:
    """gowse: "Start returns success with no worker and an open socket"."""

    class ExitsInOnOpen(Recorder):
        def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            session.exit()

    endpoint = ExitsInOnOpen()
    async with PoliteServer(greet("too late")) as server:
        engine = make_engine(server.url, endpoint)
        await engine.start()
        await asyncio.wait_for(engine.wait_stopped(), 2)
        assert await server.seen_close(0) == (1001, "")
    assert engine.state is EngineState.STOPPED
    assert engine.session is None
    assert endpoint.calls == ["on_open", "on_close"]


async def test_stop_during_a_retry_delay(make_engine: MakeEngine) -> None:
    """gowse: "blocked 300 s with default settings, for ever with time-outs disabled"."""
    async with PoliteServer() as server:
        engine = make_engine(server.url, Recorder(), reconnect=NEVER, stop_timeout=5)
        await engine.start()
        server.drop_all()
        await until(lambda: engine.state is EngineState.WAITING)
        with stopwatch() as stopping:
            await engine.stop()
    assert stopping.seconds < 0.3


async def test_stop_during_a_slow_on_open_of_a_restart(make_engine: MakeEngine) -> None:
    """gowse: "`StopTimeout` 0.5 s: returns after 8 s"."""

    class SlowToReopen(Recorder):
        async def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            if restarting:
                await asyncio.sleep(8)

    endpoint = SlowToReopen()
    async with PoliteServer() as server:
        engine = make_engine(server.url, endpoint, stop_timeout=0.5, open_timeout=10)
        await engine.start()
        engine.restart()
        await until(lambda: endpoint.restarting == [False, True])
        with stopwatch() as stopping:
            await engine.stop()
        assert stopping.seconds < 0.5 + 0.3
        await until(lambda: server.open_connections == 0)
    assert endpoint.calls.count("on_close") == 1, "only the first session was ever open"


@pytest.mark.one_adapter
async def test_stop_that_timed_out(make_engine: MakeEngine) -> None:
    """gowse: "the engine dials again and calls OnOpen afterwards; the next Stop deadlocks"."""
    let_go = asyncio.Event()

    class IgnoresCancellation(Recorder):
        async def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            while restarting and not let_go.is_set():
                try:
                    await let_go.wait()
                except asyncio.CancelledError:
                    continue

    endpoint = IgnoresCancellation()
    async with PoliteServer() as server:
        engine = make_engine(server.url, endpoint, stop_timeout=0.4)
        await engine.start()
        engine.restart()
        await until(lambda: endpoint.restarting == [False, True])
        with stopwatch() as stopping:
            await engine.stop()
            await engine.stop()
        assert stopping.seconds < 0.4 + 0.3
        assert engine.state is EngineState.STOPPED
        await asyncio.sleep(0.2)
        assert len(server.connections) == len(endpoint.sessions) == 2, "it dialled after the stop"
        let_go.set()
        await engine.start()
        assert endpoint.restarting == [False, True, False]
        await engine.stop()


async def test_stop_then_start_at_once(make_engine: MakeEngine) -> None:
    """gowse: "the old worker takes the new connection away"."""
    endpoint = Recorder()
    async with PoliteServer(echo) as server:
        engine = make_engine(server.url, endpoint, workers=4)
        for number in range(30):
            await engine.start()
            session = endpoint.sessions[-1]
            await session.send(f"message {number}")
            await until(lambda: len(endpoint.messages) == number + 1)  # noqa: B023
            assert engine.session is session
            await engine.stop()
        assert len(server.connections) == 30
    assert endpoint.messages == [f"message {number}" for number in range(30)]


async def test_server_ignores_the_close_frame(make_engine: MakeEngine) -> None:
    """gowse: "Stop returns, worker and socket remain"."""
    endpoint = Recorder()
    async with RudeServer(ignore) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=0.5)
        await engine.start()
        with stopwatch() as stopping:
            await engine.stop()
        assert stopping.seconds < 0.5 + 0.3
        async with asyncio.timeout(2):
            await server.peers[0].gone.wait()
        assert (CLOSE, close_frame(1001)) in server.peers[0].frames
    assert endpoint.calls == ["on_open", "on_close", "on_close_error"]
    assert isinstance(endpoint.close_errors[0], TimeoutError)


async def test_stop_while_on_message_runs(make_engine: MakeEngine) -> None:
    """gowse: "returns at once; OnMessage ends two seconds after OnClose"."""

    class SlowHandler(Recorder):
        async def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            await asyncio.sleep(0.2)
            await session.send("handled")
            self.calls.append("on_message is done")

    endpoint = SlowHandler()
    async with PoliteServer(greet("work")) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=5)
        await engine.start()
        await until(lambda: endpoint.messages)
        await engine.stop()
        assert endpoint.calls == ["on_open", "on_message", "on_message is done", "on_close"]
        assert await server.connections[0].recv() == "handled", "it could still send"


async def test_auto_reconnect_off_and_server_closes(make_engine: MakeEngine) -> None:
    """gowse: "no worker, but IsStarted stays true and Start is refused"."""

    async def close(connection: Any) -> None:
        await connection.close(1000, "done")

    async def fail(connection: Any) -> None:
        await connection.close(1011, "sorry")

    endpoint = Recorder()
    async with PoliteServer(close, fail, listen) as server:
        engine = make_engine(server.url, endpoint, reconnect=None)
        await engine.start()
        await asyncio.wait_for(engine.wait_stopped(), 2)
        assert engine.state is EngineState.STOPPED
        await engine.start()
        with pytest.raises(EngineFailedError, match=r"1011 INTERNAL_ERROR \(sorry\)"):
            await asyncio.wait_for(engine.wait_stopped(), 2)
        assert engine.state is EngineState.STOPPED
        await engine.start()
        assert engine.session is endpoint.sessions[2]
        await engine.stop()
    assert endpoint.restarting == [False, False, False]


async def test_a_second_start_is_refused(make_engine: MakeEngine) -> None:
    """gowse: "breaks `exit()` for good"."""
    async with PoliteServer() as server:
        engine = make_engine(server.url, Recorder())
        await engine.start()
        session = engine.session
        with pytest.raises(EngineStateError, match="idle or stopped; this one is open"):
            await engine.start()
        assert engine.session is session
        engine.exit()
        await asyncio.wait_for(engine.wait_stopped(), 2)
        assert await server.seen_close(0) == (1001, "")
