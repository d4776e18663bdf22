from __future__ import annotations

import asyncio
import functools
import logging
from collections.abc import AsyncIterator, Iterator
from typing import Any, Protocol, TypedDict, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine import ConfigError, Endpoint, EngineState, Session
from wsengine.callbacks import CALLBACKS
from wsengine.handlers import CALLS, Handlers, check_handler, check_rule
from wsengine.testing import Accept, CloseWith, Delay
from wsengine.testing.scripted import ScriptedConnection

from .tools import make, settle


class Trade:
    pass


class BigTrade(Trade):
    pass


async def feed(endpoint: Endpoint, *messages: Any, turns: int = 50) -> ScriptedConnection:
    """Run an engine over messages, and return its connection."""
    engine, adapter = make(endpoint, Accept(*messages))
    async with engine:
        await settle(turns)
        return adapter.connection


def none(session: Session, message: Any) -> None:
    return None


# Which handler.


async def test_each_kind_has_its_handler() -> None:
    endpoint = Endpoint()
    seen: list[tuple[str, Any]] = []

    @endpoint.on_message(kind=bytes)
    async def binary(session: Session, message: bytes) -> None:
        seen.append(("binary", message))

    @endpoint.on_message(when=lambda message: message.startswith("ping"))
    def ping(session: Session, message: str) -> None:
        seen.append(("ping", message))

    @endpoint.on_message(kind=str, when=str.isdigit)
    async def number(session: Session, message: str) -> None:
        await asyncio.sleep(0)
        seen.append(("number", message))

    await feed(endpoint, "12", b"12", "ping 1", "other", b"ping")
    assert seen == [("number", "12"), ("binary", b"12"), ("ping", "ping 1"), ("binary", b"ping")]


def handled(handlers: Handlers, *messages: Any) -> list[Any]:
    """Return what the handlers return, which tells who they are."""
    session = cast("Session", None)
    return [handlers.on_message(session, message) for message in messages]


def named(seen: list[Any], name: str) -> Any:
    def handler(session: Session, message: Any) -> None:
        seen.append(name)

    return handler


def names(handlers: Handlers, seen: list[Any], *messages: Any) -> list[Any]:
    assert handled(handlers, *messages) == [None] * len(messages)
    copy = seen[:]
    seen.clear()
    return copy


def test_the_first_that_fits_has_it_and_the_catch_all_what_is_left() -> None:
    handlers, seen = Handlers(), list[Any]()
    handlers.add_for_messages(named(seen, "all"), None, None)
    assert names(handlers, seen, 1, "x") == ["all", "all"]
    handlers.add_for_messages(named(seen, "trade"), Trade, None)
    handlers.add_for_messages(named(seen, "big"), BigTrade, None)  # too late: a big one is a trade
    handlers.add_for_messages(named(seen, "text or data"), str | bytes, None)
    handlers.add_for_messages(named(seen, "pair"), (list, tuple), lambda pair: len(pair) == 2)
    messages = [Trade(), BigTrade(), "x", b"x", (1, 2), [1, 2], [1], 5, None]
    expected = ["trade", "trade", "text or data", "text or data", "pair", "pair", "all", "all"]
    assert names(handlers, seen, *messages) == [*expected, "all"]


def test_a_handler_may_be_added_while_messages_come() -> None:
    handlers, seen = Handlers(), list[Any]()
    handlers.add_for_messages(named(seen, "int"), int, None)
    assert names(handlers, seen, "x", 1) == ["int"]
    handlers.add_for_messages(named(seen, "str"), str, None)
    assert names(handlers, seen, "x", 1) == ["str", "int"]
    handlers.add_for_messages(named(seen, "all"), None, None)
    assert names(handlers, seen, 1.5, "x") == ["all", "str"]


def test_a_handler_may_be_for_several_things() -> None:
    endpoint = Endpoint()
    seen: list[Any] = []

    @endpoint.on_message(kind=int)
    @endpoint.on_message(kind=str)
    def handler(session: Session, message: Any) -> None:
        seen.append(message)

    for message in (1, "x", 1.5):
        endpoint.on_message(cast("Session", None), message)
    assert seen == [1, "x"]


