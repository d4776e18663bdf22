"""The ends of engine.run(): Ctrl-C, cancellation, the engine's own."""

from __future__ import annotations

import asyncio
import signal
import sys
from asyncio.subprocess import PIPE, Process
from pathlib import Path

import pytest

from wsengine import Close, EngineFailedError, EngineState

from .conftest import NEVER, MakeEngine
from .measuring import stopwatch, until
from .recorder import Recorder
from .rude import RudeServer, never_answer
from .servers import PoliteServer, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


async def start_child(url: str) -> Process:
    """Start a script that runs an engine."""
    module = "tests.integration.child_engine"
    root = Path(__file__).parents[2]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", module, url, cwd=root, stdout=PIPE, stderr=PIPE
    )


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGINT for one process")
async def test_ctrl_c() -> None:
    async with PoliteServer(greet("work")) as server:
        child = await start_child(server.url)
        assert child.stdout is not None
        try:
            async with asyncio.timeout(20):
                assert await child.stdout.readline() == b"open\n"
                assert await child.stdout.readline() == b"message\n"
                child.send_signal(signal.SIGINT)
                with stopwatch() as stopping:
                    output, errors = await child.communicate()
        finally:
            if child.returncode is None:
                child.kill()
                await child.wait()
        assert output.decode().splitlines() == ["message handled", "close 1001 True", "stopped"]
        assert errors == b""
        assert child.returncode == 0
        assert stopping.seconds < 2
        assert await server.seen_close(0) == (1001, "")


async def test_cancelling_run(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with PoliteServer() as server:
        engine = make_engine(server.url, endpoint)
        running = asyncio.create_task(engine.run())
        await until(lambda: engine.state is EngineState.OPEN)
        running.cancel()
        await asyncio.wait({running}, timeout=2)
        assert running.cancelled()
        assert engine.session is None
        assert endpoint.closes == [Close(1001, client_initiated=True)]
        assert await server.seen_close(0) == (1001, "")


async def test_cancelling_run_during_the_dial(make_engine: MakeEngine) -> None:
    async with RudeServer(never_answer) as server:
        engine = make_engine(server.url, Recorder(), open_timeout=60)
        running = asyncio.create_task(engine.run())
        await until(lambda: server.peers)
        with stopwatch() as stopping:
            running.cancel()
            await asyncio.wait({running}, timeout=2)
        assert running.cancelled()
        assert stopping.seconds < 0.3
        assert engine.state is EngineState.STOPPED


async def test_run_returns_after_an_exit(make_engine: MakeEngine) -> None:
    async with PoliteServer() as server:
        engine = make_engine(server.url, Recorder())
        running = asyncio.create_task(engine.run())
        await until(lambda: engine.state is EngineState.OPEN)
        engine.exit()
        await asyncio.wait_for(running, 2)
        assert engine.state is EngineState.STOPPED


async def test_run_raises_a_fatal_end(make_engine: MakeEngine) -> None:
    async with PoliteServer() as server:
        engine = make_engine(server.url, Recorder())
        running = asyncio.create_task(engine.run())
        await until(lambda: engine.state is EngineState.OPEN)
        await server.connections[0].close(1008, "not you")
        with pytest.raises(EngineFailedError, match=r"1008 POLICY_VIOLATION \(not you\)"):
            await asyncio.wait_for(running, 2)


async def test_restart_between_two_dials(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(greet("hello")) as server,
        make_engine(server.url, endpoint, reconnect=NEVER) as engine,
    ):
        await until(lambda: endpoint.messages == ["hello"])
        server.drop_all()
        await until(lambda: engine.state is EngineState.WAITING)
        engine.restart()
        await until(lambda: endpoint.messages == ["hello", "hello"], timeout=2)


async def test_restart_at_every_moment(make_engine: MakeEngine) -> None:
    """Requests from outside, with every distance between them, never confuse the engine."""
    endpoint = Recorder()
    async with (
        PoliteServer(greet("hello")) as server,
        make_engine(server.url, endpoint, workers=2) as engine,
    ):
        for number in range(60):
            engine.restart()
            await asyncio.sleep(number * 0.0002)
        await until(lambda: engine.state is EngineState.OPEN)
        await asyncio.sleep(0.05)
        await until(lambda: engine.state is EngineState.OPEN)
        await until(lambda: server.open_connections == 1)
    assert len(endpoint.closes) == len(endpoint.sessions) == len(server.connections)
