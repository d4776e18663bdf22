"""What gowse does wrong with its read mutex; each docstring quotes what was measured there."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import Close, ConnectionClosed, Session
from wsengine.loading import load_adapter

from .conftest import MakeEngine
from .measuring import stopwatch, until
from .recorder import FAULT, FaultyAdapter, Recorder
from .servers import PoliteServer, echo, greet

pytestmark = pytest.mark.usefixtures("nothing_held")


@pytest.mark.parametrize("workers", [1, 4])
async def test_pause_from_outside_on_an_idle_connection(
    make_engine: MakeEngine, workers: int
) -> None:
    """gowse: "waits for the next messages (over 5 s) and lets two through first"."""
    endpoint = Recorder()
    async with (
        PoliteServer() as server,
        make_engine(server.url, endpoint, workers=workers) as engine,
    ):
        session = engine.session
        assert session is not None
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        async with asyncio.timeout(5), session.paused() as connection:
            paused_after = time.perf_counter() - began
            for number in range(5):
                await server.connections[0].send(f"piloted {number}")
            received = [await connection.receive() for _ in range(5)]
        assert paused_after < 0.5
        assert received == [f"piloted {number}" for number in range(5)]
        assert endpoint.messages == []
        await server.connections[0].send("handled")
        await until(lambda: endpoint.messages == ["handled"])


async def _ask_and_answer(connection: ServerConnection) -> None:
    for number in range(20):
        await connection.send(f"ask {number}")
        question = await connection.recv()
        await connection.send(f"answer to {question!s}")
        assert await connection.recv() == "thanks"
    await connection.send("the end")
    await connection.wait_closed()


async def test_pause_inside_on_message_with_four_workers(make_engine: MakeEngine) -> None:
    """gowse: "blocked, and the response goes to another worker's OnMessage"."""

    class Asks(Recorder):
        answers: list[Any]

        async def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            if message == "the end":
                return
            async with session.paused() as connection:
                await connection.send(f"question of {message}")
                self.answers.append(await connection.receive())
            await session.send("thanks")

    endpoint = Asks()
    endpoint.answers = []
    async with (
        PoliteServer(_ask_and_answer) as server,
        make_engine(server.url, endpoint, workers=4),
    ):
        await until(lambda: "the end" in endpoint.messages)
    assert endpoint.messages == [*(f"ask {number}" for number in range(20)), "the end"]
    assert endpoint.answers == [f"answer to question of ask {number}" for number in range(20)]


class PausesInOnClose(Recorder):
    farewell: Any = None

    async def on_close(self, session: Session, close: Close) -> None:
        super().on_close(session, close)
        try:
            async with session.paused() as connection:
                await connection.send("goodbye")
                self.farewell = await connection.receive()
        except ConnectionClosed as error:
            self.farewell = error.close


async def test_pause_inside_on_close_after_a_stop(make_engine: MakeEngine) -> None:
    """gowse: "deadlock"; here the connection may still be used for a last word."""
    endpoint = PausesInOnClose()
    async with PoliteServer(echo) as server:
        engine = make_engine(server.url, endpoint, stop_timeout=2)
        await engine.start()
        with stopwatch() as stopping:
            await engine.stop()
        assert await server.seen_close(0) == (1001, "")
    assert endpoint.farewell == "goodbye"
    assert stopping.seconds < 1


async def test_pause_inside_on_close_after_the_server_closed(make_engine: MakeEngine) -> None:
    """gowse: "deadlock"; here it is told that the connection is closed."""

    async def bye(connection: ServerConnection) -> None:
        await connection.close(4001, "bye")

    endpoint = PausesInOnClose()
    async with PoliteServer(bye, echo) as server, make_engine(server.url, endpoint):
        await until(lambda: len(endpoint.sessions) == 2, timeout=2)
        assert endpoint.farewell == Close(4001, "bye")


async def test_pause_inside_on_read_error(make_engine: MakeEngine, adapter: str) -> None:
    """gowse: "deadlock"."""

    class PausesInOnReadError(Recorder):
        piloted: Any = None

        async def on_read_error(self, session: Session, error: Exception) -> None:
            super().on_read_error(session, error)
            async with session.paused() as connection:
                self.piloted = await connection.receive()

    endpoint = PausesInOnReadError()
    faulty = FaultyAdapter(load_adapter(adapter))
    async with (
        PoliteServer(greet("one", FAULT, "two", "three")) as server,
        make_engine(server.url, endpoint, adapter=faulty),
    ):
        await until(lambda: "three" in endpoint.messages, timeout=2)
    assert endpoint.piloted == "two"
    assert endpoint.messages == ["one", "three"]
    assert len(endpoint.read_errors) == 1
