from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    ConnectionClosed,
    EngineState,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    RequestTimeoutError,
)
from wsengine.testing import Accept, Hang

from .sync_tools import PATIENCE, Silent, adapter_of, at_server, make, reached


def test_it_sends_on_whatever_session_is_open() -> None:
    engine = make(Silent())
    with engine:
        again = reached(engine, EngineState.WAITING)
        engine.send("one", timeout=PATIENCE)
        engine.restart()
        again.wait()
        engine.send("two", when_closed="wait", timeout=PATIENCE)
    connections = adapter_of(engine).connections
    assert [connection.sent for connection in connections] == [["one"], ["two"]]


def test_a_send_that_waits_for_a_session_is_bounded() -> None:
    engine = make(Silent(), Accept(), Hang())
    with engine:
        opening = reached(engine, EngineState.OPENING)
        engine.restart()
        opening.wait()
        with pytest.raises(TimeoutError, match=r"send\(\) was not done"):
            engine.send("x", when_closed="wait", timeout=0.01)
        with pytest.raises(EngineStateError, match="open session"):
            engine.send("x")


def test_the_last_messages_of_a_program_are_sent() -> None:
    engine = make(Silent())
    with engine:
        lost = reached(engine, EngineState.WAITING)
        at_server(engine, adapter_of(engine).connection.lose)
        lost.wait()
        for text in "abc":
            engine.send(text, when_closed="queue")
        engine.drain(timeout=PATIENCE)
    assert adapter_of(engine).connection.sent == ["a", "b", "c"]


def test_a_drain_is_bounded_and_needs_a_running_engine() -> None:
    engine = make(Silent(), Accept(), Hang())
    with pytest.raises(EngineStateError, match="it is idle"):
        engine.drain()
    with engine:
        opening = reached(engine, EngineState.OPENING)
        engine.restart()
        opening.wait()
        engine.send("x", when_closed="queue")
        with pytest.raises(TimeoutError, match=r"within 0\.01 s: 1 messages are left"):
            engine.drain(timeout=0.01)
        with pytest.raises(ConfigError, match="timeout=-1"):
            engine.drain(timeout=-1)


def test_the_outbox_tells_how_much_waits_and_how_much_was_dropped() -> None:
    engine = make(Silent(), Accept(), Hang(), outbox_messages=2)
    assert (len(engine.outbox), engine.outbox.dropped) == (0, 0)
    with engine:
        opening = reached(engine, EngineState.OPENING)
        engine.restart()
        opening.wait()
        for text in "abc":
            engine.send(text, when_closed="queue")
        assert (len(engine.outbox), engine.outbox.dropped) == (2, 1)
    assert (len(engine.outbox), engine.outbox.dropped) == (0, 3)


def test_a_request_is_refused_in_a_pause_of_the_same_thread_and_all_else_is_not() -> None:
    engine = make(Silent(), codec=JsonCodec(), correlator=JsonCorrelator())
    with engine:
        assert engine.session is not None
        with engine.session.paused():
            with pytest.raises(EngineStateError, match="it is you who reads"):
                engine.request({"ask": 1}, timeout=PATIENCE)
            engine.subscriptions.add("key", subscribe=1)
            engine.send(2, when_closed="queue")
            engine.send(3, when_closed="wait", timeout=PATIENCE)
            engine.drain(timeout=PATIENCE)
        assert set(adapter_of(engine).connection.sent) == {"1", "2", "3"}


def test_a_pause_of_a_session_that_is_over_does_not_refuse_requests_on_the_next() -> None:
    engine = make(Silent(), codec=JsonCodec(), correlator=JsonCorrelator())
    with engine:
        opened = reached(engine, EngineState.OPEN)
        assert engine.session is not None
        with engine.session.paused() as connection:
            at_server(engine, adapter_of(engine).connection.lose)
            with pytest.raises(ConnectionClosed):
                connection.receive()
            opened.wait()
            with pytest.raises(RequestTimeoutError):
                engine.request({"ask": 1}, timeout=0.01)


@pytest.mark.parametrize("timeout", [-1, True, float("nan"), float("inf"), "5", 10**400])
def test_a_time_out_that_is_none_is_refused_and_nothing_is_sent(timeout: Any) -> None:
    engine = make(Silent(), ping_interval=None)
    with engine:
        session = engine.session
        assert session is not None
        calls: list[Callable[[], object]] = [
            lambda: engine.send("x", timeout=timeout),
            lambda: session.send("x", timeout=timeout),
            lambda: session.ping(timeout=timeout),
            lambda: engine.wait_stopped(timeout=timeout),
        ]
        for call in calls:
            with pytest.raises(ConfigError, match=r"timeout=.*: must be a number of at least 0"):
                call()
        with session.paused() as connection, pytest.raises(ConfigError, match="timeout="):
            connection.receive(timeout=timeout)
        session.send("y", timeout=0)
    assert adapter_of(engine).connection.sent == ["y"]


def test_a_request_needs_a_correlator() -> None:
    with make(Silent()) as engine, pytest.raises(ConfigError, match="needs a correlator"):
        engine.request("x")
