from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import threading
import time
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    ConnectError,
    Endpoint,
    EngineFailedError,
    EngineStartError,
    EngineState,
    EngineStateError,
    JsonCodec,
    OpenTimeoutError,
    SyncEngine,
)
from wsengine.testing import Accept, CloseWith, Hang, Lose, Refuse, ScriptedAdapter

from .sync_tools import PATIENCE, Gate, Silent, adapter_of, at_server, make, reached


def test_it_is_made_and_checked_as_an_engine_is() -> None:
    engine = make(Silent(), workers=3, name="named")
    assert engine.name == "named"
    assert engine.config.workers == 3
    assert engine.state is EngineState.IDLE
    assert engine.session is None
    assert repr(engine) == "<SyncEngine 'named' idle>"
    with pytest.raises(ConfigError):
        SyncEngine("http://s", Endpoint())
    with pytest.raises(ConfigError):
        SyncEngine("ws://s", Endpoint(), options=3)  # type: ignore[arg-type]


def test_it_tells_url_and_codec_as_they_were_given() -> None:
    codec = JsonCodec()
    assert make(Silent(), codec=codec).codec is codec
    engine = make(Silent())
    assert (engine.codec, engine.url) == (None, "ws://s")

    def url() -> str:
        return "ws://s"

    assert SyncEngine(url, Silent(), adapter=ScriptedAdapter()).url is url


def test_one_that_ended_by_itself_is_not_kept_alive() -> None:
    engine = make(Silent(), Accept("bye", Lose()), reconnect=None)
    engine.start()
    with pytest.raises(EngineFailedError):
        engine.wait_stopped(timeout=PATIENCE)
    gone = weakref.ref(engine)
    del engine
    gc.collect()
    assert gone() is None


def test_one_life_after_the_other() -> None:
    engine = make(Silent())
    for _ in range(3):
        engine.start()
        assert engine.state is EngineState.OPEN
        with pytest.raises(EngineStateError, match="idle or stopped"):
            engine.start()
        engine.stop()
        engine.stop()
        assert engine.state is EngineState.STOPPED
    assert len(adapter_of(engine).connections) == 3


def test_before_the_start_and_after_the_stop_calls_are_refused_at_once() -> None:
    engine = make(Silent())
    engine.stop()
    engine.exit()
    with pytest.raises(EngineStateError, match="never started"):
        engine.wait_stopped()
    for _ in range(2):
        calls: list[Callable[[], object]] = [engine.restart]
        calls += [lambda: engine.send("x"), lambda: engine.request("x")]
        for call in calls:
            with pytest.raises(EngineStateError, match=r"call start\(\) first"):
                call()
        with engine:
            engine.send("x")
    engine.wait_stopped()


@pytest.mark.parametrize("wait", [True, False])
def test_one_that_stopped_by_itself_says_why_in_every_call(wait: bool) -> None:
    engine = make(Silent(), Accept(CloseWith(1008, "no such account")))
    stopped = reached(engine, EngineState.STOPPED)
    engine.start()
    stopped.wait()
    if wait:
        with pytest.raises(EngineFailedError):
            engine.wait_stopped(timeout=PATIENCE)
    calls: list[Callable[[], object]] = [engine.drain, lambda: engine.send("x", when_closed="wait")]
    for call in [*calls, engine.restart] if wait else calls:
        with pytest.raises(EngineStateError, match=r"1008 .*no such account") as caught:
            call()
        assert isinstance(caught.value.__cause__, EngineFailedError)
    engine.stop()


def test_a_start_is_refused_until_the_last_life_has_ended() -> None:
    engine = make(Silent(), stop_timeout=0.05)
    stopped, go_on = Gate(), Gate()

    def hold(change: Any) -> None:
        if change.state is EngineState.STOPPED:
            stopped.open()
            go_on.wait()

    forget = engine.watch(hold)
    engine.start()
    engine.stop()
    stopped.wait()
    with pytest.raises(EngineStateError, match="the last life of this one has not ended yet"):
        engine.start()
    go_on.open()
    engine.wait_stopped(timeout=PATIENCE)
    forget()
    with engine:
        assert engine.state is EngineState.OPEN