KINDS: list[Any] = [int, str, bool, object, Trade, BigTrade, int | str, (str, Trade), None]


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from(KINDS), st.sampled_from([None, bool, callable, str]))),
    st.lists(st.sampled_from([0, 1, True, "", "x", None, 1.5, Trade(), BigTrade(), len])),
)
def test_any_rules_are_asked_in_order(rules: list[tuple[Any, Any]], messages: list[Any]) -> None:
    handlers, seen = Handlers(), list[Any]()
    rules = [rule for rule in rules if rule != (None, None)]
    for number, (kind, when) in enumerate(rules):
        handlers.add_for_messages(named(seen, str(number)), kind, when)
    handlers.add_for_messages(named(seen, "all"), None, None)

    def expected(message: Any) -> str:
        for number, (kind, when) in enumerate(rules):
            fits = isinstance(message, object if kind is None else kind)
            if fits and (when is None or when(message)):
                return str(number)
        return "all"

    assert names(handlers, seen, *messages) == [expected(message) for message in messages]


def test_what_nobody_handles_is_logged_once_a_type(caplog: pytest.LogCaptureFixture) -> None:
    handlers = Handlers()
    handlers.add_for_messages(none, int, lambda number: number > 5)
    with caplog.at_level(logging.DEBUG, "wsengine.handlers"):
        handled(handlers, "canary", "canary", 3, 4, 9, b"")
    assert [record.getMessage() for record in caplog.records] == [
        "no handler of on_message for a str",
        "no handler of on_message for a int",
        "no handler of on_message for a bytes",
    ]


async def test_a_predicate_that_raises_is_an_error_of_the_callback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Endpoint()
    seen: list[str] = []
    endpoint.on_message(when=lambda message: message[5] == "x")(named(seen, "x"))
    connection = await feed(endpoint, "abc", "abcdex")
    assert seen == ["x"]
    assert "IndexError" in caplog.text
    assert connection.unread == 0


# What it answers.


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
    with caplog.at_level(logging.INFO, "wsengine.handlers"):
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


async def test_an_exit_ends_endless_answers() -> None:
    endpoint = Endpoint()

    @endpoint.on_message
    async def endless(session: Session, message: str) -> AsyncIterator[str]:
        while True:
            yield message
            await asyncio.sleep(1)

    engine, adapter = make(endpoint, Accept("a"), stop_timeout=4.0)
    async with engine:
        await asyncio.sleep(1.5)
    assert adapter.connection.sent[:2] == ["a", "a"]
    assert adapter.connection.close_sent is not None


# Checks.


class NotForIsinstance(Protocol):
    name: str


class Dictionary(TypedDict):
    name: str


@pytest.mark.parametrize("kind", [5, "str", list[int], NotForIsinstance, Dictionary, (str, 5)])
def test_what_is_no_kind_is_refused(kind: Any) -> None:
    with pytest.raises(ConfigError, match=r"kind=.*: must be a class, or several as A \| B"):
        check_rule(kind, None)


async def waiting(message: Any) -> bool:
    return True


@pytest.mark.parametrize("when", [5, "text", waiting])
def test_what_is_no_predicate_is_refused(when: Any) -> None:
    with pytest.raises(ConfigError, match=r"when=.*: must be a function of the message, and no"):
        check_rule(None, when)


def test_kinds_and_predicates_pass() -> None:
    for kind in (str, str | bytes, (str, bytes), Trade, type(None), object, None):
        check_rule(kind, bool)
    with pytest.raises(ConfigError):
        check_rule(str, "x")


def test_all_callbacks_can_have_handlers() -> None:
    assert sorted(CALLS) == sorted(CALLBACKS)


@pytest.mark.parametrize(
    "handler",
    [
        lambda session, *, restarting: None,
        lambda session, restarting: None,
        lambda *anything, **more: None,
        lambda session, restarting=False, other=1: None,
        functools.partial(lambda extra, session, restarting: None, 1),
        dict.update,  # a signature that Python does not know
    ],
)
def test_what_can_be_called_as_on_open_is_passes(handler: Any) -> None:
    check_handler("on_open", handler)
    assert callable(handler)


@pytest.mark.parametrize("handler", [lambda session: None, lambda: None, lambda a, b, c: None])
def test_what_cannot_is_refused(handler: Any) -> None:
    with pytest.raises(ConfigError, match=r"is called as on_open\(session, restarting=...\)"):
        check_handler("on_open", handler)
