"""The supervisor: sessions, delays, failures, and how it all ends."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from wsengine import (
    Close,
    ConnectError,
    ConnectionClosed,
    EngineFailedError,
    EngineStartError,
    EngineState,
    Fatal,
    ReconnectPolicy,
    RestartFailure,
    Retry,
    Session,
    StateChange,
)
from wsengine.link import Link
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Accept, CloseWith, Dial, Lose, Refuse

from .tools import Notes, make, now, settle

GUARDED = ReconnectPolicy(initial_delay=1, factor=2, max_delay=8, jitter=0, min_uptime=5)


def dial_times(adapter: ScriptedAdapter) -> list[float]:
    return [round(time, 3) for _, _, time in adapter.dials]


async def test_a_lost_connection_is_reopened() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.lose()
        await asyncio.sleep(1.1)
        assert [note[:2] for note in endpoint.notes] == [
            ("on_open", False),
            ("on_close", 1006),
            ("on_open", True),
        ]
        assert engine.state is EngineState.OPEN


async def test_failed_attempts_are_told_with_their_delays() -> None:
    gone = OSError("gone")
    endpoint = Notes()
    engine, adapter = make(endpoint, Accept(Lose()), *[Refuse(gone)] * 3)
    async with engine:
        await asyncio.sleep(30)
    told = [note[1] for note in endpoint.named("on_restart_error")]
    assert told == [
        RestartFailure(gone, 1, 2.0),
        RestartFailure(gone, 2, 4.0),
        RestartFailure(gone, 3, 8.0),
    ]
    assert dial_times(adapter) == [0, 1, 3, 7, 15]


async def test_a_server_that_accepts_and_drops_is_dialled_ever_more_slowly() -> None:
    engine, adapter = make(Notes(), then=Accept(Lose()), reconnect=GUARDED)
    async with engine:
        await asyncio.sleep(40)
    assert dial_times(adapter) == [0, 1, 3, 7, 15, 23, 31, 39]


async def test_a_session_that_lasted_begins_anew() -> None:
    engine, adapter = make(Notes(), *[Accept(Lose())] * 3, reconnect=GUARDED)
    async with engine:
        await asyncio.sleep(20)
        adapter.connection.lose()
        await asyncio.sleep(2)
    assert dial_times(adapter) == [0, 1, 3, 7, 21]


async def test_a_wanted_restart_comes_at_once_after_a_session_that_lasted() -> None:
    engine, adapter = make(Notes(), reconnect=GUARDED)
    async with engine:
        await asyncio.sleep(6)
        engine.restart()
        await asyncio.sleep(1)
        engine.restart()
        await asyncio.sleep(2)
    assert dial_times(adapter) == [0, 6, 8]


async def test_restart_in_on_message_reopens_with_a_fresh_session() -> None:
    async def handle(session: Session, message: str) -> None:
        if message == "restart":
            session.restart()

    endpoint = Notes(on_message=handle)
    engine, adapter = make(endpoint, Accept("restart", "dropped"), Accept("next"))
    async with engine:
        await asyncio.sleep(2)
    assert endpoint.messages == ["restart", "next"]
    assert adapter.connections[0].close_sent == (1001, "")
    assert endpoint.sessions[0].stats().messages_dropped == 1


async def test_exit_in_on_message_stops() -> None:
    endpoint = Notes(on_message=lambda session, message: session.exit())
    engine, adapter = make(endpoint, Accept("1", "2"))
    await engine.run()
    assert endpoint.messages == ["1"]
    assert adapter.connection.close_sent == (1001, "")
    assert engine.state is EngineState.STOPPED


async def test_restart_in_on_open() -> None:
    opens: list[Session] = []

    def restart_once(session: Session) -> None:
        opens.append(session)
        if len(opens) == 1:
            session.restart()

    endpoint = Notes(on_open=restart_once)
    engine, _ = make(endpoint)
    async with engine:
        await asyncio.sleep(2)
        assert [note[0] for note in endpoint.notes] == ["on_open", "on_close", "on_open"]


async def test_retry_after_is_honoured() -> None:
    busy = ConnectError("busy", status=503, retry_after=30.0)
    engine, adapter = make(Notes(), Accept(Lose()), Refuse(busy))
    async with engine:
        await asyncio.sleep(60)
    assert dial_times(adapter) == [0, 1, 33]


async def test_a_fatal_end_of_a_session_stops_the_engine() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint, Accept(CloseWith(1008, "banned")))
    with pytest.raises(EngineFailedError, match="dialling again cannot help") as caught:
        await engine.run()
    assert isinstance(caught.value.__cause__, ConnectionClosed)
    assert caught.value.__cause__.close == Close(1008, "banned")
    assert len(endpoint.named("on_close")) == 1
    await engine.start()  # and it can be started again
    await engine.stop()


async def test_a_fatal_refusal_stops_the_engine_and_is_told() -> None:
    refusal = ConnectError("no", status=403)
    endpoint = Notes()
    engine, _ = make(endpoint, Accept(Lose()), Refuse(refusal))
    with pytest.raises(EngineFailedError) as caught:
        await engine.run()
    assert caught.value.__cause__ is refusal
    assert endpoint.notes[-1] == ("on_restart_error", RestartFailure(refusal, 1, None))


async def test_attempts_are_used_up() -> None:
    policy = ReconnectPolicy(initial_delay=1, jitter=0, max_attempts=3)
    endpoint = Notes()
    engine, adapter = make(endpoint, Accept(), then=Refuse(OSError("gone")), reconnect=policy)
    await engine.start()
    await asyncio.sleep(10)
    adapter.connection.lose()
    with pytest.raises(EngineFailedError, match="gave up after 3 attempts in a row"):
        await engine.wait_stopped()
    assert dial_times(adapter) == [0, 11, 13, 17]
    assert endpoint.notes[-1][1].next_delay is None


@pytest.mark.parametrize("step", [CloseWith(1000), CloseWith(1001)])
async def test_without_reconnection_a_normal_close_ends_it(step: CloseWith) -> None:
    engine, adapter = make(Notes(), Accept(step), reconnect=None)
    await engine.run()
    assert len(adapter.dials) == 1


@pytest.mark.parametrize("step", [CloseWith(1011), Lose()])
async def test_without_reconnection_a_loss_is_raised(step: Any) -> None:
    engine, _ = make(Notes(), Accept(step), reconnect=None)
    with pytest.raises(EngineFailedError, match="reconnect=None"):
        await engine.run()


async def test_a_restart_works_without_a_policy() -> None:
    endpoint = Notes()
    engine, _ = make(endpoint, reconnect=None)
    async with engine:
        await asyncio.sleep(10)  # longer than the default policy's `min_uptime`
        engine.restart()
        await settle(40)
        assert len(endpoint.sessions) == 2
        engine.restart()
        await asyncio.sleep(0.5)
        assert len(endpoint.sessions) == 3


@pytest.mark.parametrize("where", ["on_message", "on_close"])
async def test_a_callback_that_fails_after_the_end_changes_nothing_about_it(where: str) -> None:
    async def fail(*_: Any) -> None:
        await asyncio.sleep(1)
        raise ValueError("mine")

    endpoint = Notes(**{where: fail})
    script = Accept("x", CloseWith(1008, "banned"))
    engine, adapter = make(endpoint, then=script, on_endpoint_error="restart")
    with pytest.raises(EngineFailedError, match="banned"):
        await engine.run()
    assert len(adapter.dials) == 1


@pytest.mark.parametrize("reconnect", [None, ReconnectPolicy(initial_delay=1, jitter=0)])
async def test_a_message_that_is_poison_makes_no_storm(reconnect: ReconnectPolicy | None) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("poison")

    engine, adapter = make(
        Notes(on_message=fail), then=Accept("x"), on_endpoint_error="restart", reconnect=reconnect
    )
    async with engine:
        await asyncio.sleep(60)
        assert 3 <= len(adapter.dials) <= 40


async def test_a_message_that_is_poison_uses_attempts_up() -> None:
    def fail(*_: Any) -> None:
        raise ValueError("poison")

    policy = ReconnectPolicy(max_attempts=2)
    engine, adapter = make(
        Notes(on_message=fail), then=Accept("x"), on_endpoint_error="restart", reconnect=policy
    )
    with pytest.raises(EngineFailedError, match="gave up after 2 attempts"):
        await engine.run()
    assert len(adapter.dials) == 3


def _note_state(states: list[EngineState], change: StateChange) -> None:
    states.append(change.state)


async def test_an_exit_in_the_first_moment_is_a_life_all_the_same() -> None:
    for _ in range(2):
        engine, adapter = make(Notes())
        states: list[EngineState] = []
        engine.watch(partial(_note_state, states))
        outcome, _ = await asyncio.gather(engine.start(), engine.stop(), return_exceptions=True)
        assert isinstance(outcome, EngineStartError)
        assert states == [EngineState.OPENING, EngineState.STOPPED]
        assert adapter.dials == []
        async with engine:
            assert engine.state is EngineState.OPEN


class Odd(BaseException):
    """No `Exception`, and none of asyncio's either."""


