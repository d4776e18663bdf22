"""Reads that fail, and where the readers run."""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

import pytest

from wsengine import Session
from wsengine.readers import MAX_READ_FAILURES
from wsengine.testing.script import Accept

from .tools import Notes, make, settle


async def test_a_failed_read_goes_to_on_read_error_and_reading_goes_on() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, workers=2)
    odd = ValueError("odd")
    async with engine:
        adapter.connection.feed("1")
        adapter.connection.fail_read(odd)
        adapter.connection.feed("2")
        await settle()
        assert endpoint.notes[1:] == [
            ("on_message", "1"),
            ("on_read_error", odd),
            ("on_message", "2"),
        ]
        assert endpoint.sessions[0].stats().read_errors == 1


async def test_a_connection_whose_reads_only_fail_is_lost() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        for _ in range(MAX_READ_FAILURES + 5):
            adapter.connection.fail_read(ValueError("odd"))
        await settle(60)
        assert len(endpoint.named("on_read_error")) == MAX_READ_FAILURES
        close = endpoint.named("on_close")[0]
        assert close[1:] == (1006, f"{MAX_READ_FAILURES} reads in a row failed", False)


async def test_failures_with_messages_between_are_not_in_a_row() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        for _ in range(3 * MAX_READ_FAILURES):
            adapter.connection.fail_read(ValueError("odd"))
            adapter.connection.feed("ok")
        await settle(100)
        assert len(endpoint.messages) == 3 * MAX_READ_FAILURES
        assert not endpoint.named("on_close")


async def test_on_read_error_that_raises_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    async def fail(session: Session, error: Exception) -> None:
        raise RuntimeError("again")

    endpoint = Notes(on_read_error=fail)
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.fail_read(ValueError("odd"))
        adapter.connection.feed("1")
        await settle()
        assert endpoint.messages == ["1"]
    assert "on_read_error raised RuntimeError('again')" in caplog.text


variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="fresh")


async def test_workers_start_in_a_fresh_context() -> None:
    seen: list[str] = []
    variable.set("of whoever started the engine")
    engine, _ = make(
        Notes(on_message=lambda session, message: seen.append(variable.get())), Accept("1")
    )
    async with engine:
        await settle()
    assert seen == ["fresh"]


@pytest.mark.parametrize("scope", [asyncio.timeout, lambda seconds: asyncio.timeout(seconds)])
async def test_a_time_out_inside_a_handler_works(scope: Callable[[float], Any]) -> None:
    seen: list[str] = []

    async def handle(session: Session, message: str) -> None:
        try:
            async with scope(0.5):
                await asyncio.sleep(60)
        except TimeoutError:
            seen.append(message)

    engine, _ = make(Notes(on_message=handle), Accept("1", "2"), workers=2)
    async with engine:
        await asyncio.sleep(2)
    assert seen == ["1", "2"]
