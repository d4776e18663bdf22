from __future__ import annotations

import pytest

from wsengine import ConfigError, EngineState, EngineStateError
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


def test_a_request_needs_a_correlator() -> None:
    with make(Silent()) as engine, pytest.raises(ConfigError, match="needs a correlator"):
        engine.request("x")