def raise_odd(*_: Any) -> None:
    raise Odd("mine")


@pytest.mark.parametrize("where", ["on_open", "on_message", "on_close", "on_restart_error"])
async def test_what_is_no_exception_ends_the_run_and_the_connection(where: str) -> None:
    def second(session: Session) -> None:
        if session.gap is not None:
            raise_odd()

    endpoint = Notes(**{where: second if where == "on_open" else raise_odd})
    script: list[Dial] = [Accept("x", Lose()), Refuse(OSError("gone"))]
    if where != "on_restart_error":
        script.clear()
    engine, adapter = make(endpoint, *script, then=Accept("x", CloseWith(1000)))
    with pytest.raises(Odd, match="mine"):
        await engine.run()
    assert engine.state is EngineState.STOPPED
    assert engine.session is None
    assert all(connection.closed for connection in adapter.connections)


async def test_what_is_no_exception_in_the_first_on_open_is_raised_by_start() -> None:
    engine, adapter = make(Notes(on_open=raise_odd))
    with pytest.raises(Odd, match="mine"):
        await engine.start()
    assert adapter.connection.closed


async def test_an_on_open_that_fails_as_the_engine_is_to_stop_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def fail(session: Session) -> None:
        session.exit()
        raise ValueError("mine")

    engine, _ = make(Notes(on_open=fail))
    await engine.run()
    assert "on_open raised ValueError('mine'); stopping anyway" in caplog.text
    assert "Traceback" in caplog.text


