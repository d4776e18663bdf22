"""Opening: the dial and on_open, bounded, and nothing left running behind."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    ConnectError,
    ConnectOptions,
    Engine,
    EngineConfig,
    EngineStartError,
    EngineState,
    OpenTimeoutError,
    Session,
)
from wsengine.opening import Source, resolve
from wsengine.testing import ScriptedAdapter, ScriptedConnection
from wsengine.testing.script import Accept, Hang, Refuse

from .tools import Notes, make, now, settle


async def test_a_dial_that_never_answers_times_out() -> None:
    engine, _ = make(Notes(), Hang(), open_timeout=3)
    with pytest.raises(EngineStartError) as caught:
        await engine.start()
    assert isinstance(caught.value.__cause__, OpenTimeoutError)
    assert "ws://scripted: the dial did not end within 3 s (open_timeout)" in str(caught.value)
    assert now() == pytest.approx(3)
    assert engine.state is EngineState.STOPPED


async def test_open_timeout_covers_dial_and_on_open_together() -> None:
    endpoint = Notes(on_open=lambda session: asyncio.sleep(2))
    engine, adapter = make(endpoint, Accept(after=2), open_timeout=3)
    with pytest.raises(EngineStartError, match="on_open did not end within 3 s"):
        await engine.start()
    assert now() == pytest.approx(3)
    assert adapter.connection.closed is not None
    assert adapter.connection.close_sent == (1001, "")
    assert not endpoint.named("on_close")


@pytest.mark.parametrize("turns", range(8))
@pytest.mark.parametrize("how", ["time", "exit"])
async def test_an_on_open_that_ends_as_its_time_does_has_its_on_close(how: str, turns: int) -> None:
    ended = []

    async def on_open(session: Session) -> None:
        await asyncio.sleep(3)
        for _ in range(turns):
            await asyncio.sleep(0)
        ended.append(session)

    endpoint = Notes(on_open=on_open)
    engine, _ = make(endpoint, open_timeout=3 if how == "time" else 30, stop_timeout=2)
    if how == "exit":  # then it has half of the time to stop
        asyncio.get_running_loop().call_at(now() + 2, engine.exit)
    with contextlib.suppress(EngineStartError):
        async with engine:
            pass
    assert engine.state is EngineState.STOPPED
    assert len(endpoint.named("on_close")) == len(ended)


@pytest.mark.parametrize("how", ["ends", "never ends"])
async def test_an_on_open_that_ignores_its_cancellation_leaves_no_session(
    how: str, caplog: pytest.LogCaptureFixture
) -> None:
    release = asyncio.Event()

    async def stubborn(session: Session) -> None:
        while not release.is_set():
            try:
                await release.wait()
            except asyncio.CancelledError:
                if how == "ends":
                    return

    endpoint = Notes(on_open=stubborn)
    engine, adapter = make(endpoint, open_timeout=3)
    with pytest.raises(EngineStartError):
        await engine.start()
    await asyncio.sleep(1)
    assert engine.session is None
    assert adapter.connection.closed is not None
    assert ("ignores its cancellation" in caplog.text) == (how == "never ends")
    release.set()
    await asyncio.sleep(1)
    assert engine.state is EngineState.STOPPED


async def test_on_open_raising_fails_the_open() -> None:
    async def refuse(session: Session) -> None:
        raise ValueError("I do not like this server")

    endpoint = Notes(on_open=refuse)
    engine, adapter = make(endpoint)
    with pytest.raises(EngineStartError, match="I do not like this server") as caught:
        await engine.start()
    assert isinstance(caught.value.__cause__, ValueError)
    assert adapter.connection.close_sent == (1001, "")
    assert not endpoint.named("on_close")


async def test_on_open_raising_cancelled_error_fails_the_open() -> None:
    async def odd(session: Session) -> None:
        raise asyncio.CancelledError

    engine, _ = make(Notes(on_open=odd))
    with pytest.raises(EngineStartError, match="raised CancelledError"):
        await engine.start()


async def test_messages_wait_until_on_open_is_done() -> None:
    async def open_slowly(session: Session) -> None:
        await asyncio.sleep(1)
        assert endpoint.messages == []

    endpoint = Notes(on_open=open_slowly)
    engine, _ = make(endpoint, Accept("1", "2"))
    async with engine:
        await settle()
        assert endpoint.messages == ["1", "2"]


async def test_url_and_options_are_asked_for_before_every_dial() -> None:
    urls = iter(["ws://one", "ws://two", "ws://three"])
    tokens = iter("abc")

    async def options() -> ConnectOptions:
        await asyncio.sleep(0)
        return ConnectOptions(headers={"Authorization": next(tokens)})

    adapter = ScriptedAdapter()
    engine = Engine(lambda: next(urls), Notes(), adapter=adapter, options=options)
    async with engine:
        engine.restart()
        await asyncio.sleep(5)
    assert [dial[0] for dial in adapter.dials] == ["ws://one", "ws://two"]
    assert [dial[1].headers["Authorization"] for dial in adapter.dials] == ["a", "b"]


@pytest.mark.parametrize(
    ("url", "options", "message"),
    [
        (lambda: "http://host", None, "did you mean ws://"),
        (lambda: 5, None, "must be a str"),
        ("ws://host", lambda: {"headers": {}}, r"options: is of type dict; it must be .*\*\*"),
    ],
)
async def test_a_function_that_returns_nonsense_is_fatal(
    url: Any, options: Any, message: str
) -> None:
    engine = Engine(url, Notes(), adapter=ScriptedAdapter(), options=options)
    with pytest.raises(EngineStartError, match=message) as caught:
        await engine.start()
    assert isinstance(caught.value.__cause__, ConfigError)


async def test_a_url_function_that_raises_is_a_failed_open_and_retried() -> None:
    answers: list[Any] = [OSError("no token"), "ws://host"]

    def url() -> str:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return str(answer)

    endpoint = Notes()
    adapter = ScriptedAdapter()
    engine, _ = make(endpoint, retry_start=True)
    engine = Engine(url, endpoint, adapter=adapter, config=engine.config)
    async with engine:
        assert len(adapter.dials) == 1
    assert isinstance(endpoint.named("on_restart_error")[0][1].error, OSError)


async def test_a_refused_handshake_tells_status_and_headers() -> None:
    refusal = ConnectError("no", status=401, headers={"www-authenticate": "Bearer"})
    engine, _ = make(Notes(), Refuse(refusal))
    with pytest.raises(EngineStartError) as caught:
        await engine.start()
    assert caught.value.__cause__ is refusal
    assert refusal.headers["www-authenticate"] == "Bearer"


async def test_resolve() -> None:
    async def later() -> str:
        return "later"

    def now() -> str:
        return "now"

    sources: list[Source[str]] = ["value", now, later]
    assert [await resolve(source) for source in sources] == ["value", "now", "later"]


class Deaf(ScriptedAdapter):
    """A library whose dial ignores its cancellation."""

    async def connect(self, url: str, options: ConnectOptions) -> ScriptedConnection:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(0.01)
        return await super().connect(url, options)


async def test_a_dial_that_ignores_its_cancellation_opens_nothing() -> None:
    endpoint = Notes()
    adapter = Deaf()
    config = EngineConfig(open_timeout=1, stop_timeout=4)
    engine = Engine("ws://scripted", endpoint, adapter=adapter, config=config)
    with pytest.raises(EngineStartError):
        await engine.start()
    await asyncio.sleep(5)
    assert endpoint.notes == []
    assert adapter.connection.closed is not None


async def test_a_function_that_ignores_its_cancellation_leads_to_no_dial() -> None:
    async def url() -> str:
        try:
            await asyncio.sleep(5)
        except asyncio.CancelledError:
            await asyncio.sleep(0.5)
        return "ws://host"

    adapter = ScriptedAdapter()
    engine = Engine(url, Notes(), adapter=adapter, config=EngineConfig(stop_timeout=1))
    starting = asyncio.create_task(engine.start())
    await asyncio.sleep(0.1)
    await engine.stop()
    await asyncio.sleep(2)
    assert isinstance(starting.exception(), EngineStartError)
    assert adapter.dials == []


async def test_no_secret_is_in_the_complaint_about_options() -> None:
    headers = {"headers": {"Authorization": "Bearer s3cr3t"}}
    engine = Engine("ws://host", Notes(), adapter=ScriptedAdapter(), options=lambda: headers)  # type: ignore[arg-type]
    with pytest.raises(EngineStartError) as failed:
        await engine.start()
    assert "s3cr3t" not in str(failed.value)
    with pytest.raises(ConfigError) as refused:
        Engine("ws://host", Notes(), adapter=ScriptedAdapter(), options=headers)  # type: ignore[arg-type]
    assert "s3cr3t" not in str(refused.value)
