from __future__ import annotations

import asyncio
import functools
import logging
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator
from types import SimpleNamespace
from typing import Any, Protocol, TypedDict, cast, runtime_checkable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from wsengine import ConfigError, Endpoint, Session
from wsengine.callbacks import CALLBACKS
from wsengine.handlers import CALLS, Handlers, check_handler, check_rule
from wsengine.testing import Accept
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


@runtime_checkable
class Priced(Protocol):
    price: float


class Abstract(ABC):
    @abstractmethod
    def price(self) -> float:
        """Return the price."""


@pytest.mark.parametrize("kind", [Priced, Priced | int, (int, Priced), (int, (str, Priced))])
def test_a_kind_that_depends_on_the_instance_is_asked_of_each_message(kind: Any) -> None:
    handlers, seen = Handlers(), list[Any]()
    handlers.add_for_messages(named(seen, "cheap"), kind, lambda message: message.price < 5)
    handlers.add_for_messages(named(seen, "priced"), kind, None)
    handlers.add_for_messages(named(seen, "all"), None, None)
    messages = [SimpleNamespace(**items) for items in ({}, {"price": 9}, {"price": 1}, {"n": 1})]
    assert names(handlers, seen, *messages) == ["all", "priced", "cheap", "all"]


@pytest.mark.parametrize("kind", [Trade, Trade | int, (int, Trade), Abstract])
def test_a_kind_that_depends_on_the_type_alone_is_asked_once(
    kind: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    handlers, asked = Handlers(), list[Any]()

    def noted(instance: Any, of: Any) -> bool:
        asked.append(of)
        return isinstance(instance, of)

    handlers.add_for_messages(none, kind, None)
    monkeypatch.setattr("wsengine.handlers.isinstance", noted, raising=False)
    handled(handlers, Trade(), Trade(), Trade())
    assert asked == [kind]


KINDS: list[Any] = [int, str, bool, object, Trade, BigTrade, int | str, (str, Trade), None]
KINDS += [Priced, Abstract, Priced | int]


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


async def asynchronous(*arguments: Any, **named: Any) -> AsyncIterator[int]:
    yield 1


def plain(*arguments: Any, **named: Any) -> Iterator[int]:
    yield 1


class Generating:
    async def __call__(self, *arguments: Any, **named: Any) -> AsyncIterator[int]:
        yield 1


GENERATORS = [asynchronous, plain, Generating(), functools.partial(plain, 1)]


@pytest.mark.parametrize("handler", GENERATORS)
def test_only_for_messages_may_a_handler_yield(handler: Any) -> None:
    for name in CALLBACKS:
        if name == "on_message":
            check_handler(name, handler)
            continue
        with pytest.raises(ConfigError, match=rf"{name}=.*: has `yield`.*session\.send"):
            check_handler(name, handler)


async def contradictory(session: Session, message: str) -> None:  # type: ignore[misc]
    yield "answer"


def test_what_yields_cannot_be_annotated_to_answer_nothing() -> None:
    with pytest.raises(ConfigError, match=r"has `yield`, and its return annotation is `None`"):
        Endpoint().on_message(contradictory)


@pytest.mark.parametrize("handler", [lambda session: None, lambda: None, lambda a, b, c: None])
def test_what_cannot_is_refused(handler: Any) -> None:
    with pytest.raises(ConfigError, match=r"is called as on_open\(session, restarting=...\)"):
        check_handler("on_open", handler)
