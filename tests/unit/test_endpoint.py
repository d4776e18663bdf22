from __future__ import annotations

import asyncio
import dataclasses
import inspect
from collections.abc import Coroutine
from typing import Any, assert_type

import pytest

from wsengine import Close, ConfigError, Endpoint, Engine, RestartFailure, Session
from wsengine.callbacks import CALLBACKS
from wsengine.errors import ConnectError
from wsengine.testing import Accept, CloseWith, Refuse

from .tools import make, settle


def test_it_has_the_six_callbacks_and_nothing_else() -> None:
    public = [name for name in vars(Endpoint) if not name.startswith("_")]
    assert sorted(public) == sorted(CALLBACKS)
    assert len(public) == 6


def test_every_callback_is_documented() -> None:
    assert all(getattr(Endpoint, name).__doc__ for name in CALLBACKS)


def test_by_default_nothing_happens() -> None:
    endpoint: Any = Endpoint()
    results = [
        endpoint.on_open(None, restarting=False),
        endpoint.on_message(None, "text"),
        endpoint.on_message(None, None),
        endpoint.on_read_error(None, OSError()),
        endpoint.on_close(None, Close(1000)),
        endpoint.on_close_error(None, OSError()),
        endpoint.on_restart_error(None, RestartFailure(OSError(), 1, None)),
    ]
    assert results == [None] * 7
    assert vars(endpoint) == {}


def test_it_has_no_state_of_its_own() -> None:
    class Forgetful(Endpoint):
        def __init__(self) -> None:
            """Forget to call the base class; nothing depends on it."""

    assert vars(Forgetful()) == {}


def test_restarting_is_given_by_name() -> None:
    parameter = inspect.signature(Endpoint.on_open).parameters["restarting"]
    assert parameter.kind is inspect.Parameter.KEYWORD_ONLY


def test_a_restart_failure_tells_what_and_when_and_does_not_change() -> None:
    error = OSError("no")
    failure = RestartFailure(error, attempt=3, next_delay=None)
    assert (failure.error, failure.attempt, failure.next_delay) == (error, 3, None)
    with pytest.raises(dataclasses.FrozenInstanceError):
        failure.attempt = 4  # type: ignore[misc]


# As decorators.


async def test_each_callback_can_be_a_decorator() -> None:
    endpoint = Endpoint()
    notes: list[Any] = []

    @endpoint.on_open
    async def opened(session: Session, *, restarting: bool) -> None:
        notes.append(("open", restarting))

    @endpoint.on_message
    def message_came(session: Session, message: str) -> None:
        notes.append(message)

    @endpoint.on_read_error
    async def read_failed(session: Session, error: Exception) -> None:
        notes.append(error.args)

    @endpoint.on_close
    def closed(session: Session, close: Close) -> Close | None:
        notes.append(int(close.code))
        return Close(4001, "bye") if close.client_initiated else None

    @endpoint.on_restart_error
    async def not_restarted(engine: Engine, failure: RestartFailure) -> None:
        notes.append(failure.attempt)

    refused = Refuse(ConnectError("no"))
    engine, adapter = make(endpoint, Accept("one", CloseWith(1012)), refused, Accept("two"))
    async with engine:
        await asyncio.sleep(30)  # of virtual time: past the refused dial
        adapter.connection.fail_read(ValueError("odd"))
        await settle()
    assert notes == [("open", False), "one", 1012, 1, ("open", True), "two", ("odd",), 1001]
    assert adapter.connection.close_sent == (4001, "bye")


async def test_on_close_error_can_be_a_decorator() -> None:
    endpoint = Endpoint()
    errors: list[Exception] = []
    endpoint.on_close_error(lambda session, error: errors.append(error))
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.answers_close = False
    assert [type(error) for error in errors] == [TimeoutError]


def test_a_decorated_function_stays_what_it_is() -> None:
    endpoint = Endpoint()

    def handler(session: Session, message: str) -> int:
        return 1

    assert endpoint.on_message(handler) is handler
    assert endpoint.on_message(kind=str)(handler) is handler
    assert endpoint.on_close(handler) is handler  # type: ignore[type-var]


@pytest.mark.parametrize("name", sorted({*CALLBACKS} - {"on_open", "on_message"}))
def test_only_on_message_can_have_several_handlers(name: str) -> None:
    endpoint = Endpoint()
    register = getattr(endpoint, name)
    register(lambda one, two: None)
    with pytest.raises(ConfigError, match=f"{name}=.*there is a handler already, <function"):
        register(lambda one, two: None)


def test_one_handler_for_all_messages_is_enough() -> None:
    endpoint = Endpoint()
    endpoint.on_message(lambda session, message: None)
    with pytest.raises(ConfigError, match="this one would never be called; give it kind="):
        endpoint.on_message()(lambda session, message: None)


