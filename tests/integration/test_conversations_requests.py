"""Requests by the thousand, and what becomes of those that get no reply in time."""

from __future__ import annotations

import asyncio
import json
import random
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    Close,
    ConfigError,
    ConnectionClosed,
    EngineState,
    EngineStateError,
    RequestTimeoutError,
    Session,
)

from .conftest import NEVER
from .loops import HAS_UVLOOP, loop_factory
from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations import conversing

pytestmark = pytest.mark.usefixtures("nothing_held")

MANY = 10_000
FLOOD = 300
"""Messages that stand before a reply; many more than the backlog may hold."""


class Holding:
    """A server that keeps requests until it is told to answer them.

    Attributes:
        held: The requests that it has, each with the connection that it came on.
    """

    def __init__(self) -> None:
        self.held: list[tuple[ServerConnection, Any]] = []

    async def __call__(self, connection: ServerConnection) -> None:
        async for text in connection:
            self.held.append((connection, json.loads(text)))

    async def answer(self) -> None:
        """Answer all of them, in the order in which they are held."""
        while self.held:
            connection, request = self.held.pop(0)
            await connection.send(json.dumps({"id": request["id"], "echo": request}))


async def test_ten_thousand_in_flight_with_one_worker(adapter: str) -> None:
    """The replies come in any order, and each finds its own request."""
    holding, endpoint = Holding(), Recorder()
    async with (
        PoliteServer(holding) as server,
        conversing(server.url, endpoint, adapter, workers=1) as engine,
    ):
        asked = [asyncio.create_task(engine.request({"n": n}, timeout=50)) for n in range(MANY)]
        await until(lambda: len(holding.held) == MANY, timeout=40)
        assert engine.session is not None
        assert engine.session.stats().requests_in_flight == MANY
        random.Random(7).shuffle(holding.held)
        await holding.answer()
        replies = await asyncio.gather(*asked)
        assert [reply["echo"]["n"] for reply in replies] == list(range(MANY))
        stats = engine.session.stats()
        assert (stats.requests_in_flight, stats.replies_unmatched) == (0, 0)
    assert endpoint.messages == []


class Flooding:
    """A server that sends a flood of messages before each reply."""

    async def __call__(self, connection: ServerConnection) -> None:
        async for text in connection:
            request = json.loads(text)
            flood = request.get("flood", 0)
            for number in range(flood):
                await connection.send(json.dumps({"n": number}))
            await connection.send(json.dumps({"id": request["id"]}))


