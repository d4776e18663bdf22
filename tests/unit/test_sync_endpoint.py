from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import AsyncIterator, Callable, Generator, Iterator
from typing import Any

import pytest

from wsengine import (
    Close,
    ConfigError,
    ConnectError,
    ConnectOptions,
    Endpoint,
    EngineConfig,
    EngineStartError,
    RestartFailure,
    SyncEngine,
    SyncSession,
)
from wsengine.callbacks import CALLBACKS
from wsengine.sync_endpoint import check_plain
from wsengine.testing import Accept, Lose, ReadFails, Refuse, ScriptedAdapter

from .sync_tools import AT_ONCE, Gate, adapter_of, at_server, make


async def coroutine_function(*_: Any, **__: Any) -> None: ...


async def async_generator(*_: Any) -> AsyncIterator[int]:
    yield 1


class AsyncCallable:
    async def __call__(self, *_: Any) -> None: ...


@pytest.mark.parametrize(
    "function",
    [
        coroutine_function,
        async_generator,
        AsyncCallable(),
        AsyncCallable().__call__,
        functools.partial(coroutine_function, 1),
    ],
)
def test_async_functions_are_refused(function: Callable[..., Any]) -> None:
    with pytest.raises(ConfigError, match=r"on_open=.*`async def`.*or use Engine"):
        check_plain("on_open", function)


@pytest.mark.parametrize("function", [print, len, int, lambda: None, functools.partial(print)])
def test_plain_functions_are_taken(function: Callable[..., Any]) -> None:
    check_plain("on_open", function)


@pytest.mark.parametrize("name", CALLBACKS)
def test_each_callback_is_looked_at_when_the_engine_is_made(name: str) -> None:
    endpoint = type("Mixed", (Endpoint,), {name: coroutine_function})()
    with pytest.raises(ConfigError, match=f"{name}=.*async def"):
        SyncEngine("ws://s", endpoint)


@pytest.mark.parametrize("name", ["url", "options"])
def test_sources_must_be_plain_as_well(name: str) -> None:
    arguments: dict[str, Any] = {"url": "ws://s", "endpoint": Endpoint()}
    with pytest.raises(ConfigError, match=f"{name}=.*async def"):
        SyncEngine(**{**arguments, name: coroutine_function})


def test_it_must_have_the_six_callbacks() -> None:
    with pytest.raises(ConfigError, match="lacks on_open"):
        SyncEngine("ws://s", object())


