"""The lead: exactly one has it, and it goes where it should."""

from __future__ import annotations

import asyncio

import pytest

from wsengine import Close, ConnectionClosed
from wsengine.backlog import Backlog
from wsengine.crew import Crew
from wsengine.link import Link
from wsengine.pausing import Pause
from wsengine.testing import ScriptedConnection
from wsengine.testing.script import Accept
from wsengine.workers import Standby

from .tools import settle


class Handler:
    """Holds each message until the test lets it go."""

    def __init__(self) -> None:
        self.started: list[str | bytes] = []
        self.go = asyncio.Semaphore(0)

    async def __call__(self, session: object, message: str | bytes) -> None:
        self.started.append(message)
        await self.go.acquire()


class Setting:
    def __init__(self, workers: int = 2, backlog: int = 10) -> None:
        self.connection = ScriptedConnection(Accept())
        self.handler = Handler()
        self.crashes: list[BaseException] = []
        self.failures: list[BaseException] = []
        self.link = Link(
            object(),
            self.connection,
            on_message=self.handler,
            on_read_error=lambda session, error: None,
            failed=lambda name, error: self.failures.append(error),
        )
        self.crew = Crew(
            self.link,
            workers=workers,
            backlog=Backlog(backlog, 1000),
            on_crash=self.crashes.append,
        )

    async def finish(self) -> None:
        self.crew.end(Close(1000))
        self.crew.backlog.clear()
        for _ in range(20):
            self.handler.go.release()
        await asyncio.wait(self.crew.tasks)
        assert not self.crew.tasks


async def test_nobody_leads_before_the_start() -> None:
    setting = Setting()
    setting.connection.feed("1")
    await settle()
    assert setting.crew.leader is None
    assert setting.handler.started == []
    setting.crew.start()
    await settle()
    assert isinstance(setting.crew.leader, Standby)  # the message was there already
    assert setting.handler.started == ["1"]
    await setting.finish()


async def test_workers_are_made_when_they_are_needed() -> None:
    setting = Setting(workers=3)
    setting.crew.start()
    await settle()
    assert len(setting.crew.tasks) == 1
    setting.connection.feed("1")
    await settle()
    assert len(setting.crew.tasks) == 2
    assert setting.crew.busy_workers == 1
    setting.connection.feed("2", "3")
    await settle()
    assert isinstance(setting.crew.leader, Standby)
    assert setting.crew.busy_workers == 3
    assert len(setting.crew.tasks) == 4
    await setting.finish()


async def test_the_standby_hands_the_lead_back_to_an_idle_worker() -> None:
    setting = Setting(workers=1)
    setting.crew.start()
    setting.connection.feed("1")
    await settle()
    assert isinstance(setting.crew.leader, Standby)
    setting.handler.go.release()
    await settle()
    assert isinstance(setting.crew.leader, Standby)  # until a message comes
    setting.handler.go.release()
    setting.connection.feed("2")
    await settle()
    assert setting.handler.started == ["1", "2"]
    await setting.finish()


async def test_reading_stalls_at_the_bound_and_goes_on_with_room() -> None:
    setting = Setting(workers=1, backlog=1)
    setting.crew.start()
    setting.connection.feed("1", "2", "3")
    await settle()
    assert setting.crew.stalled
    assert setting.crew.stalls == 1
    setting.handler.go.release()
    await settle()
    assert setting.handler.started == ["1", "2"]
    assert len(setting.crew.backlog) == 1
    assert setting.connection.unread == 0
    await setting.finish()


async def test_the_end_wakes_everybody_and_is_told_once() -> None:
    setting = Setting()
    setting.crew.start()
    await settle()
    setting.crew.end(Close(4000))
    setting.crew.end(Close(4001))
    await settle()
    assert setting.crew.closed.result() == Close(4000)
    assert not setting.crew.tasks
    assert setting.crashes == []


async def test_a_worker_cancelled_from_outside_is_a_crash() -> None:
    setting = Setting()
    setting.crew.start()
    await settle()
    for task in setting.crew.tasks:
        task.cancel()
    await settle()
    assert isinstance(setting.crashes[0], asyncio.CancelledError)


async def test_a_fault_of_a_reader_is_a_crash(monkeypatch: pytest.MonkeyPatch) -> None:
    setting = Setting()
    fault = RuntimeError("a fault")

    def broken(_: object) -> int:
        raise fault

    monkeypatch.setattr(Link, "count_failure", broken)
    setting.crew.start()
    setting.connection.fail_read(ValueError())
    await settle()
    assert setting.crashes == [fault]


async def test_a_pilot_takes_the_lead_from_a_worker_that_has_not_woken_yet() -> None:
    setting = Setting(workers=2)
    setting.crew.start()
    await settle()
    pause = Pause(setting.crew, setting.link)
    async with pause as connection:
        setting.connection.feed("1")
        assert setting.crew.paused
        assert await connection.receive() == "1"
    # The lead was passed on just now, and the worker that got it has not run since.
    async with Pause(setting.crew, setting.link) as connection:
        setting.connection.feed("2")
        assert await connection.receive() == "2"
    assert setting.handler.started == []
    await setting.finish()


async def test_no_pause_while_the_last_handlers_end() -> None:
    setting = Setting()
    setting.crew.start()
    setting.connection.feed("1")
    await settle()
    setting.crew.end(Close(4000))
    with pytest.raises(ConnectionClosed):
        await Pause(setting.crew, setting.link).__aenter__()
    await setting.finish()


async def test_before_the_start_it_reads_ahead_if_asked_to() -> None:
    setting = Setting(workers=2, backlog=3)
    setting.connection.feed("1", "2", "3", "4")
    setting.crew.read_ahead()
    setting.crew.read_ahead()
    await settle()
    assert len(setting.crew.backlog) == 3  # its bound
    assert setting.crew.stalls == 1
    assert setting.handler.started == []
    setting.crew.start()
    await settle()
    assert setting.handler.started == ["1", "2"]
    setting.handler.go.release()
    await settle()
    assert setting.handler.started == ["1", "2", "3"]
    assert len(setting.crew.backlog) == 1
    await setting.finish()


async def test_what_was_read_ahead_before_the_start_is_handled_after_the_end() -> None:
    setting = Setting(workers=2)
    setting.connection.feed("1", "2", "3")
    setting.crew.read_ahead()
    await settle()
    setting.crew.end(Close(1000))
    setting.crew.start()
    for _ in range(3):
        setting.handler.go.release()
    await settle()
    assert setting.handler.started == ["1", "2", "3"]
    assert not setting.crew.tasks
