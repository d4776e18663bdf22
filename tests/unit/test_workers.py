"""Leader and followers: who runs what, and when."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
from collections.abc import Awaitable
from typing import Any

import pytest

from wsengine import Endpoint, Session, conflate
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


async def test_a_burst_is_read_ahead_and_all_workers_run_in_each_turn_of_the_loop() -> None:
    """One turn for each message would cost more than the handlers do."""
    running, most = set[str](), 0
    started: list[str] = []
    done = asyncio.Event()

    async def handle(session: Session, message: str) -> None:
        nonlocal most
        running.add(message)
        started.append(message)
        most = max(most, len(running))
        await asyncio.sleep(0)
        running.remove(message)
        if message == messages[-1]:
            done.set()

    messages = [str(number) for number in range(400)]
    engine, adapter = make(Notes(on_message=handle), workers=4)
    async with engine:
        await settle()
        adapter.connection.feed(*messages)
        turns = 0
        while not done.is_set():
            await asyncio.sleep(0)
            turns += 1
    assert started == messages
    assert most == 4
    assert turns <= 400 / 4 + 20


async def test_a_burst_as_long_as_there_are_workers_runs_at_once() -> None:
    gate = Gate()
    engine, adapter = make(Notes(on_message=gate), workers=4)
    async with engine:
        await settle()
        for burst in ("1234", "5678"):
            adapter.connection.feed(*burst)
            await settle()
            assert gate.started[-4:] == list(burst)
            gate.open(*burst)
            await settle()
    assert gate.started == list("12345678")


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


@pytest.mark.parametrize("how", ["raises", "exits", "restarts"])
@pytest.mark.parametrize("setting", ["conflate", "order_by"])
@pytest.mark.parametrize("workers", [1, 2])
async def test_a_key_function_that_ends_the_session_is_the_end_of_reading(
    how: str, setting: str, workers: int
) -> None:
    def key(message: Any) -> Any:
        if message == "bad" and how == "raises":
            raise ValueError("bad")
        if message == "bad":
            engine.exit() if how == "exits" else engine.restart()
        return message

    async def handle(session: Session, message: Any) -> None:
        await asyncio.sleep(0.2)

    endpoint = Notes(on_message=handle)
    settings: dict[str, Any] = {"order_by": key}
    if setting == "conflate":
        settings = {"backlog_policy": conflate(key)}
    engine, adapter = make(endpoint, on_endpoint_error="restart", workers=workers, **settings)
    async with engine:
        connection = adapter.connection
        connection.feed(*["first"] * workers)
        await settle()
        connection.feed("bad")
        await settle()
        connection.feed("after the end")
        await asyncio.sleep(0.3)
        assert "after the end" not in endpoint.messages
        assert endpoint.named("on_close")  # at once, not when half of `stop_timeout` is over
        dropped = endpoint.sessions[0].stats().messages_dropped
        assert len(endpoint.messages) + dropped == workers + 2


async def test_a_handler_that_swallows_a_cancellation_does_no_harm_to_a_pause() -> None:
    async def handle(session: Session, message: Any) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(0)

    endpoint = Notes(on_message=handle)
    engine, adapter = make(endpoint, Accept("x"))
    async with engine:
        await settle()
        for _ in range(2):
            async with endpoint.sessions[0].paused() as connection:
                adapter.connection.feed("y")
                assert await connection.receive() == "y"
            await settle()
        adapter.connection.feed("z")
        await settle()
        assert endpoint.messages == ["x", "z"]