class Noting(Endpoint):
    """Notes every call, with its thread."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any, Any]] = []
        self.threads: set[str] = set()
        self.reopened = Gate()

    def note(self, name: str, subject: Any, argument: Any) -> None:
        self.calls.append((name, subject, argument))
        self.threads.add(threading.current_thread().name)

    def on_open(self, session: Any, *, restarting: bool) -> None:
        self.note("on_open", session, restarting)
        if restarting:
            self.reopened.open()

    def on_message(self, session: Any, message: Any) -> None:
        self.note("on_message", session, message)

    def on_read_error(self, session: Any, error: Exception) -> None:
        self.note("on_read_error", session, str(error))

    def on_close(self, session: Any, close: Close) -> Close:
        self.note("on_close", session, int(close.code))
        return Close(4000, "mine")

    def on_close_error(self, session: Any, error: Exception) -> None:
        self.note("on_close_error", session, type(error))

    def on_restart_error(self, engine: Any, failure: RestartFailure) -> None:
        self.note("on_restart_error", engine, failure.attempt)


def test_all_six_are_called_with_what_belongs_to_them() -> None:
    endpoint = Noting()
    lost = Accept("hello", ReadFails(ValueError("odd")), b"bytes", Lose())
    refused = Refuse(ConnectError("no", status=503))
    engine = make(endpoint, lost, refused, stop_timeout=0.2)
    with engine:
        endpoint.reopened.wait()
        connection = adapter_of(engine).connection
        connection.answers_close = False
    # It may come beside a message, before or after it.
    (read_error,) = [call for call in endpoint.calls if call[0] == "on_read_error"]
    endpoint.calls.remove(read_error)
    assert read_error[1] is endpoint.calls[0][1]
    assert read_error[2] == "odd"
    assert [(name, argument) for name, _, argument in endpoint.calls] == [
        ("on_open", False),
        ("on_message", "hello"),
        ("on_message", b"bytes"),
        ("on_close", 1006),
        ("on_restart_error", 1),
        ("on_open", True),
        ("on_close", 1001),
        ("on_close_error", TimeoutError),
    ]
    assert endpoint.threads <= {"ws://s: callbacks 1", "ws://s: callbacks 2"}
    assert connection.close_sent == (4000, "mine")
    subjects = [subject for _, subject, _ in endpoint.calls]
    first, second = subjects[:4], subjects[5:]
    assert subjects[4] is engine
    assert type(first[0]) is type(second[0]) is SyncSession
    assert all(session is first[0] for session in first)
    assert all(session is second[0] for session in second)
    assert first[0] is not second[0]


def test_with_one_worker_all_run_in_one_thread() -> None:
    endpoint = Noting()
    script = Accept("a", "b", "c", Lose()), Refuse(ConnectError("no", status=503))
    with make(endpoint, *script):
        endpoint.reopened.wait()
    assert endpoint.threads == {"ws://s: callbacks 1"}
    assert [name for name, _, _ in endpoint.calls].count("on_message") == 3


def test_sources_are_called_in_a_thread_before_every_dial() -> None:
    seen: list[str] = []
    endpoint = Noting()

    def url() -> str:
        seen.append(threading.current_thread().name)
        return f"ws://s/{len(seen)}"

    def options() -> ConnectOptions:
        seen.append(threading.current_thread().name)
        return ConnectOptions()

    adapter = ScriptedAdapter([Accept(Lose())])
    config = EngineConfig(reconnect=AT_ONCE, name="named")
    with SyncEngine(url, endpoint, adapter=adapter, options=options, config=config):
        endpoint.reopened.wait()
    assert seen == ["named: callbacks 1"] * 4
    assert [url for url, _, _ in adapter.dials] == ["ws://s/1", "ws://s/3"]


# Handlers that answer by returning, as decorators take them.


def answers(endpoint: Endpoint, *messages: str) -> list[Any]:
    """Return what an engine sends when these messages come."""
    done = Gate()

    @endpoint.on_message(when=lambda message: message == "end")
    def on_end(session: Any, message: str) -> None:
        done.open()

    engine = make(endpoint, Accept(*messages, "end"))
    with engine:
        done.wait()
        return adapter_of(engine).connection.sent


def test_a_handler_answers_by_returning() -> None:
    endpoint = Endpoint()

    @endpoint.on_message(when=lambda message: message == "ask")
    def on_ask(session: Any, message: str) -> str:
        session.send("thinking")
        return "answer"

    @endpoint.on_message
    def on_other(session: Any, message: str) -> None:
        session.send(f"other {message}")

    assert answers(endpoint, "ask", "x") == ["thinking", "answer", "other x"]


def test_a_generator_answers_one_by_one_in_the_callbacks_thread() -> None:
    endpoint = Endpoint()
    seen: list[str] = []

    @endpoint.on_message
    def on_message(session: Any, message: str) -> Iterator[str]:
        for letter in message:
            seen.append(threading.current_thread().name)
            yield letter

    assert answers(endpoint, "abc") == ["a", "b", "c"]
    assert seen == ["ws://s: callbacks 1"] * 3


def test_many_answers_need_no_event_loop() -> None:
    endpoint = Endpoint()

    @endpoint.on_message
    def on_message(session: Any, message: str) -> Iterator[str]:
        yield from message * 1200

    assert answers(endpoint, "x") == ["x"] * 1200


def test_a_callback_that_yields_is_refused_when_the_engine_is_made() -> None:
    class Yielding(Endpoint):
        def on_message(self, session: Any, message: Any) -> Any:
            yield message

    with pytest.raises(ConfigError, match=r"on_message=.*: has `yield`"):
        SyncEngine("ws://s", Yielding())


def decorate(endpoint: Endpoint, name: str) -> None:
    getattr(endpoint, name)(coroutine_function)


@pytest.mark.parametrize("name", CALLBACKS)
def test_a_decorated_async_handler_is_refused_when_the_engine_is_made_or_later(name: str) -> None:
    endpoint = Endpoint()
    decorate(endpoint, name)
    with pytest.raises(ConfigError, match=f"{name}=.*async def"):
        SyncEngine("ws://s", endpoint)
    endpoint = Endpoint()
    SyncEngine("ws://s", endpoint)
    with pytest.raises(ConfigError, match=f"{name}=.*async def"):
        decorate(endpoint, name)


def test_rules_are_looked_at_as_well() -> None:
    endpoint = Endpoint()
    endpoint.on_message(kind=bytes)(coroutine_function)
    with pytest.raises(ConfigError, match=r"on_message=.*async def"):
        SyncEngine("ws://s", endpoint)


def test_a_handler_that_returns_a_coroutine_is_refused_when_that_waits(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Endpoint()
    closed = Gate()

    async def wait() -> None:
        try:
            await asyncio.sleep(1)
        finally:
            closed.open()

    @endpoint.on_message
    def on_message(session: Any, message: str) -> Any:
        return wait()

    assert answers(endpoint, "x") == []
    closed.wait()
    assert "is an `async def`" in caplog.text or "no running event loop" in caplog.text


def test_an_on_open_that_returns_what_waits_fails_the_start() -> None:
    class Waits:
        def __await__(self) -> Generator[int, None, None]:
            yield 1

    endpoint = Endpoint()

    @endpoint.on_open
    def on_open(session: Any, *, restarting: bool) -> Waits:
        return Waits()

    engine = make(endpoint)
    with pytest.raises(EngineStartError) as caught:
        engine.start()
    assert isinstance(caught.value.__cause__, ConfigError)
    assert "async def" in str(caught.value)


def test_messages_go_to_an_endpoint_of_ones_own_making() -> None:
    class Own:
        on_open = on_close = on_read_error = on_close_error = on_restart_error = staticmethod(
            lambda *_, **__: None
        )

        def on_message(self, session: Any, message: Any) -> None:
            session.send(message)
            came.open()

    came = Gate()
    engine = make(Own())
    with engine:
        connection = adapter_of(engine).connection
        at_server(engine, connection.feed, "x")
        came.wait()
        assert connection.sent == ["x"]
