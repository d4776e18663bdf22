"""An endpoint that does what messages tell it, and judges the engine while it does."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from enum import StrEnum

from wsengine import Close, Endpoint, Engine, RestartFailure, Session


class Act(StrEnum):
    """What a handler does with a message; messages read "7 sleep"."""

    RETURN = "return"
    YIELD = "yield"
    SLEEP = "sleep"
    RAISE = "raise"
    FOREVER = "forever"
    RESTART = "restart"
    EXIT = "exit"
    STOP = "stop"
    STOP_WAIT_FOR = "stop_wait_for"
    PAUSE = "pause"
    PAUSE_READ = "pause_read"
    CANCELLED = "cancelled"


class OddError(Exception):
    """What handlers raise."""


@dataclass
class Record:
    """What happened in one session."""

    session: Session
    opened: bool = False
    running: set[int] = field(default_factory=set)
    seen: list[int] = field(default_factory=list)
    """Messages in the order in which handlers started with them, or pilots received them."""
    finished: list[int] = field(default_factory=list)
    closes: list[Close] = field(default_factory=list)
    most_running: int = 0


class Judge(Endpoint):
    """Notes violations of the invariants that only show while callbacks run."""

    def __init__(self, workers: int, keys: int = 0) -> None:
        self.workers = workers
        self.keys = keys
        self.records: list[Record] = []
        self.violations: list[str] = []
        self.open_act = Act.RETURN
        self.failures: list[RestartFailure] = []
        self.engine: Engine

    def key(self, number: int) -> int:
        """Return the key of a message; without keys all have the same."""
        return number % self.keys if self.keys else 0

    def by_key(self, numbers: list[int]) -> dict[int, list[int]]:
        """Return numbers of messages by their keys."""
        found: dict[int, list[int]] = {key: [] for key in range(max(self.keys, 1))}
        for number in numbers:
            found[self.key(number)].append(number)
        return found

    def record(self, session: Session) -> Record:
        return next(record for record in self.records if record.session is session)

    def note(self, violated: bool, what: str) -> None:
        if violated:
            self.violations.append(what)

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        record = Record(session)
        self.note(restarting != bool(self.lived()), "restarting is wrong")
        self.records.append(record)
        act = self.open_act
        await self.do(act, session)
        self.note(bool(record.seen) and act is not Act.PAUSE_READ, "message before on_open")
        record.opened = True

    def lived(self) -> list[Record]:
        """Return the sessions since the last start that were open."""
        return [record for record in self.records if record.opened]

    async def on_message(self, session: Session, message: str) -> None:
        record = self.record(session)
        number, _, act = message.partition(" ")
        self.note(not record.opened, f"on_message {number} before on_open was done")
        self.note(bool(record.closes), f"on_message {number} after on_close")
        end = session.closed
        self.note(end is not None and end.client_initiated, f"on_message {number} after an exit")
        of_its_key = [other for other in record.running if self.key(other) == self.key(int(number))]
        self.note(bool(self.keys and of_its_key), f"on_message {number} beside {of_its_key}")
        record.seen.append(int(number))
        record.running.add(int(number))
        record.most_running = max(record.most_running, len(record.running))
        try:
            await self.do(Act(act), session)
        finally:
            record.running.discard(int(number))
            record.finished.append(int(number))
            self.note(bool(record.closes), f"on_message {number} ran on after on_close")

    async def on_read_error(self, session: Session, error: Exception) -> None:
        self.note(not isinstance(error, OddError), f"on_read_error got {error!r}")
        self.note(bool(self.record(session).closes), "on_read_error after on_close")
        await asyncio.sleep(0.25)

    async def on_close(self, session: Session, close: Close) -> Close | None:
        record = self.record(session)
        self.note(not record.opened, "on_close without a successful on_open")
        self.note(bool(record.running), f"on_close while handlers run: {record.running}")
        record.closes.append(close)
        await asyncio.sleep(0.1)
        return Close(4000 + len(self.records)) if len(self.records) % 2 else None

    def on_restart_error(self, engine: Engine, failure: RestartFailure) -> None:
        self.failures.append(failure)

    def waits_for_ever(self, session: Session) -> bool:
        """Return whether a handler of the session waits for ever, as it was told to."""
        return bool(self.record(session).running)

    async def do(self, act: Act, session: Session) -> None:
        """Do what a message says."""
        match act:
            case Act.YIELD:
                await asyncio.sleep(0)
            case Act.SLEEP:
                await asyncio.sleep(0.7)
            case Act.RAISE:
                raise OddError("a handler's own error")
            case Act.FOREVER:
                await asyncio.get_running_loop().create_future()
            case Act.RESTART:
                session.restart()
            case Act.EXIT:
                session.exit()
            case Act.STOP | Act.STOP_WAIT_FOR:
                await self.stop_from_inside(wait_for=act is Act.STOP_WAIT_FOR)
            case Act.PAUSE | Act.PAUSE_READ:
                await self.pause(session, read=act is Act.PAUSE_READ)
                await asyncio.sleep(0.2)
            case Act.CANCELLED:
                raise asyncio.CancelledError
            case _:
                pass

    async def stop_from_inside(self, *, wait_for: bool) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        if wait_for:
            await asyncio.wait_for(self.engine.stop(), 60)
        else:
            await self.engine.stop()
        self.note(loop.time() > began, "stop() inside a callback waited")

    async def pause(self, session: Session, *, read: bool, seconds: float = 0.3) -> None:
        record = self.record(session)
        async with session.paused() as connection:
            started = len(record.seen)
            await asyncio.sleep(seconds)
            over = session.closed is not None  # the end of the session revokes a pause
            self.note(len(record.seen) > started and not over, "a handler started during a pause")
            if read:
                try:
                    async with asyncio.timeout(1):
                        message = await connection.receive()
                except (TimeoutError, OddError):
                    return  # a pilot sees what `receive` raises
                record.seen.append(int(str(message).partition(" ")[0]))