def test_a_function_that_cannot_be_called_so_is_refused_at_once() -> None:
    endpoint: Any = Endpoint()
    for name, wanted in {
        "on_open": r"on_open\(session, restarting=...\)",
        "on_message": r"on_message\(session, message\)",
        "on_close": r"on_close\(session, close\)",
        "on_restart_error": r"on_restart_error\(engine, failure\)",
    }.items():
        with pytest.raises(ConfigError, match=f"is called as {wanted}: missing a required"):
            getattr(endpoint, name)(lambda one, two, three: None)
        with pytest.raises(ConfigError, match="must be a function"):
            getattr(endpoint, name)("text")
    with pytest.raises(ConfigError, match=r"a kind is given by name: on_message\(kind=...\)"):
        endpoint.on_message(str)
    with pytest.raises(ConfigError, match="kind=5: must be a class"):
        endpoint.on_message(kind=5)
    assert endpoint.on_message(None, "text") is None


async def test_a_class_may_override_some_and_an_object_of_it_decorate_others() -> None:
    notes: list[str] = []

    class Hello(Endpoint):
        def __init__(self) -> None:
            """Forget to call the base class."""

        async def on_open(self, session: Session, *, restarting: bool) -> None:
            await session.send("hello")

    class Forwarding(Hello):
        async def on_message(self, session: Session, message: str) -> None:
            notes.append("override")
            super().on_message(session, message)

    for kind, expected in ((Hello, ["handler"]), (Forwarding, ["override"])):
        endpoint: Any = kind()
        if kind is Hello:
            endpoint.on_message(lambda session, message: notes.append("handler"))
        engine, adapter = make(endpoint, Accept("x"))
        async with engine:
            await settle()
        assert adapter.connection.sent == ["hello"]
        assert notes == expected
        notes.clear()


def test_a_subclass_may_have_any_name_of_its_own() -> None:
    class Own(Endpoint):
        def __init__(self) -> None:
            self._handlers = {"a": 1}
            self._call = "mine"

        def _own_handlers(self) -> None: ...
        def _call_or_add(self) -> None: ...

    seen: list[Any] = []
    endpoint: Any = Own()
    endpoint.on_close(lambda session, close: seen.append(close))
    endpoint.on_message(lambda session, message: seen.append(message))
    endpoint.on_message(None, "text")
    endpoint.on_close(None, "close")
    assert endpoint.on_open(None, restarting=True) is None
    assert seen == ["text", "close"]
    assert (endpoint._handlers, endpoint._call) == ({"a": 1}, "mine")


def test_endpoints_do_not_share_handlers() -> None:
    one, other = Endpoint(), Endpoint()
    one.on_message(lambda session, message: None)
    assert vars(other) == {}


async def test_engines_share_an_endpoint() -> None:
    endpoint = Endpoint()
    endpoint.on_message(lambda session, message: f"{message}, {session.engine.name}")
    engines = [make(endpoint, Accept("hello"), name=name) for name in ("one", "two")]
    for engine, _ in engines:
        await engine.start()
    await settle()
    for engine, _ in engines:
        await engine.stop()
    assert [adapter.connection.sent for _, adapter in engines] == [["hello, one"], ["hello, two"]]


# What type checkers make of it: these lines are for mypy, which refuses an unused ignore.


def test_types_are_kept() -> None:
    endpoint = Endpoint()

    @endpoint.on_message
    async def first(session: Session, message: str) -> int:
        return 1

    @endpoint.on_message(kind=str | bytes, when=len)
    def second(session: Session, message: str) -> str:
        return "x"

    @endpoint.on_open
    def third(session: Session, *, restarting: bool) -> bytes:
        return b""

    async def called(session: Session) -> None:
        await assert_type(first(session, ""), Coroutine[Any, Any, int])
        assert_type(second(session, ""), str)
        assert_type(third(session, restarting=True), bytes)
        assert_type(endpoint.on_message(session, ""), Any)
        second(session, 5)  # type: ignore[arg-type]

    assert asyncio.iscoroutinefunction(called)


def test_types_of_overrides_are_checked() -> None:
    class Plain(Endpoint):
        def on_message(self, session: Session, message: str) -> None:
            """Take the message."""

    class Coroutines(Endpoint):
        async def on_open(self, session: Session, *, restarting: bool) -> None: ...
        async def on_message(self, session: Session, message: bytes) -> None: ...
        async def on_read_error(self, session: Session, error: Exception) -> None: ...
        async def on_close(self, session: Session, close: Close) -> Close | None: ...
        async def on_close_error(self, session: Session, error: Exception) -> None: ...
        async def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None: ...

    class Further(Coroutines):
        async def on_message(self, session: Session, message: bytes) -> None: ...

    class Wrong(Endpoint):
        def on_open(self, session: Session) -> None: ...  # type: ignore[override]
        def on_message(self, session: Session) -> None: ...  # type: ignore[override]
        def on_close(self, session: Session, close: int) -> None: ...  # type: ignore[override]

    endpoints: list[Endpoint] = [Plain(), Further()]  # they are endpoints, to mypy too
    assert [endpoint.on_message for endpoint in endpoints]
    overridden: Any = Plain()
    with pytest.raises(TypeError):
        overridden.on_message(lambda session, message: None)
    with pytest.raises(TypeError):
        Plain().on_message(lambda session, message: None)  # type: ignore[call-arg, arg-type]
    Plain().on_close(lambda session, close: None)
