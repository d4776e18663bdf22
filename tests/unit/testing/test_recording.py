"""The recording endpoint: what it remembers, and how a test waits for it."""

from __future__ import annotations

import asyncio
import dataclasses
from typing import Any

import pytest

from wsengine import (
    Close,
    ConfigError,
    ConnectError,
    Engine,
    EngineConfig,
    ReconnectPolicy,
    Session,
)
from wsengine.testing import (
    Accept,
    CloseWith,
    Delay,
    ReadFails,
    RecordingEndpoint,
    Refuse,
    ScriptedAdapter,
)
from wsengine.testing.script import Dial


def engine_for(recorder: RecordingEndpoint, *script: Dial, **settings: Any) -> Engine:
    policy = ReconnectPolicy(initial_delay=1, jitter=0, min_uptime=0)
    config = EngineConfig(**{"ping_interval": None, "reconnect": policy, **settings})
    return Engine("ws://test", recorder, adapter=ScriptedAdapter(script), config=config)


async def test_records_every_callback_in_order_with_its_arguments() -> None:
    error, refusal = ValueError("odd"), ConnectError("no", status=503)
    recorder = RecordingEndpoint()
    script = (
        Accept("one", ReadFails(error), b"two", CloseWith(1012, "later")),
        Refuse(refusal),
        Accept("three"),
    )
    async with engine_for(recorder, *script) as engine:
        await recorder.wait_for("on_message", 3, timeout=60)
    assert recorder.names == [
        "on_open",
        "on_message",
        "on_read_error",
        "on_message",
        "on_close",
        "on_restart_error",
        "on_open",
        "on_message",
        "on_close",
    ]
    assert recorder.messages == ["one", b"two", "three"]
    assert recorder.closes == [Close(1012, "later"), Close(1001, client_initiated=True)]
    opens = recorder.of("on_open")
    assert [call.arguments["restarting"] for call in opens] == [False, True]
    first, second = (call.arguments["session"] for call in opens)
    assert first is not second
    assert recorder.calls[1].arguments["session"] is first
    assert recorder.of("on_read_error")[0].arguments["error"] is error
    failed = recorder.of("on_restart_error")[0].arguments
    assert failed["engine"] is engine
    assert failed["failure"].error is refusal


async def test_records_a_close_that_failed() -> None:
    recorder = RecordingEndpoint()
    engine = engine_for(recorder)
    await engine.start()
    assert engine.session is not None
    engine.session.native.answers_close = False
    await engine.stop()
    assert recorder.names == ["on_open", "on_close", "on_close_error"]
    assert isinstance(recorder.calls[-1].arguments["error"], TimeoutError)


async def test_records_the_time_of_the_event_loop() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder, Accept("now", Delay(5), "later")):
        await recorder.wait_for("on_message", 2, timeout=60)
    now, later = (call.time for call in recorder.of("on_message"))
    assert later == now + 5


async def test_a_record_cannot_be_changed() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder):
        call = await recorder.wait_for("on_open")
    with pytest.raises(dataclasses.FrozenInstanceError):
        call.name = "on_message"  # type: ignore[misc]
    with pytest.raises(TypeError):
        call.arguments["restarting"] = True  # type: ignore[index]


# Waiting.


async def test_wait_for_returns_the_call_of_that_number() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder, Accept("one", Delay(1), "two", Delay(1), "three")):
        assert (await recorder.wait_for("on_message", 2)).arguments["message"] == "two"
        await recorder.wait_for("on_message", 3)
        assert (await recorder.wait_for("on_message")).arguments["message"] == "one"


async def test_several_may_wait() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder, Accept(Delay(1), "one", Delay(1), "two")):
        waits = [asyncio.create_task(recorder.wait_for("on_message", n)) for n in (2, 1, 2)]
        calls = await asyncio.gather(*waits)
    assert [call.arguments["message"] for call in calls] == ["two", "one", "two"]


