"""What gowse does wrong when it starts; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
import contextvars
from typing import Any

import pytest

from wsengine import EngineStartError, EngineState, OpenTimeoutError, Session

from .conftest import MakeEngine
from .measuring import stopwatch, until
from .recorder import Recorder
from .rude import RudeServer, never_answer
from .servers import PoliteServer, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


class SlowOnOpen(Recorder):
    """Its first `on_open` takes some seconds."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds = seconds
        self.opened = 0

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        super().on_open(session, restarting=restarting)
        if len(self.sessions) == 1:
            await asyncio.sleep(self.seconds)
        self.opened += 1


@pytest.mark.one_adapter
async def test_start_timeout_in_on_open(make_engine: MakeEngine) -> None:
    """gowse: "error text 'failed to start: <nil>'; OnOpen still completes later"."""
    endpoint = SlowOnOpen(0.7)
    async with PoliteServer() as server:
        engine = make_engine(server.url, endpoint, open_timeout=0.4)
        with pytest.raises(EngineStartError) as failed:
            await engine.start()
        assert str(failed.value) == (
            f"could not start: {server.url}: on_open did not end within 0.4 s (open_timeout)"
        )
        assert isinstance(failed.value.__cause__, OpenTimeoutError)
        assert engine.state is EngineState.STOPPED
        await server.seen_close(0)
        await asyncio.sleep(0.4)
        assert endpoint.opened == 0
        assert endpoint.calls == ["on_open"]
        await engine.start()
        assert (endpoint.opened, server.open_connections) == (1, 1)
        await engine.stop()


async def test_start_timeout_in_the_dial(make_engine: MakeEngine) -> None:
    """gowse: "error text 'failed to start: <nil>' ... and the engine counts as started"."""
    endpoint = Recorder()
    async with RudeServer(never_answer) as server:
        engine = make_engine(server.url, endpoint, open_timeout=0.1)
        with pytest.raises(EngineStartError) as failed:
            await engine.start()
        assert str(failed.value) == (
            f"could not start: {server.url}: the dial did not end within 0.1 s (open_timeout)"
        )
        assert engine.state is EngineState.STOPPED
    assert endpoint.calls == []


async def test_cancelling_start(make_engine: MakeEngine) -> None:
    """gowse: "cancelling Start's context does nothing"."""
    endpoint = Recorder()
    async with RudeServer(never_answer) as server:
        engine = make_engine(server.url, endpoint, open_timeout=60)
        starting = asyncio.create_task(engine.start())
        await until(lambda: server.peers)
        with stopwatch() as cancelling:
            starting.cancel()
            await asyncio.wait({starting})
        assert starting.cancelled()
        assert cancelling.seconds < 0.3
        assert engine.state is EngineState.STOPPED
    assert endpoint.calls == []


@pytest.mark.one_adapter
async def test_timeout_around_start(make_engine: MakeEngine) -> None:
    """gowse: "cancelling Start's context does nothing", here by `asyncio.timeout`."""
    endpoint = SlowOnOpen(10)
    async with PoliteServer() as server:
        engine = make_engine(server.url, endpoint, open_timeout=60)
        with pytest.raises(TimeoutError), stopwatch() as starting:
            async with asyncio.timeout(0.4):
                await engine.start()
        assert starting.seconds < 0.4 + 0.5 + 0.3, "the time-out, and then stop_timeout"
        assert engine.state is EngineState.STOPPED
        await server.seen_close(0)
        await engine.start()
        assert engine.session is endpoint.sessions[1]
        await engine.stop()


async def test_contexts_of_callbacks(make_engine: MakeEngine) -> None:
    """gowse: "documented states of callback contexts are wrong"; handlers have a fresh one."""
    caller: contextvars.ContextVar[str] = contextvars.ContextVar("caller", default="nobody")
    seen: list[str] = []

    class LooksAround(Recorder):
        def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            seen.append(f"on_open of {caller.get()}")

        def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            seen.append(f"on_message of {caller.get()}")

    caller.set("start")
    endpoint = LooksAround()
    async with PoliteServer(greet("hello")) as server, make_engine(server.url, endpoint):
        await until(lambda: endpoint.messages)
    assert seen == ["on_open of start", "on_message of nobody"]


async def test_state_inside_on_open(make_engine: MakeEngine) -> None:
    """gowse, of IsStarted inside OnOpen: "deadlock until the time-out"."""

    class LooksAtItself(Recorder):
        seen: tuple[EngineState, Session | None] | None = None

        def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            self.seen = (session.engine.state, session.engine.session)

    endpoint = LooksAtItself()
    async with PoliteServer() as server, make_engine(server.url, endpoint) as engine:
        assert endpoint.seen == (EngineState.OPENING, None)
        assert engine.state is EngineState.OPEN
        assert engine.session is endpoint.sessions[0]
