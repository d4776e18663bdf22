"""What a handler returns or yields is sent."""

from __future__ import annotations

import asyncio
import functools
import itertools
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from wsengine import Endpoint, EngineState, Session
from wsengine.handlers import Handlers
from wsengine.testing import Accept, CloseWith, Delay

from .test_handlers import feed
from .tools import make, now


def generated(session: Session, message: str) -> Iterator[str | None]:
    yield f"{message} 1"
    yield None
    yield f"{message} 2"


async def generated_async(session: Session, message: str) -> AsyncIterator[str | None]:
    yield f"{message} 1"
    await asyncio.sleep(5)
    yield None
    yield f"{message} 2"


async def later(session: Session, message: str) -> str:
    await asyncio.sleep(5)
    return f"{message} 1"


class Callable:
    async def __call__(self, session: Session, message: str) -> str:
        return f"{message} 1"


@pytest.mark.parametrize(
    ("handler", "sent"),
    [
        (lambda session, message: f"{message} 1", ["a 1", "b 1"]),
        (lambda session, message: message.encode(), [b"a", b"b"]),
        (lambda session, message: "", ["", ""]),
        (lambda session, message: None, []),
        (lambda session, message: later(session, message), ["a 1", "b 1"]),
        (lambda session, message: asyncio.ensure_future(later(session, message)), ["a 1", "b 1"]),
        (later, ["a 1", "b 1"]),
        (generated, ["a 1", "a 2", "b 1", "b 2"]),
        (generated_async, ["a 1", "a 2", "b 1", "b 2"]),
        (functools.partial(later), ["a 1", "b 1"]),
        (Callable(), ["a 1", "b 1"]),
    ],
)
async def test_what_a_handler_returns_or_yields_is_sent(handler: Any, sent: list[Any]) -> None:
    endpoint = Endpoint()
    endpoint.on_message(handler)
    engine, adapter = make(endpoint, Accept("a", "b"))
    async with engine:
        await asyncio.sleep(30)
    assert adapter.connection.sent == sent


async def test_a_handler_that_is_annotated_to_answer_nothing_is_called_as_it_is() -> None:
    handlers = Handlers()

    async def handler(session: Session, message: str) -> None: ...

    handlers.add_for_messages(handler, None, None)
    assert handlers.on_message is handler
    handlers.add_for_messages(later, str, None)
    assert handlers.on_message is not handler
    handler.__annotations__["return"] = None  # as it is without annotations from the future
    evaluated, answering = Handlers(), Handlers()
    evaluated.add_for_messages(handler, None, None)
    assert evaluated.on_message is handler
    answering.add_for_messages(later, None, None)
    assert answering.on_message is not later


async def test_an_answer_that_cannot_be_sent_is_an_error_of_the_callback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Endpoint()
    endpoint.on_message(lambda session, message: {"not": message} if message == "a" else message)
    assert (await feed(endpoint, "a", "b")).sent == ["b"]
    assert "on_message" in caplog.text
    assert "TypeError" in caplog.text


async def test_a_generator_is_closed_when_its_answers_are_cut_off() -> None:
    endpoint = Endpoint()
    ended: list[tuple[str, bool]] = []

    @endpoint.on_message(when=lambda message: message == "async")
    async def slowly(session: Session, message: str) -> AsyncIterator[Any]:
        task = asyncio.current_task()
        try:
            yield "more"
            yield 5  # cannot be sent
        finally:
            await asyncio.sleep(0)
            ended.append((message, asyncio.current_task() is task))  # not left to the collector

    @endpoint.on_message(when=lambda message: message == "plain")
    def at_once(session: Session, message: str) -> Iterator[Any]:
        try:
            yield "more"
            yield 5
        finally:
            ended.append((message, True))

    assert (await feed(endpoint, "async", "plain")).sent == ["more", "more"]
    assert ended == [("async", True), ("plain", True)]


async def many(session: Session, message: str) -> AsyncIterator[str]:
    await asyncio.sleep(5)
    for number in range(3):
        yield f"{message} {number}"


async def many_at_once(session: Session, message: str) -> Any:
    await asyncio.sleep(5)
    return (f"{message} {number}" for number in range(3))


