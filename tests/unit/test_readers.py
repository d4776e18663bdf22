"""Leader and followers: who runs what, and when."""

from __future__ import annotations

import asyncio
import contextvars
import itertools
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from wsengine import Endpoint, Session
from wsengine.readers import MAX_READ_FAILURES
from wsengine.testing.script import Accept

from .tools import Notes, make, settle


class Gate:
    """Handlers that wait at a gate, by message."""

    def __init__(self) -> None:
        self.started: list[str] = []
        self.ended: list[str] = []
        self.gates: dict[str, asyncio.Event] = {}

    async def __call__(self, session: Session, message: str) -> None:
        self.started.append(message)
        await self.gates.setdefault(message, asyncio.Event()).wait()
        self.ended.append(message)

    def open(self, *messages: str) -> None:
        for message in messages:
            self.gates.setdefault(message, asyncio.Event()).set()


async def test_one_worker_handles_in_order_one_at_a_time() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate))
    async with engine:
        adapter.connection.feed("1", "2", "3")
        await settle()
        assert gate.started == ["1"]
        gate.open("2", "1")
        await settle()
        assert gate.started == ["1", "2", "3"]
        assert gate.ended == ["1", "2"]
        gate.open("3")


async def test_n_workers_start_in_order_and_at_most_n_run() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate), workers=3)
    async with engine:
        adapter.connection.feed(*"12345")
        await settle()
        assert gate.started == ["1", "2", "3"]
        gate.open("2")
        await settle()
        assert gate.started == ["1", "2", "3", "4"]
        assert gate.ended == ["2"]
        gate.open(*"1345")
        await settle()
        assert gate.started == list("12345")


async def test_a_handler_that_does_not_suspend_needs_no_second_worker() -> None:
    tasks: set[asyncio.Task[Any] | None] = set()

    async def handle(session: Session, message: str) -> None:
        tasks.add(asyncio.current_task())

    engine, adapter = make(Notes(on_message=handle), workers=4)
    async with engine:
        for number in range(50):
            adapter.connection.feed(str(number))
            await settle(3)
        assert len(tasks) == 1


class Plain(Endpoint):
    def __init__(self) -> None:
        self.messages: list[Any] = []

    def on_message(self, session: Session, message: Any) -> Any:
        self.messages.append(message)
        return "a value that nobody asked for"


async def test_a_plain_def_is_called_directly_and_its_value_ignored() -> None:
    endpoint = Plain()
    engine, _ = make(endpoint, Accept("a", b"b", ""))
    async with engine:
        await settle()
        assert endpoint.messages == ["a", b"b", ""]


class ReturnsFuture(Endpoint):
    def __init__(self) -> None:
        self.futures: list[asyncio.Future[None]] = []

    def on_message(self, session: Session, message: Any) -> Awaitable[None]:
        self.futures.append(asyncio.get_running_loop().create_future())
        return self.futures[-1]


async def test_a_plain_def_may_return_something_to_await() -> None:
    endpoint = ReturnsFuture()
    engine, _ = make(endpoint, Accept("a", "b"))
    async with engine:
        await settle()
        assert len(endpoint.futures) == 1
        endpoint.futures[0].set_result(None)
        await settle()
        assert len(endpoint.futures) == 2
        endpoint.futures[1].set_result(None)


async def test_the_standby_reads_ahead_while_all_workers_are_busy() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate), backlog_messages=3)
    async with engine:
        adapter.connection.feed(*"1234567")
        await settle()
        session = engine.session
        assert session is not None
        assert session.stats().backlog_messages == 3
        assert session.stats().backlog_bytes == 3
        assert session.stats().busy_workers == 1
        assert adapter.connection.unread == 3
        gate.open(*"1234567")
        await settle(40)
        assert gate.ended == list("1234567")


async def test_the_backlog_is_bounded_in_bytes_too() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate), backlog_bytes=10)
    async with engine:
        adapter.connection.feed("1", "2" * 6, "3" * 6, "4" * 6)
        await settle()
        session = engine.session
        assert session is not None
        assert session.stats().backlog_bytes == 12
        assert adapter.connection.unread == 1
        gate.open("1", "2" * 6, "3" * 6, "4" * 6)


async def test_nothing_is_read_ahead_with_a_backlog_of_none() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate), workers=2, backlog_messages=0)
    async with engine:
        adapter.connection.feed(*"123")
        await settle()
        assert gate.started == ["1", "2"]
        assert adapter.connection.unread == 1
        gate.open(*"123")
        await settle()
        assert sorted(gate.ended) == ["1", "2", "3"]


async def test_a_close_is_noticed_while_handlers_are_slow_and_what_was_read_is_handled() -> None:
    gate = Gate()
    endpoint = Notes(on_message=gate)
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.feed(*"123")
        adapter.connection.close_by_server(4001, "bye")
        await settle()
        session = endpoint.sessions[0]
        assert session.closed is not None
        assert session.closed.code == 4001
        assert not endpoint.named("on_close")
        gate.open(*"123")
        await settle()
        assert gate.ended == ["1", "2", "3"]
        assert endpoint.named("on_close") == [("on_close", 4001, "bye", False)]


async def test_the_loop_gets_its_turn_under_a_flood() -> None:
    turns: list[int] = []
    endpoint = Plain()
    engine, adapter = make(endpoint)
    async with engine:
        adapter.connection.feed(*["x"] * 10_000)
        while len(endpoint.messages) < 10_000:
            turns.append(len(endpoint.messages))
            await asyncio.sleep(0)
        steps = [after - before for before, after in itertools.pairwise(turns)]
        assert max(steps) <= 1000


@pytest.mark.parametrize("workers", [1, 4])
@pytest.mark.parametrize("late", [False, True])
async def test_a_handler_that_raises_is_logged_and_the_engine_goes_on(
    workers: int, late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(session: Session, message: str) -> None:
        if late:
            await asyncio.sleep(0)
        if message == "bad":
            raise ValueError("odd message")

    endpoint = Notes(on_message=handle)
    engine, _ = make(endpoint, Accept("bad", "good"), workers=workers)
    async with engine:
        await settle()
        assert endpoint.messages == ["bad", "good"]
    record = next(record for record in caplog.records if "on_message raised" in record.message)
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], ValueError)


@pytest.mark.parametrize("late", [False, True])
async def test_a_cancelled_error_of_a_handlers_own_does_not_end_the_worker(
    late: bool, caplog: pytest.LogCaptureFixture
) -> None:
    async def handle(session: Session, message: str) -> None:
        if late:
            await asyncio.sleep(0)
        if message == "bad":
            raise asyncio.CancelledError

    endpoint = Notes(on_message=handle)
    engine, _ = make(endpoint, Accept("bad", "good"))
    async with engine:
        await settle()
        assert endpoint.messages == ["bad", "good"]
    assert "on_message raised CancelledError" in caplog.text


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
