"""Who reads: the lead of one session, and how it passes on.

Exactly one member of the crew has the *lead*, the right to read from the connection. It is
a worker; or, while all workers are busy, the standby, who reads ahead into the backlog; or
a pilot, while the session is paused. The lead passes on in plain function calls: there is
no lock, no queue and no task per message.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from typing import TYPE_CHECKING, TypeAlias

from .backlog import Backlog
from .close import Close
from .errors import ConnectionClosed
from .keyed import KeyedWorker
from .lanes import Lanes
from .link import Link
from .readers import Reader
from .workers import Standby, Worker

if TYPE_CHECKING:
    from .pausing import Pilot

Leader: TypeAlias = "Reader | Pilot"


class Crew:
    """The readers of one session.

    Args:
        link: The connection and callbacks they work with.
        workers: How many workers there may be; each is made when it is first needed.
        backlog: Where the standby puts what it reads ahead.
        on_crash: Told when a reader was cancelled, or ended with an exception, by itself.
    """

    def __init__(
        self,
        link: Link,
        *,
        workers: int,
        backlog: Backlog | Lanes,
        on_crash: Callable[[BaseException], None],
    ) -> None:
        self.leader: Leader | None = None
        self.backlog = backlog
        self.closed: asyncio.Future[Close] = asyncio.get_running_loop().create_future()
        """Done when reading ended: how."""
        self.stalls = 0
        """How often reading stopped, at the bound of the backlog or for a pilot."""
        self.unread = 0
        """Messages that came and are never handled, because of an exit or restart."""
        self.tasks: list[asyncio.Task[None]] = []
        """The tasks of its readers; empty when everything that was read has been handled."""
        self._link = link
        if link.requests is not None:
            backlog.awaited = link.requests
            link.requests.begun = self.read_ahead
        self._started = False
        self._ahead = False
        self._max_workers = workers
        self._worker_class = KeyedWorker if isinstance(backlog, Lanes) else Worker
        self._workers: list[Worker] = []
        self._idle: list[Worker] = []
        self._standbys: list[Standby] = []  # more than one only where `on_read_error` waits
        self._pilots: list[tuple[Pilot, asyncio.Future[None]]] = []
        self._on_crash = on_crash

    # What it looks like.

    @property
    def ended(self) -> bool:
        """Whether reading is over."""
        return self.closed.done()

    @property
    def paused(self) -> bool:
        """Whether a pilot has the lead, so that no handler starts."""
        return self.leader is not None and self.leader.is_pilot

    @property
    def stalled(self) -> bool:
        """Whether nobody reads, at the bound of the backlog or because a pilot does not."""
        return self.leader is None or self.leader.neglects_reading

    @property
    def has_idle_worker(self) -> bool:
        """Whether a worker could handle a message at once."""
        return self._started and (bool(self._idle) or len(self._workers) < self._max_workers)

    @property
    def busy_workers(self) -> int:
        """How many workers run a handler that has suspended."""
        return sum(worker.busy for worker in self._workers)

    # The lead.

    def start(self) -> None:
        """Begin to read, and to handle what was read ahead."""
        self._started = True
        for _ in range(min(len(self.backlog), self._max_workers)):
            self.call_helper()
        if self.leader is None:
            self._pass_lead()

    def read_ahead(self) -> None:
        """Read on for a reply that is wanted: before `start()`, and at the bound in messages."""
        self._ahead = True
        leader = self.leader
        if leader is None or (leader.neglects_reading and not leader.is_pilot):
            self._pass_lead()

    def give_up_lead(self, leader: Leader, *, ahead: bool = False) -> None:
        """Pass the lead on, if `leader` still has it.

        Args:
            leader: Who gives it up.
            ahead: Whether to read ahead, as more seem to be there, if all that was is handled.
        """
        if self.leader is leader:
            self._pass_lead(ahead=ahead and not self.backlog.ready)

    def stall(self, leader: Leader) -> None:
        """Stop reading until something is taken from the backlog, if `leader` has the lead."""
        if self.leader is leader:
            self.leader = None
            self.stalls += 1

    def call_helper(self) -> None:
        """Have one more worker handle what was read ahead."""
        if self._idle:
            self._idle.pop().wake()
        else:
            self._add_worker()

    def rest(self, worker: Worker) -> None:
        """Note that a worker has nothing to do; from now on it may be given the lead."""
        self._idle.append(worker)
        self.took_from_backlog()

    def took_from_backlog(self) -> None:
        """Go on reading, if that had stopped at the bound of the backlog."""
        backlog = self.backlog
        something_to_do = self._idle and (backlog.ready or backlog.has_room)
        if self.leader is None and (something_to_do or backlog.is_low):
            self._pass_lead()

    def _pass_lead(self, *, ahead: bool = False) -> None:
        self.leader = None
        while self._pilots and self._pilots[0][1].done():
            self._pilots.pop(0)  # cancelled, and not yet awake to take itself out
        if self._pilots:
            pilot, granted = self._pilots.pop(0)
            self._pause_for(pilot)
            granted.set_result(None)
        elif self.ended or not (self._started or self._ahead):
            return
        elif self.has_idle_worker and not (ahead and self.backlog.has_room):
            if self._idle:
                self.leader = self._idle.pop()
                self.leader.wake()
            else:
                self.leader = self._add_worker()
        elif self.backlog.has_room:
            self.leader = self._free_standby()
            self.leader.wake()
        else:
            self.stalls += 1  # `took_from_backlog` goes on when there is room again

    def _free_standby(self) -> Standby:
        for standby in self._standbys:
            if not standby.busy:
                return standby
        standby = Standby(self, self._link)
        self._standbys.append(standby)
        self._spawn(standby)
        return standby

    def _add_worker(self) -> Worker:
        worker = self._worker_class(self, self._link)
        self._workers.append(worker)
        self._spawn(worker)
        return worker

    # Pausing.

    async def take_lead(self, pilot: Pilot) -> None:
        """Give a pilot the lead, at once: a waiting receive is interrupted, a handler never.

        Raises:
            ConnectionClosed: The session has ended, or ends first.
        """
        if self.ended and self.tasks:
            raise ConnectionClosed(self.closed.result())
        if self.leader is None or self.leader.yields_at_once:
            self._pause_for(pilot)
            return
        granted = asyncio.get_running_loop().create_future()
        self._pilots.append((pilot, granted))
        if not self.leader.is_pilot:
            self.leader.give_way()  # pilots take turns instead
        try:
            await granted
        except asyncio.CancelledError:
            if (pilot, granted) in self._pilots:
                self._pilots.remove((pilot, granted))
            self.give_up_lead(pilot)
            raise

    def _pause_for(self, pilot: Pilot) -> None:
        self.leader = pilot
        self.stalls += 1

    # The end.

    def end(self, close: Close) -> None:
        """Stop reading. What was read is still handled; then the readers' tasks end."""
        if self.ended:
            return
        self.closed.set_result(close)
        if self._link.requests is not None:
            self._link.requests.end(close)
        leader, self.leader = self.leader, None
        if leader is not None:
            leader.give_way()
        while self._pilots:
            granted = self._pilots.pop(0)[1]
            if not granted.done():
                granted.set_exception(ConnectionClosed(close))
        for reader in (*self._idle, *self._standbys):
            reader.wake()
        self._idle.clear()
        if self._started and self.backlog and not self._workers:
            self._add_worker()  # a pilot had the lead from the first

    def drop_unread(self) -> None:
        """Drop what was read ahead, and count it."""
        self.unread += self.backlog.clear()

    # Tasks.

    def _spawn(self, reader: Reader) -> None:
        # A fresh context: what a handler traces does not hang below whoever started the engine.
        task = asyncio.create_task(reader.work(), context=contextvars.Context())
        self.tasks.append(task)
        task.add_done_callback(self._reader_done)

    def _reader_done(self, task: asyncio.Task[None]) -> None:
        self.tasks.remove(task)
        if task.cancelled():
            if not self.ended:
                self._on_crash(asyncio.CancelledError())
        elif (error := task.exception()) is not None:
            self._on_crash(error)
