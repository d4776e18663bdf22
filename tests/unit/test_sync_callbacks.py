from __future__ import annotations

from typing import Any, assert_type

import pytest

from wsengine import (
    Close,
    ConfigError,
    Endpoint,
    RestartFailure,
    SyncEndpoint,
    SyncEngine,
    SyncSession,
)
from wsengine.callbacks import CALLBACKS
from wsengine.testing import Accept

from .sync_tools import Gate, adapter_of, make, running


def test_it_is_an_endpoint_and_nothing_else() -> None:
    assert issubclass(SyncEndpoint, Endpoint)
    assert not {*CALLBACKS} & {*vars(SyncEndpoint)}
    assert vars(SyncEndpoint()) == {}


def test_callbacks_are_overridden_and_blocking_calls_made_in_them() -> None:
    class Hello(SyncEndpoint):
        def __init__(self) -> None:
            self.came = Gate()
            self.closed: list[tuple[Any, Any]] = []

        def on_open(self, session: SyncSession, *, restarting: bool) -> None:
            session.send("hello")

        def on_message(self, session: SyncSession, message: str) -> None:
            session.send(message.upper())
            self.came.open()

        def on_close(self, session: SyncSession, close: Close) -> Close:
            self.closed.append((session, session.engine))
            return Close(1000, "bye")

    endpoint = Hello()
    engine = make(endpoint, Accept("again"))
    with running(engine) as session:
        endpoint.came.wait()
    assert adapter_of(engine).connection.sent == ["hello", "AGAIN"]
    assert adapter_of(engine).connection.close_sent == (1000, "bye")
    assert endpoint.closed == [(session, engine)]


def test_callbacks_are_decorated() -> None:
    endpoint = SyncEndpoint()
    came = Gate()

    @endpoint.on_open
    def greet(session: SyncSession, *, restarting: bool) -> None:
        session.send("hello")

    @endpoint.on_message(kind=str)
    def shout(session: SyncSession, message: str) -> str:
        return message.upper()

    @endpoint.on_message
    def note(session: SyncSession, message: bytes) -> None:
        came.open()

    engine = make(endpoint, Accept("again", b"end"))
    with running(engine):
        came.wait()
    assert adapter_of(engine).connection.sent == ["hello", "AGAIN"]
    with pytest.raises(ConfigError, match=r"on_close=.*must be a function"):
        endpoint.on_close("text")  # type: ignore[call-overload]


# What type checkers make of it: these lines are for mypy, which refuses an unused ignore.


def test_types_are_kept() -> None:
    endpoint = SyncEndpoint()

    @endpoint.on_message
    def first(session: SyncSession, message: str) -> int:
        return 1

    @endpoint.on_message(kind=str | bytes, when=len)
    def second(session: SyncSession, message: str) -> str:
        return "x"

    @endpoint.on_open
    def third(session: SyncSession, *, restarting: bool) -> bytes:
        return b""

    @endpoint.on_read_error
    def fourth(session: SyncSession, error: Exception) -> None: ...

    @endpoint.on_close
    def fifth(session: SyncSession, close: Close) -> Close:
        return close

    @endpoint.on_close_error
    def sixth(session: SyncSession, error: Exception) -> None: ...

    @endpoint.on_restart_error
    def seventh(engine: SyncEngine, failure: RestartFailure) -> None:
        engine.exit()

    def called(session: SyncSession) -> None:
        assert_type(first(session, ""), int)
        assert_type(second(session, ""), str)
        assert_type(third(session, restarting=True), bytes)
        assert_type(fifth(session, Close(1000)), Close)
        assert_type(endpoint.on_message(session, ""), Any)
        session.send("")  # nothing to be awaited is left
        second(session, 5)  # type: ignore[arg-type]

    assert callable(called)


def test_types_of_overrides_are_checked() -> None:
    class All(SyncEndpoint):
        def on_open(self, session: SyncSession, *, restarting: bool) -> None: ...
        def on_message(self, session: SyncSession, message: bytes) -> None: ...
        def on_read_error(self, session: SyncSession, error: Exception) -> None: ...
        def on_close(self, session: SyncSession, close: Close) -> Close | None: ...
        def on_close_error(self, session: SyncSession, error: Exception) -> None: ...
        def on_restart_error(self, engine: SyncEngine, failure: RestartFailure) -> None: ...

    class Further(All):
        def on_message(self, session: SyncSession, message: bytes) -> None: ...

    class Wrong(SyncEndpoint):
        def on_open(self, session: SyncSession) -> None: ...  # type: ignore[override]
        def on_message(self, session: str, message: str) -> None: ...  # type: ignore[override]
        def on_close(self, session: SyncSession, close: int) -> None: ...  # type: ignore[override]

    endpoints: list[SyncEndpoint] = [All(), Further()]
    assert [endpoint.on_message for endpoint in endpoints]
    overridden: Any = All()
    with pytest.raises(TypeError):
        overridden.on_message(lambda session, message: None)
    Wrong().on_read_error(lambda session, error: None)
