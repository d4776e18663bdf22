"""What is told of a failed attempt to open: in the log, and to `on_restart_error`."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from wsengine import EngineState
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
