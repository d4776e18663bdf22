"""The demo's account of what it sees, against connections that a test has in its hands."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from rich.console import Console

from wsengine import ConnectError, Engine, EngineConfig
from wsengine.cli.demo import CONFIG, _verdict
from wsengine.cli.demo_endpoint import PACE, DemoEndpoint
from wsengine.cli.demo_faults import FAULTS, Count, Fault, Outcome
from wsengine.cli.demo_show import DemoShow
from wsengine.servers.echo import EchoServer
from wsengine.testing import Refuse, ScriptedAdapter, ScriptedConnection

NO_SERVER = EchoServer()
REFUSED = Refuse(ConnectError("ws://test: connection refused; is it running?"))


class Stage:
    """The demo's endpoint and engine on scripted connections."""

    def __init__(self) -> None:
        self.adapter = ScriptedAdapter()
        self.text = io.StringIO()
        clock = asyncio.get_running_loop().time
        show = DemoShow(clock, Console(file=self.text, width=100))
        self.endpoint = DemoEndpoint(show)
        config: EngineConfig = CONFIG
        self.engine = Engine("ws://test", self.endpoint, adapter=self.adapter, config=config)
        self.engine.watch(show.state)
        show.begin("ws://test")

    @property
    def connection(self) -> ScriptedConnection:
        return self.adapter.connection

    def fault(self, strike: Callable[[], object]) -> Fault:
        async def struck(server: EchoServer) -> None:
            strike()

        return Fault("a fault", "of the test", struck)

    async def live(self, *steps: Callable[[], Awaitable[Any]]) -> None:
        async with self.engine:
            talking = asyncio.create_task(self.endpoint.talk(self.engine))
            for step in steps:
                await step()
            talking.cancel()
            await asyncio.wait({talking})

    async def some_time(self) -> None:
        await asyncio.sleep(PACE * 3.5)

    async def echo(self) -> None:
        """Be the echo server for what is under way."""
        self.connection.feed(*(bytes(m) if not isinstance(m, str) else m for m in self.take()))
        await asyncio.sleep(PACE / 10)

    def take(self) -> list[Any]:
        taken, self.connection.sent[:] = list(self.connection.sent), []
        return taken


async def test_echoes_are_compared_with_what_was_sent() -> None:
    stage = Stage()
    await stage.live(stage.some_time, stage.echo)
    assert stage.endpoint.count == Count(sent=3, echoed=3, wrong=0)
    assert stage.endpoint.all_echoed.is_set()


@pytest.mark.parametrize(
    "answer",
    [
        lambda sent: [sent[1], sent[0]],
        lambda sent: [str(sent[0]).upper()],
        lambda sent: [sent[0].encode()],
    ],
    ids=["order", "content", "type"],
)
async def test_a_wrong_echo_is_not_well(answer: Callable[[list[Any]], list[Any]]) -> None:
    stage = Stage()

    async def answer_wrongly() -> None:
        stage.connection.feed(*answer(stage.take()))
        await asyncio.sleep(PACE / 10)

    await stage.live(stage.some_time, answer_wrongly)
    assert stage.endpoint.count.wrong > 0
    assert "wrong" in str(stage.endpoint.count)
    stage.endpoint.outcomes = [Outcome(fault, 0.0, seconds=1.0) for fault in FAULTS]
    assert not stage.endpoint.all_is_well


async def test_a_recovery_is_the_first_echo_on_another_connection() -> None:
    stage = Stage()
    began = 0.0

    async def live_through() -> None:
        nonlocal began
        began = asyncio.get_running_loop().time()
        lost = stage.connection
        stage.adapter.expect(REFUSED)
        fault = stage.fault(lost.lose)
        surviving = asyncio.create_task(stage.endpoint.live_through(fault, NO_SERVER))
        await asyncio.sleep(2)
        assert stage.connection is not lost
        assert not surviving.done(), "an open connection is no recovery yet"
        await stage.echo()
        outcome = await surviving
        assert outcome.close is not None
        assert outcome.close.code == 1006
        assert outcome.failed_dials == 1
        assert outcome.seconds == pytest.approx(asyncio.get_running_loop().time() - began, abs=PACE)

    await stage.live(stage.some_time, live_through)
    told = [line.split()[2] for line in stage.text.getvalue().splitlines() if " s  " in line]
    assert told == [
        *("dialling", "on_open"),
        *("on_close", "waiting", "dialling", "on_restart_error", "waiting", "dialling", "on_open"),
        *("recovered", "on_close", "stopped"),
    ]


async def test_what_was_under_way_when_it_broke_is_lost_and_counted() -> None:
    stage = Stage()

    async def lose() -> None:
        stage.connection.lose()
        await asyncio.sleep(5)

    await stage.live(stage.some_time, lose, stage.echo)
    count = stage.endpoint.count
    assert count.lost == 3
    assert count.sent == count.echoed + 3


async def test_an_end_of_our_own_is_not_taken_for_the_fault() -> None:
    stage = Stage()

    async def nothing_happens() -> None:
        fault = stage.fault(lambda: None)
        surviving = asyncio.create_task(stage.endpoint.live_through(fault, NO_SERVER))
        await asyncio.sleep(1)
        await stage.echo()
        assert not surviving.done()
        surviving.cancel()
        await asyncio.wait({surviving})

    await stage.live(nothing_happens)
    (outcome,) = stage.endpoint.outcomes
    assert (outcome.close, outcome.seconds) == (None, None)
    assert not stage.endpoint.all_is_well


def test_all_is_well_only_when_every_fault_was_survived() -> None:
    endpoint = DemoEndpoint(DemoShow(lambda: 0.0, Console(file=io.StringIO())))
    for number, fault in enumerate(FAULTS):
        assert not endpoint.all_is_well, number
        endpoint.outcomes.append(Outcome(fault, 0.0, seconds=1.0))
    assert endpoint.all_is_well
    endpoint.outcomes[1].seconds = None
    assert not endpoint.all_is_well


@pytest.mark.parametrize(
    ("ok", "in_time", "verdict"),
    [
        (True, True, "Every recovery was seen, within 8.8 s."),
        (False, False, "Not every recovery was seen within 20 s."),
        (False, True, "Ended before every recovery was seen."),
    ],
)
def test_the_verdict_says_what_was(ok: bool, in_time: bool, verdict: str) -> None:
    assert _verdict(ok, in_time=in_time, seconds=20.0, elapsed=8.76) == verdict
