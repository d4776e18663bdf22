"""The exchange of close frames."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close
from wsengine.closing import exception_of, frame

from .tools import Notes, make, settle


def test_a_close_as_arguments() -> None:
    assert frame(Close(4001, "bye")) == (4001, "bye")


async def test_what_a_task_ended_with() -> None:
    async def end(error: BaseException | None) -> None:
        if error is not None:
            raise error

    odd = ValueError("odd")
    tasks = [asyncio.create_task(end(error)) for error in (None, odd)]
    await asyncio.wait(tasks)
    assert [exception_of(task) for task in tasks] == [None, odd]


async def test_what_comes_while_closing_is_dropped_and_counted() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    await engine.start()
    adapter.connection.answers_close = False
    stopping = asyncio.create_task(engine.stop())
    await settle()
    adapter.connection.feed("too", "late")
    await settle()
    adapter.connection.close_by_server(1000)
    await stopping
    assert endpoint.messages == []
    assert endpoint.sessions[0].stats().messages_dropped == 2


@pytest.mark.parametrize("lost", [True, False])
async def test_a_server_that_does_not_answer_is_cut_off(lost: bool) -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, reconnect=None)
    await engine.start()
    adapter.connection.answers_close = False
    if lost:
        adapter.connection.lose()
    await engine.stop()
    assert adapter.connection.closed is not None
    assert bool(endpoint.named("on_close_error")) is not lost
