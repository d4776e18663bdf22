"""The engine's own calls: start, stop, run, exit, restart, state."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    Endpoint,
    Engine,
    EngineConfig,
    EngineFailedError,
    EngineStartError,
    EngineState,
    EngineStateError,
    Session,
    StateChange,
)
from wsengine.testing import ScriptedAdapter
from wsengine.testing.script import Accept, Hang, Refuse

from .tools import Notes, make, now, settle


async def test_start_returns_when_on_open_is_done() -> None:
    endpoint = Notes(on_open=lambda session: asyncio.sleep(2))
    engine, _ = make(endpoint)
    assert engine.state is EngineState.IDLE
    assert engine.session is None
    await engine.start()
    assert now() == pytest.approx(2)
    assert engine.state is EngineState.OPEN
    assert engine.session is endpoint.sessions[0]
    await engine.stop()
    assert engine.state is EngineState.STOPPED
    assert engine.session is None


async def test_a_second_start_is_refused_and_breaks_nothing() -> None:
    engine, _ = make(Notes())
    async with engine:
        with pytest.raises(EngineStateError, match="this one is open"):
            await engine.start()
        assert engine.state is EngineState.OPEN
        engine.exit()
        await engine.wait_stopped()


async def test_stop_then_start_again() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    for _ in range(3):
        await engine.start()
        await engine.stop()
    assert endpoint.named("on_open") == [("on_open", False)] * 3
    assert len(adapter.connections) == 3


async def test_stop_is_safe_at_any_time() -> None:
    engine, _ = make(Notes())
    await engine.stop()
    engine.exit()
    await engine.start()
    await asyncio.gather(engine.stop(), engine.stop())
    await engine.stop()
    engine.exit()
    assert engine.state is EngineState.STOPPED


async def test_stop_during_a_dial_is_at_once() -> None:
    engine, _ = make(Notes(), Hang(), open_timeout=100)
    starting = asyncio.create_task(engine.start())
    await asyncio.sleep(1)
    await engine.stop()
    assert now() == pytest.approx(1)
    with pytest.raises(EngineStartError, match="asked to stop"):
        await starting


async def test_stop_during_an_hour_of_delay_is_at_once() -> None:
    engine, _ = make(Notes(), then=Refuse(OSError("no")), retry_start=True, reconnect=hours())
    starting = asyncio.create_task(engine.start())
    await asyncio.sleep(1)
    assert engine.state is EngineState.WAITING
    await engine.stop()
    assert now() == pytest.approx(1)
    with pytest.raises(EngineStartError):
        await starting


def hours() -> Any:
    from wsengine import ReconnectPolicy

    return ReconnectPolicy(initial_delay=3600, max_delay=3600, jitter=0)


async def test_stop_during_a_slow_on_open_waits_half_of_stop_timeout() -> None:
    endpoint = Notes(on_open=lambda session: asyncio.sleep(3600))
    engine, adapter = make(endpoint, stop_timeout=4, open_timeout=100)
    starting = asyncio.create_task(engine.start())
    await settle()
    await engine.stop()
    assert 2 <= now() <= 4
    assert adapter.connection.closed is not None
    assert not endpoint.named("on_close")
    with pytest.raises(EngineStartError):
        await starting


async def test_exit_in_on_open_closes_the_session_properly() -> None:
    endpoint = Notes(on_open=lambda session: session.exit())
    engine, adapter = make(endpoint)
    await engine.start()
    await engine.wait_stopped()
    assert [note[0] for note in endpoint.notes] == ["on_open", "on_close"]
    assert adapter.connection.close_sent == (1001, "")


@pytest.mark.parametrize("callback", ["on_open", "on_message", "on_read_error", "on_close"])
@pytest.mark.parametrize("wait_for", [False, True])
async def test_stop_inside_a_callback_returns_at_once(callback: str, wait_for: bool) -> None:
    async def stop(*_: Any) -> None:
        before = now()
        if wait_for:
            await asyncio.wait_for(engine.stop(), 60)
        else:
            await engine.stop()
        assert now() == before

    endpoint = Notes(**{callback: stop})
    engine, adapter = make(endpoint)
    await engine.start()
    adapter.connection.feed("1")
    adapter.connection.fail_read(ValueError())
    await settle(40)
    if callback == "on_close":
        engine.exit()
    await engine.wait_stopped()
    assert now() == 0
    assert len(endpoint.named("on_close")) == 1


async def test_stop_inside_on_restart_error() -> None:
    endpoint = Notes(on_restart_error=lambda engine, failure: engine.stop())
    engine, adapter = make(endpoint, Accept(), Refuse(OSError("gone")))
    await engine.start()
    adapter.connection.lose()
    await engine.wait_stopped()
    assert len(endpoint.named("on_restart_error")) == 1


async def test_a_task_that_outlives_its_callback_waits_for_the_stop() -> None:
    states: list[EngineState] = []
    tasks: list[asyncio.Task[None]] = []

    async def later() -> None:
        await asyncio.sleep(5)
        await engine.stop()
        states.append(engine.state)

    def spawn(session: Session) -> None:
        tasks.append(asyncio.create_task(later()))

    engine, _ = make(Notes(on_open=spawn))
    await engine.run()
    await asyncio.gather(*tasks)
    assert states == [EngineState.STOPPED]


async def test_cancelling_start_stops_everything() -> None:
    engine, _ = make(Notes(), Hang())
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(1):
            await engine.start()
    assert engine.state is EngineState.STOPPED
    assert now() == pytest.approx(1)


async def test_cancelling_run_stops_gracefully() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    running = asyncio.create_task(engine.run())
    await asyncio.sleep(1)
    running.cancel()
    await asyncio.wait({running})
    assert running.cancelled()
    assert adapter.connection.close_sent == (1001, "")
    assert len(endpoint.named("on_close")) == 1


async def test_cancelling_all_tasks_as_asyncio_run_does_closes_properly() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, Accept("1"), workers=2)
    await engine.start()
    await settle()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert engine.state is EngineState.STOPPED
    assert adapter.connection.close_sent == (1001, "")
    assert len(endpoint.named("on_close")) == 1


async def test_wait_stopped_needs_a_start_and_leaves_the_engine_alone() -> None:
    engine, _ = make(Notes())
    with pytest.raises(EngineStateError, match="never started"):
        await engine.wait_stopped()
    async with engine:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await engine.wait_stopped()
        assert engine.state is EngineState.OPEN


async def test_run_raises_a_fatal_end() -> None:
    engine, adapter = make(Notes())
    asyncio.get_running_loop().call_later(
        1, lambda: adapter.connection.close_by_server(1008, "banned")
    )
    with pytest.raises(EngineFailedError, match=r"1008 POLICY_VIOLATION \(banned\)"):
        await engine.run()
    assert engine.state is EngineState.STOPPED


async def test_restart_needs_a_running_engine() -> None:
    engine, _ = make(Notes())
    with pytest.raises(EngineStateError, match="this one is idle"):
        engine.restart()


async def test_restart_between_two_dials_dials_now() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, Accept(), Refuse(OSError("gone")), reconnect=hours())
    async with engine:
        adapter.connection.lose()
        await asyncio.sleep(1)
        assert engine.state is EngineState.WAITING
        engine.restart()
        await settle()
        engine.restart()
        await settle()
        assert engine.state is EngineState.OPEN
        assert now() == pytest.approx(1)


async def test_listeners_see_every_change() -> None:
    changes: list[StateChange] = []
    engine, adapter = make(Notes())
    unwatch = engine.watch(changes.append)
    async with engine:
        adapter.connection.lose()
        await asyncio.sleep(2)
        unwatch()
        unwatch()
    states = [change.state.value for change in changes]
    assert states == ["opening", "open", "closing", "waiting", "opening", "open"]
    assert changes[3].delay == pytest.approx(1)
    assert "next dial in 1.00 s" in changes[3].reason


class NoCallbacks:
    pass


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"url": "http://host"}, r"url='http://host': must begin with ws:// or wss://"),
        ({"url": "ws://"}, "has no host"),
        ({"url": 5}, "must be a str"),
        ({"endpoint": NoCallbacks()}, "lacks on_open, on_message"),
        ({"endpoint": Endpoint}, r"is a class; give an instance: Endpoint\(\)"),
        ({"adapter": "websocket"}, "is not one of 'websockets'"),
        ({"adapter": object()}, "has no `async def connect"),
        ({"options": {"headers": {}}}, "must be ConnectOptions"),
        ({"config": {"workers": 2}}, "must be an EngineConfig"),
    ],
)
def test_bad_input_fails_in_the_constructor(arguments: dict[str, Any], message: str) -> None:
    arguments = {
        "url": "ws://host",
        "endpoint": Endpoint(),
        "adapter": ScriptedAdapter(),
        **arguments,
    }
    with pytest.raises(ConfigError, match=message):
        Engine(arguments.pop("url"), arguments.pop("endpoint"), **arguments)


def test_the_name_shows_no_secret() -> None:
    engine = Engine("wss://me:pass@host/feed?token=abc", Endpoint(), adapter=ScriptedAdapter())
    assert engine.name == "wss://...@host/feed?token=..."
    assert repr(engine) == "<Engine 'wss://...@host/feed?token=...' idle>"
    named = Engine(lambda: "ws://x", Endpoint(), config=EngineConfig(name="prices"))
    assert named.name == "prices"


async def test_two_starts_at_once_are_one() -> None:
    engine, adapter = make(Notes())
    outcomes = await asyncio.gather(engine.start(), engine.start(), return_exceptions=True)
    assert outcomes[0] is None
    assert isinstance(outcomes[1], EngineStateError)
    assert len(adapter.connections) == 1
    await engine.stop()


async def test_restart_of_the_engine_in_on_open() -> None:
    def restart_once(session: Session) -> None:
        if len(endpoint.sessions) == 1:
            engine.restart()

    endpoint = Notes(on_open=restart_once)
    engine, _ = make(endpoint)
    async with engine:
        await asyncio.sleep(2)
        assert len(endpoint.sessions) == 2


async def test_restart_in_on_restart_error_dials_now() -> None:
    endpoint = Notes(on_restart_error=lambda engine, failure: engine.restart())
    engine, adapter = make(endpoint, Accept(), Refuse(OSError("gone")), reconnect=hours())
    async with engine:
        adapter.connection.lose()
        await asyncio.sleep(3601)
        assert engine.state is EngineState.OPEN


async def test_a_loop_that_ends_during_a_close_still_closes_properly() -> None:
    endpoint = Notes(on_message=lambda session, message: asyncio.sleep(3600))
    engine, adapter = make(endpoint, Accept("1"))
    await engine.start()
    await settle()
    engine.exit()
    await settle()
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert len(endpoint.named("on_close")) == 1
    assert adapter.connection.close_sent == (1001, "")


async def test_wanted_restarts_do_not_use_the_engine_up() -> None:
    from wsengine import ReconnectPolicy

    policy = ReconnectPolicy(initial_delay=1, max_delay=2, jitter=0, max_attempts=2, min_uptime=60)
    endpoint = Notes()
    engine, _ = make(endpoint, reconnect=policy)
    async with engine:
        for _ in range(5):
            engine.restart()
            await asyncio.sleep(3)
        assert engine.state is EngineState.OPEN


@pytest.mark.parametrize(
    ("field", "method"), [("tracer_provider", "get_tracer"), ("meter_provider", "get_meter")]
)
def test_a_provider_is_looked_at(field: str, method: str) -> None:
    with pytest.raises(ConfigError, match=f"^{field}='x': must have a method {method}"):
        Engine("ws://test", Notes(), adapter=ScriptedAdapter(), **{field: "x"})  # type: ignore[arg-type]


async def test_a_listener_may_watch_twice() -> None:
    engine, _ = make(Notes())
    seen: list[StateChange] = []
    first, second = engine.watch(seen.append), engine.watch(seen.append)
    first()
    first()
    async with engine:
        assert [change.state for change in seen] == [EngineState.OPENING, EngineState.OPEN]
    second()


async def test_a_listener_that_would_have_to_be_awaited_is_refused() -> None:
    async def listen(change: StateChange) -> None:
        """Do nothing."""

    engine, _ = make(Notes())
    with pytest.raises(ConfigError, match="must be a plain function"):
        engine.watch(listen)


async def test_an_exit_after_the_end_leaves_nothing_for_the_next_life() -> None:
    engine, _ = make(Notes(), reconnect=None)
    await engine.start()
    await engine.stop()
    engine.exit()
    assert engine.telemetry.phases._asked is None


def test_an_engine_whose_loop_was_closed_says_so() -> None:
    engine, _ = make(Notes())
    loop = asyncio.new_event_loop()
    try:
        loop.run_until_complete(engine.start())
        tasks = asyncio.all_tasks(loop)
    finally:
        loop.close()

    async def again() -> None:
        with pytest.raises(EngineStateError, match="was open when its event loop was closed"):
            await engine.start()
        await engine.stop()
        engine.exit()

    asyncio.run(again())
    for task in tasks:
        task._log_destroy_pending = False  # type: ignore[attr-defined]