@pytest.mark.parametrize(
    ("handler", "sent"),
    [
        (later, ["b 1"]),
        (many, ["b 0", "b 1", "b 2"]),
        (many_at_once, ["b 0", "b 1", "b 2"]),
    ],
)
async def test_an_answer_that_comes_too_late_is_no_error(
    handler: Any, sent: list[str], caplog: pytest.LogCaptureFixture
) -> None:
    endpoint = Endpoint()
    endpoint.on_message(handler)
    script = [Accept("a", Delay(1), CloseWith(1012)), Accept("b")]
    engine, adapter = make(endpoint, *script, on_endpoint_error="exit")
    with caplog.at_level(logging.INFO, "wsengine.answers"):
        async with engine:
            await asyncio.sleep(20)
            assert engine.state is EngineState.OPEN
    assert [connection.sent for connection in adapter.connections] == [[], sent]
    assert caplog.text.count("an answer was not sent: connection closed by the server: 1012") == 1
    assert "Traceback" not in caplog.text


async def test_a_connection_that_closes_in_the_handler_itself_ends_it_without_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")
    endpoint = Endpoint()

    @endpoint.on_message
    async def handler(session: Session, message: str) -> str:
        await asyncio.sleep(2)
        await session.send("own")
        return "answer"

    engine, adapter = make(endpoint, Accept("a", Delay(1), CloseWith(1012)))
    async with engine:
        await asyncio.sleep(20)
    assert adapter.connections[0].sent == []
    assert "Traceback" not in caplog.text
    assert "on_message ended with the connection" in caplog.text


@pytest.mark.parametrize("value", ["x", None])
@pytest.mark.parametrize("how", ["exit", "restart"])
async def test_an_exit_or_restart_ends_endless_answers_at_the_next_one(
    how: str, value: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    endpoint, ended = Endpoint(), list[float]()

    @endpoint.on_message
    async def endless(session: Session, message: str) -> AsyncIterator[str | None]:
        try:
            while True:
                yield value
                await asyncio.sleep(1)
        finally:
            await asyncio.sleep(0)
            ended.append(now())

    caplog.set_level(logging.INFO, "wsengine.answers")
    engine, adapter = make(endpoint, Accept("a"), stop_timeout=20.0)
    async with engine:
        await asyncio.sleep(1.5)
        getattr(engine, how)()
        await asyncio.sleep(1)
        assert ended == [2.0]
    # What it had made when it was ended is sent, as anything may be until `on_close` is done.
    assert adapter.connections[0].sent == ([] if value is None else [value] * 3)
    assert adapter.connections[0].close_sent == (1001, "")
    assert "no more answers are asked for" in caplog.text


async def test_a_last_answer_after_an_exit_of_its_own_is_sent() -> None:
    endpoint = Endpoint()

    @endpoint.on_message
    def leave(session: Session, message: str) -> Iterator[str]:
        yield "leaving"
        session.exit()
        yield "bye"
        yield "never"

    engine, adapter = make(endpoint, Accept("a"))
    await engine.start()
    await engine.wait_stopped()
    assert adapter.connection.sent == ["leaving", "bye"]


@pytest.mark.parametrize("asynchronous", [False, True])
@pytest.mark.parametrize("value", ["x", None])
async def test_the_event_loop_has_its_turn_while_answers_are_many(
    asynchronous: bool, value: str | None
) -> None:
    endpoint, loop = Endpoint(), asyncio.get_running_loop()
    turns, done = 0, False

    def turn() -> None:
        nonlocal turns
        turns += 1
        if not done:
            loop.call_soon(turn)

    def countless(session: Session, message: str) -> Iterator[str | None]:
        nonlocal done
        turn()
        yield from itertools.repeat(value, 5000)
        done = True

    async def countless_async(session: Session, message: str) -> AsyncIterator[str | None]:
        for each in countless(session, message):
            yield each

    endpoint.on_message(countless_async if asynchronous else countless)
    connection = await feed(endpoint, "go")
    assert done
    assert 9 <= turns <= 30
    assert connection.sent == ([] if value is None else ["x"] * 5000)
