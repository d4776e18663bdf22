"""From the end of on_open to the end of the connection: draining, on_close, close frames."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import pytest

from wsengine import (
    Close,
    CloseCode,
    ConnectionClosed,
    EngineFailedError,
    EngineState,
    Session,
)
from wsengine.testing import ScriptedConnection
from wsengine.testing.script import Accept

from .tools import Notes, conversing, make, now, settle


async def test_the_server_sees_1001_unless_on_close_says_otherwise() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint)
    async with engine:
        pass
    assert adapter.connection.close_sent == (1001, "")
    assert endpoint.named("on_close") == [("on_close", 1001, "", True)]


async def test_the_close_that_on_close_returns_is_sent() -> None:
    endpoint = Notes(on_close=lambda session, close: Close(4010, "gone fishing"))
    engine, adapter = make(endpoint)
    async with engine:
        engine.restart()
        await asyncio.sleep(1)
    assert [connection.close_sent for connection in adapter.connections] == [
        (4010, "gone fishing"),
        (4010, "gone fishing"),
    ]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Close(1006), "close code 1006 cannot be sent"),
        (Close(2000), "close code 2000 cannot be sent"),
        (Close(4000, "é" * 62), "124 bytes of UTF-8"),
        (4000, "it may return a Close, or None"),
    ],
)
async def test_a_close_that_cannot_be_sent_is_an_error_and_1001_goes_out(
    answer: Any, why: str, caplog: pytest.LogCaptureFixture
) -> None:
    engine, adapter = make(Notes(on_close=lambda session, close: answer))
    async with engine:
        pass
    assert adapter.connection.close_sent == (1001, "")
    assert why in caplog.text


async def test_on_close_that_raises_is_logged_and_1001_goes_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail(session: Session, close: Close) -> None:
        raise ValueError("no")

    engine, adapter = make(Notes(on_close=fail))
    async with engine:
        pass
    assert adapter.connection.close_sent == (1001, "")
    assert "on_close raised ValueError('no')" in caplog.text


async def test_the_session_can_still_send_in_on_close() -> None:
    engine, adapter = make(Notes(on_close=lambda session, close: session.send("bye")))
    async with engine:
        pass
    assert adapter.connection.sent == ["bye"]


async def test_running_handlers_end_before_on_close() -> None:
    order: list[str] = []

    async def handle(session: Session, message: str) -> None:
        await asyncio.sleep(1)
        order.append("handler")

    endpoint = Notes(on_message=handle, on_close=lambda session, close: order.append("on_close"))
    engine, adapter = make(endpoint, workers=2)
    await engine.start()
    adapter.connection.feed("1", "2", "3")
    await settle()
    await engine.stop()
    assert order == ["handler", "handler", "on_close"]
    assert now() == pytest.approx(1)
    assert endpoint.sessions[0].stats().messages_dropped == 1


async def test_a_handler_that_never_returns_is_cancelled_at_half_time() -> None:
    cancelled: list[float] = []

    async def handle(session: Session, message: str) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.append(now())

    endpoint = Notes(on_message=handle)
    engine, adapter = make(endpoint, Accept("1"), stop_timeout=4)
    await engine.start()
    await settle()
    began = now()
    await engine.stop()
    assert cancelled == [pytest.approx(began + 2)]
    assert adapter.connection.close_sent == (1001, "")
    assert len(endpoint.named("on_close")) == 1


async def test_a_handler_that_ignores_its_cancellation_is_left_behind_with_an_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    release = asyncio.Event()

    async def handle(session: Session, message: str) -> None:
        while not release.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await release.wait()

    endpoint = Notes(on_message=handle)
    engine, adapter = make(endpoint, Accept("1"), stop_timeout=4)
    await engine.start()
    await settle()
    began = now()
    await engine.stop()
    assert now() - began <= 4
    assert adapter.connection.closed is not None
    assert "a handler ignores its cancellation and is left behind" in caplog.text
    release.set()
    await settle()


async def test_on_close_that_never_returns_is_cancelled(caplog: pytest.LogCaptureFixture) -> None:
    engine, adapter = make(
        Notes(on_close=lambda session, close: asyncio.sleep(3600)), stop_timeout=4
    )
    await engine.start()
    began = now()
    await engine.stop()
    assert now() - began == pytest.approx(0.7 * 4)
    assert adapter.connection.close_sent == (1001, "")
    assert "on_close took too long" in caplog.text


async def test_a_server_that_never_answers_the_close_is_cut_off() -> None:
    endpoint = Notes()
    engine, adapter = make(endpoint, stop_timeout=4)
    await engine.start()
    adapter.connection.answers_close = False
    began = now()
    await engine.stop()
    assert now() - began == pytest.approx(0.8 * 4)
    assert adapter.connection.closed is not None
    error = endpoint.named("on_close_error")[0][1]
    assert isinstance(error, TimeoutError)
    assert "did not answer the close frame" in str(error)


async def test_an_error_of_close_goes_to_on_close_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def broken(self: ScriptedConnection, code: int, reason: str) -> None:
        self._end(Close(code))
        raise OSError("broken pipe")

    monkeypatch.setattr(ScriptedConnection, "close", broken)
    endpoint = Notes()
    engine, _ = make(endpoint)
    async with engine:
        pass
    assert str(endpoint.named("on_close_error")[0][1]) == "broken pipe"


async def test_what_is_unread_at_an_exit_is_dropped_and_counted(
    caplog: pytest.LogCaptureFixture,
) -> None:
    endpoint = Notes(on_message=lambda session, message: asyncio.sleep(1))
    engine, adapter = make(endpoint, backlog_messages=2)
    await engine.start()
    adapter.connection.feed(*"1234567")
    await settle()
    await engine.stop()
    assert endpoint.messages == ["1"]
    assert endpoint.sessions[0].stats().messages_dropped == 6
    assert "6 unread messages dropped" in caplog.text


async def test_a_restart_while_the_last_messages_are_handled_drops_the_rest() -> None:
    endpoint = Notes(on_message=lambda session, message: asyncio.sleep(1))
    engine, adapter = make(endpoint, stop_timeout=60)
    async with engine:
        adapter.connection.feed(*"1234567")
        adapter.connection.close_by_server(1012)
        await asyncio.sleep(1.5)
        engine.restart()
        await asyncio.sleep(1)
        assert endpoint.messages == ["1", "2"]
        assert endpoint.sessions[0].stats().messages_dropped == 5
        assert len(endpoint.sessions) == 2


async def test_a_long_drain_is_told(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    endpoint = Notes(on_message=lambda session, message: asyncio.sleep(9))
    engine, adapter = make(endpoint, stop_timeout=4)
    async with engine:
        adapter.connection.feed("1", "2")
        adapter.connection.close_by_server(1012)
        await asyncio.sleep(5)
        assert "closed, but 1 messages and 1 handlers are left" in caplog.text
        await asyncio.sleep(20)
        assert endpoint.messages == ["1", "2"]


@pytest.mark.parametrize("code", [CloseCode.NORMAL_CLOSURE, 4001])
async def test_closed_by_the_server(code: int) -> None:
    endpoint = Notes(on_close=lambda session, close: Close(4999))
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.close_by_server(code, "bye")
        await settle()
        assert endpoint.named("on_close") == [("on_close", code, "bye", False)]
        assert adapter.connections[0].close_sent is None


async def test_a_lost_connection_is_not_the_fault_of_the_handler_that_sends(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level("INFO")

    async def send_to_nobody(session: Session, message: str) -> None:
        adapter.connection.lose()
        await session.send("too late")

    endpoint = Notes(on_message=send_to_nobody)
    engine, adapter = make(endpoint, on_endpoint_error="exit")
    async with engine:
        adapter.connection.feed("x")
        await asyncio.sleep(5)
        assert engine.state is EngineState.OPEN  # a fresh session: the callback did not end it
    assert "on_message ended with the connection" in caplog.text
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


async def test_nor_is_an_end_that_the_session_has_come_to_meanwhile() -> None:
    async def ask(session: Session, message: str) -> None:
        await session.request({"op": "x"})

    endpoint = Notes(on_message=ask)
    engine, adapter = conversing(endpoint, on_endpoint_error="exit")
    async with engine:
        adapter.connection.feed('{"n": 1}')
        await settle()
        adapter.connection.close_by_server(1012)
        await asyncio.sleep(5)
        assert engine.state is EngineState.OPEN


async def test_the_end_of_another_connection_is() -> None:
    async def fail(session: Session, message: str) -> None:
        raise ConnectionClosed(Close(4000, "the session next door"))

    engine, adapter = make(Notes(on_message=fail), on_endpoint_error="exit")
    await engine.start()
    adapter.connection.feed("x")
    with pytest.raises(EngineFailedError, match="next door"):
        await engine.wait_stopped()


async def test_a_slow_on_open_that_has_asked_for_a_restart_leaves_on_close_its_time() -> None:
    async def on_open(session: Session) -> None:
        if len(endpoint.sessions) == 1:
            session.restart()
            await asyncio.sleep(0.9)

    async def on_close(session: Session, close: Close) -> None:
        await asyncio.sleep(0.05)
        endpoint.notes.append(("closed",))

    endpoint = Notes(on_open=on_open, on_close=on_close)
    engine, _ = make(endpoint, stop_timeout=1)
    async with engine:
        await asyncio.sleep(0.3)
        assert ("closed",) in endpoint.notes


@pytest.mark.parametrize("where", ["on_message", "on_close", "closing"])
async def test_a_session_that_is_cancelled_closes_its_connection(where: str) -> None:
    """As `asyncio.run` cancels all tasks when the program's own has ended."""

    async def wait(*_: Any) -> None:
        await asyncio.sleep(1)

    endpoint = Notes(**({} if where == "closing" else {where: wait}))
    engine, adapter = make(endpoint, Accept("x"))
    await engine.start()
    await settle()
    adapter.connection.answers_close = where != "closing"
    engine.exit()
    await asyncio.sleep(0.1)
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    assert adapter.connection.closed
    assert engine.state is EngineState.STOPPED
