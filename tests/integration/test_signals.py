"""Real signals: each is sent to this very process, whose own handlers only take notes."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any

import pytest

from wsengine import Endpoint, Engine, EngineConfig, EngineState
from wsengine.signals import stop_on_signals
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Hang

SIGNALS = (signal.SIGINT, signal.SIGTERM)
LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def _uvloop() -> asyncio.AbstractEventLoop:
    loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
    return loop


@pytest.fixture(params=[asyncio.SelectorEventLoop, _uvloop], ids=["asyncio", "uvloop"])
def run(request: pytest.FixtureRequest) -> Callable[[Coroutine[Any, Any, None]], None]:
    """Run a coroutine on a real event loop, of either kind."""

    def run_on_a_new_loop(main: Coroutine[Any, Any, None]) -> None:
        with asyncio.Runner(loop_factory=request.param) as runner:
            runner.run(asyncio.wait_for(main, 20))

    return run_on_a_new_loop


@pytest.fixture
def before() -> Iterator[list[int]]:
    """Notes of the handlers that stand before the engine's: no signal ends the tests."""
    notes: list[int] = []
    handlers = {number: signal.getsignal(number) for number in SIGNALS}
    for number in SIGNALS:
        signal.signal(number, lambda number, frame: notes.append(number))
    yield notes
    for number, handler in handlers.items():
        signal.signal(number, handler)


async def send(number: int) -> None:
    """Send a signal to this process, and give its handlers time to run."""
    os.kill(os.getpid(), number)
    for _ in range(20):
        await asyncio.sleep(0.001)


async def until(condition: Callable[[], object]) -> None:
    while not condition():  # noqa: ASYNC110 - there is no event to wait for
        await asyncio.sleep(0.005)


@pytest.mark.parametrize("first", SIGNALS)
@pytest.mark.parametrize("second", SIGNALS)
def test_the_first_stops_and_the_second_goes_to_the_handler_before(
    run: Callable[..., None], before: list[int], first: int, second: int
) -> None:
    stops: list[str] = []

    async def main() -> None:
        with stop_on_signals(lambda: stops.append("stop")):
            await send(first)
            assert (stops, before) == (["stop"], [])
            await send(second)
            assert (stops, before) == (["stop"], [second])

    run(main())


def test_afterwards_signals_go_where_they_went_before(
    run: Callable[..., None], before: list[int]
) -> None:
    stops: list[str] = []

    async def main() -> None:
        with stop_on_signals(lambda: stops.append("stop")):
            await asyncio.sleep(0)
        for number in SIGNALS:
            await send(number)

    run(main())
    assert (stops, before) == ([], list(SIGNALS))


def test_a_signal_wakes_a_loop_that_waits(run: Callable[..., None], before: list[int]) -> None:
    async def main() -> None:
        stopped = asyncio.Event()
        with stop_on_signals(stopped.set):
            asyncio.get_running_loop().call_later(0.05, os.kill, os.getpid(), signal.SIGTERM)
            async with asyncio.timeout(10):
                await stopped.wait()

    run(main())
    assert before == []


@pytest.mark.parametrize("number", SIGNALS)
def test_an_engine_that_runs_stops_gracefully(
    run: Callable[..., None], before: list[int], number: int
) -> None:
    closes: list[bool] = []

    class Noting(Endpoint):
        def on_close(self, session: object, close: Any) -> None:
            closes.append(close.client_initiated)

    async def main() -> None:
        engine = Engine("ws://scripted", Noting(), adapter=ScriptedAdapter())
        running = asyncio.create_task(engine.run())
        await until(lambda: engine.state is EngineState.OPEN)
        await send(number)
        await running
        assert engine.state is EngineState.STOPPED

    run(main())
    assert (closes, before) == ([True], [])


def test_a_dial_that_hangs_is_stopped_as_well(run: Callable[..., None], before: list[int]) -> None:
    async def main() -> None:
        adapter = ScriptedAdapter([Hang()])
        engine = Engine("ws://scripted", Endpoint(), adapter=adapter)
        running = asyncio.create_task(engine.run())
        await until(lambda: adapter.dials)
        await send(signal.SIGINT)
        await asyncio.wait({running})
        assert running.exception() is None  # that it was asked to stop is no failure
        assert engine.state is EngineState.STOPPED

    run(main())
    assert before == []


def test_ctrl_c_reaches_every_engine_that_runs(run: Callable[..., None], before: list[int]) -> None:
    async def main() -> None:
        config = EngineConfig(stop_timeout=1)
        engines = [
            Engine("ws://scripted", Endpoint(), adapter=ScriptedAdapter(), config=config)
            for _ in range(2)
        ]
        running = [asyncio.create_task(engine.run()) for engine in engines]
        await until(lambda: all(engine.state is EngineState.OPEN for engine in engines))
        try:
            await send(signal.SIGINT)
            await send(signal.SIGINT)  # at the latest
            states = [engine.state for engine in engines]
        finally:
            for engine in engines:
                engine.exit()
            await asyncio.gather(*running)
        assert states == [EngineState.STOPPED] * 2

    run(main())


def test_a_handler_of_the_loop_itself_works_again_afterwards(
    run: Callable[..., None], before: list[int]
) -> None:
    heard: list[str] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.add_signal_handler(signal.SIGTERM, heard.append, "SIGTERM")
        with stop_on_signals(lambda: None):
            await asyncio.sleep(0)
        await send(signal.SIGTERM)

    run(main())
    assert heard == ["SIGTERM"]
