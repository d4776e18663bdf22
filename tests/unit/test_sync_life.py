from __future__ import annotations

import logging
import threading
from typing import Any

import pytest

from wsengine import (
    ConnectError,
    EngineFailedError,
    EngineStartError,
    EngineState,
    EngineStateError,
    SyncEngine,
)
from wsengine.sync_calls import Call
from wsengine.sync_life import Life
from wsengine.testing import Accept, Hang, Lose, Refuse

from .sync_tools import PATIENCE, Gate, Silent, make, reached


def begin(engine: SyncEngine) -> Life:
    """Begin a life of an engine, as `start` does."""
    life = Life(engine._engine, engine._threaded)
    life.start()
    return life


def test_it_ends_with_the_engine_and_so_do_its_threads() -> None:
    before = set(threading.enumerate())
    engine = make(Silent(), Accept("x"))
    life = begin(engine)
    life.wait_started()
    engine.endpoint.came.wait()
    names = {thread.name for thread in set(threading.enumerate()) - before}
    assert names == {"ws://s: event loop", "ws://s: callbacks 1", "wsengine watch"}
    assert not life.is_over
    assert not life.wait_over(0.01)
    life.stop()
    assert life.is_over
    assert life.wait_over(None)
    assert set(threading.enumerate()) == before


def test_a_start_that_fails_leaves_nothing_running() -> None:
    before = set(threading.enumerate())
    life = begin(make(Silent(), Refuse(ConnectError("refused for the test"))))
    with pytest.raises(EngineStartError, match="refused for the test"):
        life.wait_started()
    assert life.is_over
    assert set(threading.enumerate()) == before


def test_an_engine_that_stops_by_itself_ends_it_with_the_reason() -> None:
    life = begin(make(Silent(), Accept(Lose()), reconnect=None))
    life.wait_started()
    with pytest.raises(EngineFailedError, match="1006"):
        life.wait_over(PATIENCE)


class Leaves(Silent):
    """Raises SystemExit, in `on_open` or later, and notes its end."""

    def __init__(self, *, opening: bool) -> None:
        super().__init__()
        self.opening = opening
        self.closes = 0

    def on_open(self, session: Any, *, restarting: bool) -> None:
        if self.opening:
            raise SystemExit(3)

    def on_message(self, session: Any, message: Any) -> None:
        raise SystemExit(4)

    def on_close(self, session: Any, close: Any) -> None:
        self.closes += 1


def test_system_exit_goes_to_who_waits() -> None:
    life = begin(make(Leaves(opening=True)))
    with pytest.raises(SystemExit) as caught:
        life.wait_started()
    assert caught.value.code == 3
    endpoint = Leaves(opening=False)
    life = begin(make(endpoint, Accept("x")))
    with pytest.raises(SystemExit) as caught:
        life.wait_over(PATIENCE)
    assert caught.value.code == 4
    assert endpoint.closes == 1


def test_a_loop_that_does_not_turn_keeps_stop_no_longer_than_its_time_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    engine = make(Silent(), stop_timeout=0.05)
    life = begin(engine)
    life.wait_started()
    held, go_on = Gate(), Gate()

    def hold() -> None:
        held.open()
        go_on.wait()

    life.portal.soon(hold)
    held.wait()
    life.stop()
    assert not life.is_over
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        "ws://s: did not stop in time, and is left behind"
    ]
    go_on.open()
    assert life.wait_over(PATIENCE)


def test_what_blocks_at_every_reconnect_does_not_take_one_thread_more_each_time(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("wsengine.sync_life.LEFT_BEHIND", 2)
    go_on, refused = Gate(), Gate()

    class Blocking(Silent):
        opens = 0

        def on_open(self, session: Any, *, restarting: bool) -> None:
            self.opens += 1
            if restarting:
                go_on.wait()

        def on_restart_error(self, engine: Any, failure: Any) -> None:
            if isinstance(failure.error, EngineStateError):
                refused.open()

    endpoint = Blocking()
    before = threading.active_count()
    with make(endpoint, Accept(Lose()), open_timeout=0.05, stop_timeout=0.5) as engine:
        refused.wait()
        assert endpoint.opens == 4  # the first one, and those that are left behind
        assert threading.active_count() - before <= 4 + 2  # the loop, and who watches it
        assert "on_open is not called: 3 callbacks that took too long still run" in caplog.text
        opened = reached(engine, EngineState.OPEN)
        go_on.open()
        opened.wait()


def test_what_is_asked_for_before_the_loop_turns_is_not_lost() -> None:
    for ask in (Life.exit, lambda life: life.portal.soon(Call(life._stop).begin)):
        engine = make(Silent(), Hang())
        life = Life(engine._engine, engine._threaded)
        ask(life)
        life.start()
        with pytest.raises(EngineStartError, match="asked to stop"):
            life.wait_started()