async def test_wait_for_gives_up_and_tells_what_came_instead() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder, Accept("only")):
        began = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError, match=r"on_message was called 1 times, not 2, within 3 s"):
            await recorder.wait_for("on_message", 2, timeout=3)
        assert asyncio.get_running_loop().time() == began + 3


async def test_a_callback_that_does_not_exist_is_refused() -> None:
    recorder = RecordingEndpoint()
    with pytest.raises(ConfigError, match="on_mesage"):
        await recorder.wait_for("on_mesage")
    with pytest.raises(ConfigError, match="on_mesage"):
        recorder.of("on_mesage")


# Hooks.


async def test_hooks_run_after_the_record_with_the_same_arguments() -> None:
    seen: list[tuple[str, Any]] = []

    async def on_open(session: Session, *, restarting: bool) -> None:
        seen.append((recorder.names[-1], restarting))
        await session.send("hello")

    def on_message(session: Session, message: str) -> None:
        seen.append((recorder.names[-1], message))

    recorder = RecordingEndpoint(on_open=on_open, on_message=on_message)
    async with engine_for(recorder, Accept("x")) as engine:
        await recorder.wait_for("on_message")
        assert engine.session is not None
        assert engine.session.native.sent == ["hello"]
    assert seen == [("on_open", False), ("on_message", "x")]


async def test_the_result_of_a_hook_is_that_of_the_callback() -> None:
    recorder = RecordingEndpoint(on_close=lambda session, close: Close(4001, "mine"))
    engine = engine_for(recorder)
    await engine.start()
    assert engine.session is not None
    connection = engine.session.native
    await engine.stop()
    assert connection.close_sent == (4001, "mine")


@pytest.mark.parametrize("hook", ["on_read_error", "on_close_error", "on_restart_error"])
async def test_every_callback_takes_a_hook(hook: str) -> None:
    seen: list[Any] = []

    async def note(owner: object, told: object) -> None:
        seen.append(told)

    recorder = RecordingEndpoint(**{hook: note})
    script = (
        Accept(ReadFails(ValueError("odd")), Delay(1), CloseWith(1012)),
        Refuse(OSError("no")),
        Accept("up again"),
    )
    engine = engine_for(recorder, *script)
    await engine.start()
    await recorder.wait_for("on_message", timeout=60)
    assert engine.session is not None
    engine.session.native.answers_close = False
    await engine.stop()
    assert len(seen) == 1
    assert list(recorder.of(hook)[0].arguments.values())[1] is seen[0]


async def test_a_hook_that_raises_fails_the_callback() -> None:
    def refuse(session: Session, *, restarting: bool) -> None:
        raise ValueError("not today")

    recorder = RecordingEndpoint(on_open=refuse)
    engine = engine_for(recorder)
    with pytest.raises(Exception, match="not today"):
        await engine.start()
    assert recorder.names == ["on_open"]


# Overlap.


@pytest.mark.parametrize("workers", [1, 3])
async def test_knows_how_many_messages_were_handled_at_once(workers: int) -> None:
    async def slow(session: Session, message: str) -> None:
        await asyncio.sleep(1)

    recorder = RecordingEndpoint(on_message=slow)
    async with engine_for(recorder, Accept(*"abcdefgh"), workers=workers):
        await recorder.wait_for("on_message", 8, timeout=60)
    assert recorder.most_at_once == workers


async def test_handlers_that_raise_are_over_too() -> None:
    async def late(session: Session, message: str) -> None:
        await asyncio.sleep(0)
        raise ValueError(message)

    def at_once(session: Session, message: str) -> Any:
        if message == "sync":
            raise ValueError(message)
        return late(session, message)

    recorder = RecordingEndpoint(on_message=at_once)
    async with engine_for(recorder, Accept("sync", "async", "sync", "async")):
        await recorder.wait_for("on_message", 4)
    assert recorder.most_at_once == 1


async def test_without_a_hook_a_message_is_counted_as_one() -> None:
    recorder = RecordingEndpoint()
    async with engine_for(recorder, Accept(*"abc"), workers=3):
        await recorder.wait_for("on_message", 3)
    assert recorder.most_at_once == 1