@pytest.mark.parametrize("error", [FileNotFoundError("token"), TimeoutError("mine")])
async def test_an_os_error_of_on_open_is_logged_with_its_traceback(
    error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(session: Session) -> None:
        if len(endpoint.sessions) == 1:
            raise error

    endpoint = Notes(on_open=fail)
    engine, _ = make(endpoint, retry_start=True)
    async with engine:
        assert "in fail" in caplog.text


async def test_who_raised_it_is_told(caplog: pytest.LogCaptureFixture) -> None:
    def fail(session: Session) -> None:
        raise KeyError("token")

    policy = ReconnectPolicy(max_attempts=2)
    engine, _ = make(Notes(on_open=fail), retry_start=True, reconnect=policy)
    with pytest.raises(EngineStartError, match=r"on_open raised KeyError.*; gave up after 2"):
        await engine.start()
    assert "opening failed: on_open raised KeyError('token'); giving up" in caplog.text
    assert "stopped by itself: on_open raised KeyError('token'); gave up" in caplog.text
    engine, _ = make(Notes(on_open=fail))
    with pytest.raises(EngineStartError, match=r"^could not start: on_open raised KeyError"):
        await engine.start()


async def test_the_first_open_is_not_retried_unless_asked() -> None:
    engine, adapter = make(Notes(), Refuse(OSError("gone")))
    with pytest.raises(EngineStartError, match="could not start: gone"):
        await engine.start()
    assert len(adapter.dials) == 1
    assert engine.state is EngineState.STOPPED


async def test_with_retry_start_it_is() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, *[Refuse(OSError("gone"))] * 2, retry_start=True)
    async with engine:
        assert now() == pytest.approx(3)
    assert len(endpoint.named("on_restart_error")) == 2
    assert endpoint.named("on_open") == [("on_open", False)]
    assert dial_times(adapter) == [0, 1, 3]


