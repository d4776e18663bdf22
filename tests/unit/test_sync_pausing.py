from __future__ import annotations

import threading
from typing import Any

import pytest

from wsengine import ConnectionClosed, EngineStateError
from wsengine.testing import Accept

from .sync_tools import PATIENCE, Gate, Silent, adapter_of, at_server, make, running


def test_the_connection_is_in_your_own_hands() -> None:
    engine = make(Silent())
    with running(engine) as session:
        with session.paused() as connection:
            at_server(engine, session.native.feed, "for me", "back")
            assert connection.receive(timeout=PATIENCE) == "for me"
            back = connection.receive(timeout=PATIENCE)
            connection.put_back(back)
            connection.send("mine")
            assert connection.ping(timeout=PATIENCE) >= 0
            assert connection.handshake is session.handshake
            assert connection.native is session.native
            assert not engine.endpoint.messages
        engine.endpoint.came.wait()
        assert engine.endpoint.messages == ["back"]
        assert adapter_of(engine).connection.sent == ["mine"]


def test_a_time_out_loses_nothing() -> None:
    engine = make(Silent())
    with running(engine) as session, session.paused() as connection:
        with pytest.raises(TimeoutError, match=r"receive\(\) was not done"):
            connection.receive(timeout=0.01)
        at_server(engine, session.native.feed, "late")
        assert connection.receive(timeout=PATIENCE) == "late"


def test_a_block_that_raises_gives_the_connection_back() -> None:
    engine = make(Silent())
    with running(engine) as session:
        with pytest.raises(ZeroDivisionError), session.paused():
            raise ZeroDivisionError
        at_server(engine, session.native.feed, "x")
        engine.endpoint.came.wait()


def test_one_thread_cannot_pause_twice() -> None:
    engine = make(Silent())
    with running(engine) as session:
        with session.paused() as connection:
            with pytest.raises(EngineStateError, match="this thread has paused"), session.paused():
                pytest.fail("paused twice")
            connection.send("still mine")
        with session.paused():
            pass
        with pytest.raises(EngineStateError, match="pause is over"):
            connection.receive()


def test_threads_take_turns() -> None:
    engine = make(Silent())
    inside: list[int] = []
    most: list[int] = []

    def pilot(session: Any) -> None:
        for _ in range(20):
            with session.paused() as connection:
                inside.append(1)
                most.append(len(inside))
                connection.send("x")
                inside.pop()

    with running(engine) as session:
        threads = [threading.Thread(target=pilot, args=(session,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert session.stats().messages_sent == 80
    assert set(most) == {1}


class PausesWithin(Silent):
    def on_open(self, session: Any, *, restarting: bool) -> None:
        with session.paused() as connection:
            connection.send("login")
            self.messages.append(connection.receive(timeout=PATIENCE))

    def on_message(self, session: Any, message: Any) -> None:
        with session.paused() as connection:
            self.messages.append((message, connection.receive(timeout=PATIENCE)))
        self.came.open()


def test_it_works_within_callbacks() -> None:
    engine = make(PausesWithin(), Accept("welcome", "one", "two"))
    with engine:
        engine.endpoint.came.wait()
    assert engine.endpoint.messages == ["welcome", ("one", "two")]


def test_the_end_of_the_engine_ends_a_wait() -> None:
    engine = make(Silent())
    waiting = Gate()
    outcome: list[BaseException] = []

    def pilot(session: Any) -> None:
        try:
            with session.paused() as connection:
                waiting.open()
                connection.receive()
        except ConnectionClosed as error:
            outcome.append(error)

    with running(engine) as session:
        thread = threading.Thread(target=pilot, args=(session,))
        thread.start()
        waiting.wait()
    thread.join(PATIENCE)
    assert len(outcome) == 1


def test_an_entry_that_is_interrupted_takes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = make(Silent())
    with running(engine) as session:
        pause = session.paused()
        call = pause._call

        def interrupted(*args: Any) -> None:
            call(*args)
            raise KeyboardInterrupt

        monkeypatch.setattr(pause, "_call", interrupted)
        with pytest.raises(KeyboardInterrupt), pause:
            pytest.fail("entered")
        at_server(engine, session.native.feed, "x")
        engine.endpoint.came.wait()