def test_where_no_thread_can_be_started_it_fails_at_once_and_the_next_start_does_not(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(_thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    engine = make(Silent())
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(EngineStartError, match="can't start new thread"):
            engine.start()
    assert not caplog.records  # none was left behind, nor waited for
    with pytest.raises(EngineStateError, match="has stopped: can't start new thread"):
        engine.send("x")
    with engine:
        engine.send("x")


def test_a_failed_start_says_why() -> None:
    engine = make(Silent(), Refuse(ConnectError("refused for the test")))
    with pytest.raises(EngineStartError, match="refused for the test") as caught:
        engine.start()
    assert isinstance(caught.value.__cause__, ConnectError)
    with engine:
        assert engine.state is EngineState.OPEN


def test_a_dial_that_hangs_is_stopped_from_another_thread() -> None:
    engine = make(Silent(), Hang())
    opening = reached(engine, EngineState.OPENING)

    def stop() -> None:
        opening.wait()
        engine.stop()

    thread = threading.Thread(target=stop)
    thread.start()
    with pytest.raises(EngineStartError, match="asked to stop"):
        engine.start()
    thread.join(PATIENCE)


def test_a_block_that_raises_stops_the_engine() -> None:
    engine = make(Silent())
    with pytest.raises(ZeroDivisionError), engine:
        raise ZeroDivisionError
    assert engine.state is EngineState.STOPPED
    assert adapter_of(engine).connection.close_sent == (1001, "")


def test_run_returns_when_the_engine_has_stopped_or_raises_why() -> None:
    class Leaving(Silent):
        def on_message(self, session: Any, message: Any) -> None:
            session.exit()

    engine = make(Leaving(), Accept("x"))
    engine.run()
    assert engine.state is EngineState.STOPPED
    with pytest.raises(EngineFailedError, match="1006"):
        make(Silent(), Accept(Lose()), reconnect=None).run()


def test_a_wait_for_the_end_can_be_bounded() -> None:
    with make(Silent()) as engine, pytest.raises(TimeoutError, match="still runs"):
        engine.wait_stopped(timeout=0.01)


def test_handlers_run_in_order_with_one_worker_and_at_once_with_more() -> None:
    endpoint = Silent()
    messages = [str(n) for n in range(200)]
    with make(endpoint, Accept(*messages, "")) as engine:
        while len(endpoint.messages) < 201:
            assert engine.state is EngineState.OPEN
            time.sleep(0)
    assert endpoint.messages == [*messages, ""]

    class Meeting(Silent):
        barrier = threading.Barrier(3)

        def on_message(self, session: Any, message: Any) -> None:
            self.barrier.wait(PATIENCE)
            self.came.open()

    meeting = Meeting()
    with make(meeting, Accept("a", "b", "c"), workers=3):
        meeting.came.wait()


# Calls from where they would wait for themselves.


class Stopping(Silent):
    """Makes calls inside a callback, and notes what they raise."""

    def __init__(self) -> None:
        super().__init__()
        self.raised: list[str] = []
        self.states: list[EngineState] = []

    def on_message(self, session: Any, message: Any) -> None:
        engine = session.engine
        for call in (engine.wait_stopped, engine.start):
            with contextlib.suppress(EngineStateError):
                call()
                self.raised.append("nothing")
        engine.stop()
        self.states.append(engine.state)
        engine.stop()


def test_stop_inside_a_callback_asks_for_the_exit_and_returns() -> None:
    endpoint = Stopping()
    with make(endpoint, Accept("x")) as engine:
        engine.wait_stopped(timeout=PATIENCE)
    assert not endpoint.raised
    assert endpoint.states[0] in (EngineState.OPEN, EngineState.CLOSING)


def test_in_the_event_loops_thread_nothing_blocks() -> None:
    engine = make(Silent())
    raised: list[str] = []

    def listener(change: Any) -> None:
        if change.state is EngineState.OPEN:
            calls: list[Callable[[], None]] = [engine.wait_stopped, lambda: engine.send("x")]
            for call in calls:
                try:
                    call()
                except EngineStateError as error:
                    raised.append(str(error))
            engine.stop()

    engine.watch(listener)
    engine.run()
    assert ["wait for itself" in text for text in raised] == [True, True]


def test_a_listener_can_be_taken_away() -> None:
    engine = make(Silent())
    seen: list[EngineState] = []
    forget = engine.watch(lambda change: seen.append(change.state))
    with engine:
        forget()
    assert seen == [EngineState.OPENING, EngineState.OPEN]


# Callbacks that do not end.


def test_a_handler_that_never_returns_does_not_hold_up_the_stop(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stuck, go_on, closed = Gate(), Gate(), Gate()

    class Stuck(Silent):
        def on_message(self, session: Any, message: Any) -> None:
            stuck.open()
            go_on.wait()

        def on_close(self, session: Any, close: Any) -> None:
            closed.open()

    engine = make(Stuck(), Accept("x"), stop_timeout=0.2)
    engine.start()
    stuck.wait()
    began = time.monotonic()
    engine.stop()
    assert time.monotonic() - began < 1  # 0.2 and a slow machine
    assert engine.state is EngineState.STOPPED
    closed.wait()
    errors = [record.message for record in caplog.records if record.levelno == logging.ERROR]
    assert any("ws://s: on_message took too long and still runs in" in error for error in errors)
    go_on.open()


def test_a_handler_that_waits_in_a_call_is_taken_out_of_it() -> None:
    waiting, left = Gate(), Gate()

    class Waiting(Silent):
        def on_message(self, session: Any, message: Any) -> None:
            waiting.open()
            try:
                session.ping()
            except asyncio.CancelledError:
                left.open()
                raise

    # A thread that has no turn within some hundredths of this is left behind instead.
    engine = make(Waiting(), Accept("x"), stop_timeout=1.0, ping_interval=None)
    with engine:
        adapter_of(engine).connection.ping_delay = None
        at_server(engine, adapter_of(engine).connection.feed, "y")
        waiting.wait()
    left.wait()


def test_an_on_open_that_takes_too_long_fails_the_start() -> None:
    go_on = Gate()

    class Slow(Silent):
        def on_open(self, session: Any, *, restarting: bool) -> None:
            go_on.wait()

    engine = make(Slow(), open_timeout=0.05, stop_timeout=0.2)
    with pytest.raises(EngineStartError) as caught:
        engine.start()
    assert isinstance(caught.value.__cause__, OpenTimeoutError)
    go_on.open()


def test_an_error_of_a_callback_is_logged_with_its_lines(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Failing(Silent):
        def on_message(self, session: Any, message: Any) -> None:
            raise LookupError("in the handler")

    engine = make(Failing(), Accept("x"), on_endpoint_error="exit")
    with pytest.raises(EngineFailedError, match="on_message raised LookupError"):
        engine.run()
    assert "in on_message" in caplog.text
    assert 'raise LookupError("in the handler")' in caplog.text


def test_inside_a_running_event_loop_it_works_as_well() -> None:
    async def main() -> None:
        with make(Silent()) as engine:
            engine.send("x")
            assert adapter_of(engine).connection.sent == ["x"]

    asyncio.run(main())


def test_one_engine_may_be_run_by_a_callback_of_another() -> None:
    inner = make(Silent())

    class Outer(Silent):
        def on_message(self, session: Any, message: Any) -> None:
            with inner:
                inner.send(message)
            self.came.open()

    outer = Outer()
    with make(outer, Accept("through")):
        outer.came.wait()
    assert adapter_of(inner).connection.sent == ["through"]
    assert inner.state is EngineState.STOPPED


def test_the_adapter_may_be_any() -> None:
    engine = SyncEngine("ws://s", Silent(), adapter=ScriptedAdapter())
    with engine:
        assert engine.session is not None