class AsksOverTheFlood(Recorder):
    """Asks in `on_open`, and in the handler of the first message that comes."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Any] = []
        self.overlapping = 0
        self._handling = 0

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        self.replies.append(await session.request({"flood": FLOOD}, timeout=PATIENCE))
        assert self.messages == []
        super().on_open(session, restarting=restarting)

    async def on_message(self, session: Session, message: Any) -> None:
        self.overlapping += self._handling
        self._handling += 1
        super().on_message(session, message)
        if len(self.messages) == 1:
            self.replies.append(await session.request({"flood": FLOOD}, timeout=PATIENCE))
        self._handling -= 1


async def test_a_reply_behind_more_than_the_backlog_holds(adapter: str) -> None:
    """One worker asks in `on_open` and in `on_message`; reading goes on until the reply comes."""
    endpoint = AsksOverTheFlood()
    async with (
        PoliteServer(Flooding()) as server,
        conversing(server.url, endpoint, adapter, workers=1, backlog_messages=2),
    ):
        await until(lambda: len(endpoint.messages) == 2 * FLOOD)
    assert endpoint.replies == [{"id": 1}, {"id": 2}]
    assert endpoint.messages == [{"n": n} for n in range(FLOOD)] * 2
    assert endpoint.overlapping == 0
    assert endpoint.calls[0] == "on_open"


@pytest.mark.parametrize(
    ("how", "expected"),
    [
        ("drop", Close(1006)),
        ("close", Close(4001, "as you wish")),
        ("restart", Close(1001, client_initiated=True)),
        ("stop", Close(1001, client_initiated=True)),
    ],
)
async def test_the_end_of_the_session_fails_all_that_wait(
    adapter: str, how: str, expected: Close
) -> None:
    """At once, in callbacks and outside, and each is told how the session ended."""
    holding, inside = Holding(), asyncio.get_running_loop().create_future()

    class AsksInside(Recorder):
        async def on_message(self, session: Session, message: Any) -> None:
            try:
                await session.request({"from": "inside"}, timeout=None)
            except ConnectionClosed as error:
                inside.set_result(error.close)

    async with (
        PoliteServer(holding) as server,
        conversing(server.url, AsksInside(), adapter) as engine,
    ):
        asked = [asyncio.create_task(engine.request({"n": n}, timeout=60)) for n in range(20)]
        await until(lambda: len(holding.held) == 20)
        connection = server.connections[0]
        await connection.send('{"ask": "inside"}')
        await until(lambda: len(holding.held) == 21)
        session = engine.session
        assert session is not None
        match how:
            case "drop":
                server.drop_all()
            case "close":
                await connection.close(4001, "as you wish")
            case "restart":
                engine.restart()
            case _:
                await engine.stop()
        async with asyncio.timeout(PATIENCE):
            outcomes = await asyncio.gather(*asked, return_exceptions=True)
            closes = [await inside]
        for outcome in outcomes:
            assert isinstance(outcome, ConnectionClosed)
            closes.append(outcome.close)
        told = {(close.code, close.client_initiated) for close in closes}
        assert told == {(expected.code, expected.client_initiated)}
        assert how != "close" or {close.reason for close in closes} == {expected.reason}
        assert session.stats().requests_in_flight == 0


async def test_late_forgotten_and_doubled_requests(adapter: str) -> None:
    """A time-out, a cancellation, and an id that is in flight; what the server says after all."""
    holding, endpoint = Holding(), Recorder()
    async with (
        PoliteServer(holding) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        session = engine.session
        assert session is not None
        began = time.perf_counter()
        with pytest.raises(RequestTimeoutError, match=r"no reply to request 'late' within ") as no:
            await session.request({"id": "late"}, timeout=0.05)
        took = time.perf_counter() - began
        assert no.value.request_id == "late"
        assert 0.049 <= no.value.age <= took + 0.001  # it is rounded

        cancelled = asyncio.create_task(session.request({"id": "cancelled"}, timeout=60))
        twice = asyncio.create_task(session.request({"id": "twice"}, timeout=60))
        await until(lambda: len(holding.held) == 3)
        with pytest.raises(ConfigError, match="request id 'twice': another request"):
            await session.request({"id": "twice"}, timeout=60)
        cancelled.cancel()
        await asyncio.wait([cancelled])
        assert cancelled.cancelled()
        assert session.stats().requests_in_flight == 1

        await holding.answer()
        assert (await twice)["id"] == "twice"
        await until(lambda: len(endpoint.messages) == 2)
        assert [message["id"] for message in endpoint.messages] == ["late", "cancelled"]
        stats = session.stats()
        assert (stats.requests_in_flight, stats.replies_unmatched) == (0, 2)
        again = asyncio.create_task(session.request({"id": "twice"}, timeout=60))
        await until(lambda: len(holding.held) == 1)  # the one that was refused was never sent
        await holding.answer()
        assert (await again)["id"] == "twice"


async def test_the_engine_waits_for_a_session_to_ask(adapter: str) -> None:
    """Within the time-out of the request, and not longer than the engine runs."""
    holding = Holding()
    async with (
        PoliteServer(holding) as server,
        conversing(server.url, Recorder(), adapter, reconnect=NEVER) as engine,
    ):
        server.drop_all()
        await until(lambda: engine.state is EngineState.WAITING)
        with pytest.raises(RequestTimeoutError, match="s: request 'early' was not sent"):
            await engine.request({"id": "early"}, timeout=0.02)
        asked = asyncio.create_task(engine.request({"id": "waits"}, timeout=PATIENCE))
        await asyncio.sleep(0.02)
        engine.restart()
        await until(lambda: holding.held)
        await holding.answer()
        assert (await asked)["id"] == "waits"  # and the one that was too early was never sent
        server.drop_all()
        await until(lambda: engine.state is EngineState.WAITING)
        asked = asyncio.create_task(engine.request({"id": "in vain"}, timeout=60))
        await asyncio.sleep(0)
        await engine.stop()
        with pytest.raises(EngineStateError, match="needs a running engine"):
            await asked


@pytest.mark.one_adapter
@pytest.mark.skipif(not HAS_UVLOOP, reason="needs uvloop, whose timers these are")
def test_one_time_out_is_due_while_another_request_begins(adapter: str) -> None:
    """On uvloop, where `call_at` returns no `TimerHandle` for what is due within half a ms."""

    async def program() -> list[Any]:
        async with (
            PoliteServer(Holding()) as server,
            conversing(server.url, Recorder(), adapter) as engine,
        ):
            assert engine.session is not None
            request = engine.session.request
            asking = [request({}, timeout=seconds) for seconds in (0.0001, 0.05)]
            return await asyncio.gather(*asking, return_exceptions=True)

    with asyncio.Runner(loop_factory=loop_factory("uvloop")) as runner:
        outcomes = runner.run(program())
    assert [type(outcome) for outcome in outcomes] == [RequestTimeoutError] * 2
