"""A pause takes effect at once, wherever it is asked for, and loses nothing."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from wsengine import ConnectionClosed, Endpoint, Engine, EngineStateError, Session
from wsengine.loading import load_adapter

from .conftest import MakeEngine
from .measuring import until
from .recorder import FAULT, FaultyAdapter, Recorder
from .rude import RudeServer, flood, speak
from .servers import PoliteServer, echo, greet
from .situations import SERVERS, ActsIn, bring_into

pytestmark = pytest.mark.usefixtures("nothing_held")


@pytest.mark.parametrize("backlog", [0, 4, 1024])
async def test_pauses_under_a_flood(make_engine: MakeEngine, backlog: int) -> None:
    """The pilot and the handlers together see every message once, and in order."""
    messages = 15_000
    seen: list[tuple[str, int]] = []

    class Handles(Endpoint):
        async def on_message(self, session: Session, message: Any) -> None:
            seen.append(("handler", int(message)))
            if int(message) % 50 == 0:
                await asyncio.sleep(0.001)

    async with (
        RudeServer(flood(messages)) as server,
        make_engine(server.url, Handles(), workers=4, backlog_messages=backlog) as engine,
    ):
        session = engine.session
        assert session is not None
        pauses, slowest = 0, 0.0
        while len(seen) < messages - 1000:
            began = time.perf_counter()
            async with session.paused() as connection:
                slowest = max(slowest, time.perf_counter() - began)
                piloted = [int(await connection.receive()) for _ in range(pauses % 40)]
                seen.extend(("pilot", number) for number in piloted)
            pauses += 1
            await asyncio.sleep(0.002)
        await until(lambda: len(seen) == messages, timeout=30)
    assert [number for _, number in seen] == list(range(messages))
    assert {who for who, _ in seen} == {"handler", "pilot"}
    assert slowest < 0.5, f"a pause took effect after {slowest:.2f} s only"


async def test_no_handler_starts_during_a_pause(make_engine: MakeEngine) -> None:
    class Busy(Recorder):
        done = 0

        async def on_message(self, session: Session, message: Any) -> None:
            super().on_message(session, message)
            await asyncio.sleep(0.05)
            self.done += 1

    endpoint = Busy()
    texts = [str(number) for number in range(20)]
    async with (
        PoliteServer(greet(*texts)) as server,
        make_engine(server.url, endpoint, workers=4) as engine,
    ):
        await until(lambda: len(endpoint.messages) >= 4)
        assert engine.session is not None
        async with engine.session.paused() as connection:
            started = len(endpoint.messages)
            await asyncio.sleep(0.2)
            assert endpoint.done == started, "running handlers go on"
            assert len(endpoint.messages) == started, "no new one starts"
            piloted = [await connection.receive() for _ in range(5)]
        await until(lambda: len(endpoint.messages) == 15)
    assert [*endpoint.messages[:started], *piloted, *endpoint.messages[started:]] == texts


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize(
    "where", ["on_open", "on_open of a restart", "on_message", "on_read_error", "on_close"]
)
async def test_pause_inside_a_callback(
    make_engine: MakeEngine, adapter: str, where: str, workers: int
) -> None:
    answers: list[Any] = []

    async def ask(engine: Engine) -> None:
        async with endpoint.sessions[-1].paused() as connection:
            await connection.send("question")
            answers.append(await connection.receive())

    endpoint = ActsIn(where, ask)
    faulty = FaultyAdapter(load_adapter(adapter))
    async with RudeServer(*SERVERS[where]) as server:
        engine = make_engine(server.url, endpoint, adapter=faulty, workers=workers)
        starting = await bring_into(where, engine, endpoint)
        await until(lambda: answers, timeout=2)
        await starting
        assert answers == ["question"], "the server echoes it"
        await until(lambda: engine.session is not None)
        await endpoint.sessions[-1].send("handled")
        await until(lambda: "handled" in endpoint.messages)
        assert "question" not in endpoint.messages


async def test_nested_pauses_of_one_task_are_refused(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(echo) as server,
        make_engine(server.url, endpoint) as engine,
        asyncio.timeout(2),
    ):
        session = endpoint.sessions[0]
        async with session.paused() as connection:
            with pytest.raises(EngineStateError, match="this task has paused the session already"):
                await session.paused().__aenter__()
            await connection.send("still works")
            assert await connection.receive() == "still works"
        with pytest.raises(EngineStateError, match="the pause is over"):
            await connection.receive()
        await session.send("to the handler")
        await until(lambda: endpoint.messages == ["to the handler"])
        assert engine.session is session


async def test_pauses_of_several_tasks_take_turns(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    inside = most_inside = 0

    async def ask(number: int) -> Any:
        nonlocal inside, most_inside
        async with endpoint.sessions[0].paused() as connection:
            inside += 1
            most_inside = max(most_inside, inside)
            await connection.send(f"question {number}")
            answer = await connection.receive()
            inside -= 1
        return answer

    async with (
        PoliteServer(echo) as server,
        make_engine(server.url, endpoint, workers=4),
        asyncio.timeout(5),
    ):
        answers = await asyncio.gather(*(ask(number) for number in range(20)))
    assert answers == [f"question {number}" for number in range(20)]
    assert most_inside == 1
    assert endpoint.messages == []


async def test_a_pause_that_is_given_up_leaves_no_trace(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with PoliteServer(echo) as server, make_engine(server.url, endpoint):
        session = endpoint.sessions[0]
        async with session.paused():
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.05):
                    await asyncio.create_task(session.paused().__aenter__())
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05), session.paused() as connection:
                await connection.receive()
        await session.send("hello")
        await until(lambda: endpoint.messages == ["hello"])


async def test_the_session_ends_during_a_pause(make_engine: MakeEngine) -> None:
    endpoint = Recorder()
    async with (
        RudeServer(speak("one", FAULT), speak("two")) as server,
        make_engine(server.url, endpoint) as engine,
    ):
        await until(lambda: len(endpoint.messages) == 2)
        async with asyncio.timeout(2), endpoint.sessions[0].paused() as connection:
            asyncio.get_running_loop().call_later(0.05, engine.restart)
            with pytest.raises(ConnectionClosed, match="1001"):
                await connection.receive()
        await until(lambda: "two" in endpoint.messages)
