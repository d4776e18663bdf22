"""What workers and the standby have in common: the lead, and how they give it up."""

from __future__ import annotations

import asyncio
import enum
import inspect
import logging
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .callbacks import as_coroutine, enter_scope
from .close import Close, CloseCode
from .errors import ConnectionClosed
from .interruption import Interruption, current_task
from .suspension import noticing

if TYPE_CHECKING:
    from .crew import Crew
    from .link import Link

logger = logging.getLogger(__name__)

MAX_READ_FAILURES: Final = 10
"""Reads that may fail in a row before the connection counts as lost."""


class Mode(enum.Enum):
    """What a reader is doing."""

    IDLE = "idle"
    READING = "reading"
    """It waits for a message, or runs a plain `def` handler."""
    HANDLING = "handling"
    """It runs a callback that has not suspended."""
    BUSY = "busy"
    """It runs a callback that has suspended."""


_BUSY: Final = Mode.BUSY  # to look a member up takes long, and each request asks


class Reader:
    """Somebody who may have the lead. One task runs it until the session is over."""

    __slots__ = (
        "_coroutine",
        "_crew",
        "_interruption",
        "_link",
        "_mode",
        "_waited_at",
        "_waiter",
        "engine",
    )

    is_pilot: ClassVar[bool] = False
    outer: ClassVar[None] = None
    helps: ClassVar[bool] = False
    """Whether it handles what the standby has read ahead."""

    def __init__(self, crew: Crew, link: Link) -> None:
        self.engine = link.engine
        self._crew = crew
        self._link = link
        self._mode = Mode.IDLE
        self._waiter: asyncio.Future[None] | None = None
        self._coroutine = self._work()
        self._waited_at = -1
        """How many messages had been received when it last had to wait for one."""
        self._interruption: Interruption

    def work(self) -> Coroutine[Any, Any, None]:
        """Return the work of this reader, to be made a task of."""
        return self._coroutine

    async def _work(self) -> None:
        await noticing(self._run(), self._suspended)

    def _suspended(self) -> None:
        """Hand the lead on, if it is a callback that has suspended."""
        if self._mode is Mode.READING:
            self._waited_at = self._link.incoming.messages
            if self._link.sampling is not None:
                self._link.sampling.rearm()
        elif self._mode is Mode.HANDLING:
            self._mode = Mode.BUSY
            if self._crew.leader is self:
                waited = self._waited_at == self._link.incoming.messages - 1
                self._crew.give_up_lead(self, ahead=not waited)

    @property
    def running(self) -> bool:
        """Whether its code is on the stack right now, so that a callback of its own asks."""
        return inspect.getcoroutinestate(self._coroutine) == inspect.CORO_RUNNING

    @property
    def active(self) -> bool:
        """Whether a callback runs here."""
        return self.busy or self.running

    @property
    def busy(self) -> bool:
        """Whether it runs a callback that has suspended."""
        return self._mode is _BUSY

    @property
    def neglects_reading(self) -> bool:
        """Whether it has the lead, but is in `on_read_error` and does not read."""
        return self._mode is _BUSY and self._crew.leader is self

    @property
    def yields_at_once(self) -> bool:
        """Whether the lead can be taken from it without waiting: it is not inside `receive`."""
        return self._mode is not Mode.READING or self.running

    def give_way(self) -> None:
        """Come out of `receive`. A callback is never interrupted."""
        if self._mode is Mode.READING and not self.running:
            self._interruption.interrupt()

    def wake(self) -> None:
        """End its rest."""
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def _run(self) -> None:
        enter_scope(self)
        self._interruption = Interruption(current_task())
        crew = self._crew
        while True:
            self._interruption.rebase()
            if crew.leader is self:
                # No coroutine of its own: it would weigh 200 bytes in every idle session.
                self._mode = Mode.READING
                try:
                    await self._read()
                except asyncio.CancelledError:
                    if not self._interruption.absorb():
                        raise
                    crew.give_up_lead(self)
                except Exception as error:
                    await self._read_failed(error)
                finally:
                    self._mode = Mode.IDLE
            elif self.helps and crew.backlog.ready and not crew.paused:
                await self._help()
            elif crew.ended:
                return
            else:
                await self._rest()

    async def _read(self) -> None:
        """Read as long as it has the lead."""
        raise NotImplementedError

    async def _help(self) -> None:
        """Handle what the backlog holds."""
        raise NotImplementedError

    def _resting(self) -> None:
        """Note that it has nothing to do."""

    async def _rest(self) -> None:
        self._waiter = asyncio.get_running_loop().create_future()
        self._resting()
        try:
            await self._waiter
        finally:
            self._waiter = None

    async def _read_failed(self, error: Exception) -> None:
        """Tell the end of the connection from a read that failed while it lives on."""
        crew, link = self._crew, self._link
        error = link.translate(error)
        if isinstance(error, ConnectionClosed):
            crew.end(error.close)
            return
        self._mode = Mode.BUSY
        failures = link.count_failure()
        logger.warning("%r: a read failed, and the connection lives on: %s", link.session, error)
        if failures >= MAX_READ_FAILURES:
            reason = f"{MAX_READ_FAILURES} reads in a row failed"
            crew.end(Close(CloseCode.ABNORMAL_CLOSURE, reason))
        try:
            pending = as_coroutine(link.on_read_error(link.session, error))
            if pending is not None:
                await pending
        except (Exception, asyncio.CancelledError) as raised:
            self._callback_failed("on_read_error", raised)

    def _callback_failed(self, name: str, error: Exception | asyncio.CancelledError) -> None:
        if isinstance(error, asyncio.CancelledError) and self._interruption.is_foreign:
            raise error  # this task is being cancelled; the callback only passed it on
        self._link.failed(name, error)
