"""What is told of a failed attempt to open: in the log, and to `on_restart_error`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import ConnectError, EngineState
from wsengine.telling import in_words
from wsengine.testing.script import Accept, Lose, Refuse

from .tools import Notes, make


async def test_on_restart_error_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def fail(*_: Any) -> None:
        raise ValueError("odd")

    endpoint = Notes(on_restart_error=fail)
    engine, _ = make(endpoint, Accept(Lose()), Refuse(OSError("gone")))
    async with engine:
        await asyncio.sleep(10)
        assert len(endpoint.sessions) == 2
    assert "on_restart_error raised ValueError('odd')" in caplog.text


async def test_an_on_restart_error_that_never_ends_does_not_hold_up_the_next_dial(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Notes(on_restart_error=lambda engine, failure: asyncio.sleep(3600))
    engine, _ = make(endpoint, Accept(Lose()), Refuse(OSError("gone")), stop_timeout=4)
    async with engine:
        await asyncio.sleep(1 + 4 + 2 + 0.1)
        assert engine.state is EngineState.OPEN
    assert "on_restart_error took too long and was cancelled" in caplog.text


async def test_a_cancelled_error_of_on_restart_error_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    def cancelled(*_: Any) -> None:
        raise asyncio.CancelledError

    endpoint = Notes(on_restart_error=cancelled)
    engine, _ = make(endpoint, Accept(Lose()), Refuse(OSError("gone")))
    async with engine:
        await asyncio.sleep(5)
        assert engine.state is EngineState.OPEN
    assert "on_restart_error raised CancelledError" in caplog.text


async def test_the_log_of_a_night(caplog: pytest.LogCaptureFixture) -> None:
    """At the level that is shown where nothing is set up."""
    caplog.set_level("WARNING")
    endpoint = Notes()
    refused = [Refuse(ConnectError("ws://scripted: connection refused"))] * 2
    engine, adapter = make(endpoint, Accept(), *refused)
    async with engine:
        await asyncio.sleep(3 * 3600 + 12 * 60)
        adapter.connection.lose()
        await asyncio.sleep(60)
        engine.restart()  # nobody is woken for what was asked for
        await asyncio.sleep(60)
    assert [message.removeprefix("ws://scripted: ") for message in caplog.messages] == [
        "connection lost after 3 h 12 min: 1006 ABNORMAL_CLOSURE; next dial in 1.0 s",
        "opening failed: connection refused; next one in 2.0 s",
        "opening failed: connection refused; next one in 4.0 s",
        "open again after 7.0 s and 2 failed attempts",
    ]


async def test_a_loss_that_heals_at_once_leaves_a_trace(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("WARNING")
    engine, _ = make(Notes(), Accept(Lose()))
    async with engine:
        await asyncio.sleep(5)
    assert caplog.messages[-1] == "ws://scripted: open again after 1.0 s"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.04, "0.0 s"),
        (59.94, "59.9 s"),
        (61, "1 min 1 s"),
        (3599.4, "59 min 59 s"),
        (1e6, "277 h 46 min"),
    ],
)
def test_a_time_in_words(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