async def test_a_fatal_refusal_is_not_retried_at_the_start_either() -> None:
    refusal = ConnectError("no", status=401)
    engine, adapter = make(Notes(), then=Refuse(refusal), retry_start=True)
    with pytest.raises(EngineStartError) as caught:
        await engine.start()
    assert caught.value.__cause__ is refusal
    assert len(adapter.dials) == 1


async def test_a_policy_of_ones_own() -> None:
    def classify(end: Exception | Close) -> Retry | Fatal | None:
        if isinstance(end, Close) and end.code == 4000:
            return Retry(after=10)
        return Fatal() if isinstance(end, Close) and end.code == 4001 else None

    policy = ReconnectPolicy(initial_delay=1, jitter=0, min_uptime=0, classify=classify)
    script = [Accept(CloseWith(4000)), Accept(CloseWith(1012)), Accept(CloseWith(4001))]
    engine, adapter = make(Notes(), *script, reconnect=policy)
    with pytest.raises(EngineFailedError):
        await engine.run()
    assert dial_times(adapter) == [0, 11, 14]


async def test_a_classify_that_answers_nonsense_is_a_clear_end() -> None:
    policy = ReconnectPolicy(classify=lambda end: True)  # type: ignore[arg-type,return-value]
    engine, _ = make(Notes(), Accept(Lose()), reconnect=policy)
    with pytest.raises(Exception, match="it must answer Retry"):
        await engine.run()
    assert engine.state is EngineState.STOPPED


@pytest.mark.parametrize("callback", ["on_message", "on_read_error"])
async def test_on_endpoint_error_restart(callback: str) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("odd")

    endpoint = Notes(**{callback: fail})
    engine, adapter = make(endpoint, on_endpoint_error="restart")
    async with engine:
        adapter.connection.feed("1")
        adapter.connection.fail_read(OSError())
        await asyncio.sleep(3)
        assert len(endpoint.sessions) == 2


@pytest.mark.parametrize("callback", ["on_message", "on_read_error", "on_close"])
async def test_on_endpoint_error_exit(callback: str) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("odd")

    script = Accept("1", CloseWith(1012)) if callback != "on_read_error" else Accept()
    engine, adapter = make(Notes(**{callback: fail}), script, on_endpoint_error="exit")
    await engine.start()
    if callback == "on_read_error":
        adapter.connection.fail_read(OSError())
    with pytest.raises(
        EngineFailedError, match=rf"{callback} raised ValueError\('odd'\)"
    ) as caught:
        await engine.wait_stopped()
    assert isinstance(caught.value.__cause__, ValueError)


async def test_a_slow_on_restart_error_does_not_hold_up_a_stop() -> None:
    endpoint = Notes(on_restart_error=lambda engine, failure: asyncio.sleep(3600))
    engine, adapter = make(endpoint, Accept(), Refuse(OSError("gone")), stop_timeout=4)
    await engine.start()
    adapter.connection.lose()
    await asyncio.sleep(2)
    began = now()
    await engine.stop()
    assert now() - began <= 4


async def test_a_fault_of_the_engine_itself_is_reported_and_survived(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        monkeypatch.setattr(Link, "count_failure", lambda link: 1 / 0)
        adapter.connection.fail_read(OSError())
        await asyncio.sleep(3)
        assert len(endpoint.sessions) == 2
    assert "a fault in wsengine" in caplog.text


async def test_a_worker_cancelled_from_outside_stops_the_engine(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def cancel_me(session: Session, message: str) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()

    endpoint = Notes(on_message=cancel_me)
    engine, _ = make(endpoint, Accept("1"))
    await engine.run()
    assert len(endpoint.named("on_close")) == 1
    assert "cancelled from outside" in caplog.text


async def test_a_slow_on_open_does_not_count_as_uptime() -> None:
    endpoint = Notes(on_open=lambda session: asyncio.sleep(6))
    engine, adapter = make(endpoint, then=Accept(Lose()), reconnect=GUARDED, open_timeout=10)
    async with engine:
        await asyncio.sleep(50)
    assert dial_times(adapter) == [0, 7, 15, 25, 39, 53]
