"""stop() is bounded, whatever happens, and leaves nothing behind; afterwards start() works."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest

from wsengine import Close, Engine, EngineStartError, EngineState, Session
from wsengine.loading import load_adapter

from .conftest import NEVER, MakeEngine
from .measuring import Held, stopwatch, until
from .recorder import FaultyAdapter, Recorder
from .rude import CLOSE, RudeServer, close_frame, ignore, never_answer, speak, stop_reading
from .servers import PoliteServer, listen
from .situations import SERVERS, ActsIn, bring_into

pytestmark = pytest.mark.usefixtures("nothing_held")

STOP_TIMEOUT = 0.3
SLACK = 0.5
"""Seconds that a slow machine may take longer."""


class Stuck:
    """Something that never returns, until it is let go.

    Args:
        deaf: Whether it swallows cancellation, too.
    """

    def __init__(self, *, deaf: bool) -> None:
        self.let_go = asyncio.Event()
        self._deaf = deaf

    async def __call__(self, engine: Engine) -> None:
        while not self.let_go.is_set():
            try:
                await self.let_go.wait()
            except asyncio.CancelledError:
                if not self._deaf:
                    raise


async def stop_twice(engine: Engine, *, within: float) -> None:
    """Have two tasks stop an engine at the same time, and check what that takes."""
    with stopwatch() as stopping:
        await asyncio.gather(engine.stop(), engine.stop())
    assert stopping.seconds < within
    assert engine.state is EngineState.STOPPED
    assert engine.session is None


async def check_works(engine: Engine, endpoint: Recorder) -> None:
    """Start an engine again, have a message echoed, and stop it."""
    await engine.start()
    await endpoint.sessions[-1].send("again")
    await until(lambda: "again" in endpoint.messages)
    await engine.stop()


@pytest.mark.parametrize(
    "deaf",
    [
        pytest.param(False, id="obedient"),
        pytest.param(True, id="deaf", marks=pytest.mark.one_adapter),
    ],
)
@pytest.mark.parametrize("where", SERVERS)
async def test_stop_while_a_callback_never_returns(
    make_engine: MakeEngine, adapter: str, where: str, deaf: bool
) -> None:
    stuck = Stuck(deaf=deaf)
    endpoint = ActsIn(where, stuck)
    faulty = FaultyAdapter(load_adapter(adapter))
    async with RudeServer(*SERVERS[where]) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, adapter=faulty, stop_timeout=STOP_TIMEOUT)
        starting = await bring_into(where, engine, endpoint)
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
        outcome = (await asyncio.gather(starting, return_exceptions=True))[0]
        assert isinstance(outcome, EngineStartError) == (where == "on_open")
        if not deaf:
            await held.check_nothing_added()
        for peer in server.peers:
            assert not peer.accepted or (CLOSE, close_frame(1001)) in peer.frames
        stuck.let_go.set()
        await check_works(engine, endpoint)
        await held.check_nothing_added()


async def test_stop_begins_an_on_close_that_never_returns(make_engine: MakeEngine) -> None:
    endpoint = ActsIn("on_close", Stuck(deaf=False))
    async with PoliteServer(listen) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=STOP_TIMEOUT)
        await engine.start()
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
        assert await server.seen_close(0) == (1001, ""), "the close frame is sent all the same"


async def test_a_handler_that_swallows_one_cancellation(make_engine: MakeEngine) -> None:
    async def swallow_one(engine: Engine) -> None:
        try:
            await asyncio.sleep(3600)
        except asyncio.CancelledError:
            await asyncio.sleep(0)

    endpoint = ActsIn("on_message", swallow_one)
    async with RudeServer(*SERVERS["on_message"]) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, stop_timeout=STOP_TIMEOUT)
        await bring_into("on_message", engine, endpoint)
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
        await held.check_nothing_added()
        assert endpoint.closes == [Close(1001, client_initiated=True)]
        await check_works(engine, endpoint)


async def test_stop_while_a_dial_is_not_answered(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with RudeServer(never_answer, speak()) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, stop_timeout=5, open_timeout=60)
        starting = asyncio.create_task(engine.start())
        await until(lambda: server.peers)
        await stop_twice(engine, within=0.3)
        with pytest.raises(EngineStartError, match="asked to stop before"):
            await starting
        await held.check_nothing_added()
        await check_works(engine, endpoint)


async def test_stop_while_a_redial_is_not_answered(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with RudeServer(speak(), never_answer, speak()) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, stop_timeout=5, open_timeout=60)
        await engine.start()
        engine.restart()
        await until(lambda: len(server.peers) == 2)
        await stop_twice(engine, within=0.3)
        await held.check_nothing_added()
        await check_works(engine, endpoint)


async def test_stop_during_a_retry_delay_of_an_hour(make_engine: MakeEngine) -> None:
    async def hang_up(peer: Any) -> None:
        await peer.accept()

    endpoint = Recorder()
    async with RudeServer(hang_up, speak()) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, stop_timeout=5, reconnect=NEVER)
        await engine.start()
        await until(lambda: engine.state is EngineState.WAITING)
        await stop_twice(engine, within=0.3)
        await held.check_nothing_added()
        await check_works(engine, endpoint)


async def test_stop_while_the_server_does_not_answer_the_close_frame(
    make_engine: MakeEngine,
) -> None:
    endpoint = Recorder()
    async with RudeServer(ignore, speak()) as server:
        held = Held.now()
        engine = make_engine(server.url, endpoint, stop_timeout=STOP_TIMEOUT)
        await engine.start()
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
        await held.check_nothing_added()
        assert server.peers[0].gone.is_set()
        await check_works(engine, endpoint)


async def test_stop_while_the_server_reads_nothing(make_engine: MakeEngine) -> None:
    """The transport's buffer is full, so that not even the close frame gets out."""

    class Floods(Recorder):
        async def on_open(self, session: Session, *, restarting: bool) -> None:
            super().on_open(session, restarting=restarting)
            self.sending = asyncio.create_task(self.send(session))

        async def send(self, session: Session) -> None:
            while True:
                await session.send(bytes(1024 * 1024))

    endpoint = Floods()
    async with RudeServer(stop_reading) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=STOP_TIMEOUT)
        await engine.start()
        await asyncio.sleep(0.1)
        assert not endpoint.sending.done()
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
        async with asyncio.timeout(1):
            outcome = (await asyncio.gather(endpoint.sending, return_exceptions=True))[0]
        assert isinstance(outcome, ConnectionError), "whoever was sending is told"


async def test_on_close_error_has_time_of_its_own(make_engine: MakeEngine) -> None:
    """It is called when the close took all the time there was; it may still wait a little."""

    async def wait_a_little(engine: Engine) -> None:
        await asyncio.sleep(0)
        await asyncio.sleep(0.001)
        done.set()

    done = asyncio.Event()
    endpoint = ActsIn("on_close_error", wait_a_little)
    async with RudeServer(ignore) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=STOP_TIMEOUT)
        await engine.start()
        await stop_twice(engine, within=STOP_TIMEOUT + SLACK)
    assert endpoint.acting.is_set()
    assert done.is_set(), "on_close_error was cancelled at its first wait"


Stopping = Callable[[Engine], Coroutine[Any, Any, None]]


async def directly(engine: Engine) -> None:
    await engine.stop()


async def through_wait_for(engine: Engine) -> None:
    await asyncio.wait_for(engine.stop(), 60)


async def through_a_task_group(engine: Engine) -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(engine.stop())
        group.create_task(engine.stop())


@pytest.mark.parametrize(
    "stop",
    [
        directly,
        pytest.param(through_wait_for, marks=pytest.mark.one_adapter),
        pytest.param(through_a_task_group, marks=pytest.mark.one_adapter),
    ],
)
@pytest.mark.parametrize("where", SERVERS)
async def test_stop_inside_a_callback(
    make_engine: MakeEngine, adapter: str, where: str, stop: Stopping
) -> None:
    took: list[float] = []

    async def stop_here(engine: Engine) -> None:
        with stopwatch() as stopping:
            await stop(engine)
        took.append(stopping.seconds)

    endpoint = ActsIn(where, stop_here)
    faulty = FaultyAdapter(load_adapter(adapter))
    async with RudeServer(*SERVERS[where]) as server:
        engine = make_engine(server.url, endpoint, adapter=faulty, stop_timeout=STOP_TIMEOUT)
        starting = await bring_into(where, engine, endpoint)
        await asyncio.wait_for(engine.wait_stopped(), 2)
        await asyncio.gather(starting, return_exceptions=True)
        assert len(took) == 1
        assert took[0] < 0.3, "it does not wait for itself"
        assert len(endpoint.closes) == len(endpoint.sessions)
        await check_works(engine, endpoint)
