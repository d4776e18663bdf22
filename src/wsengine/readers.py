"""Those who read: workers, who run the handlers, and the standby, who reads ahead for them."""

from __future__ import annotations

import asyncio
import enum
import inspect
from collections.abc import Coroutine
from types import CoroutineType
from typing import TYPE_CHECKING, Any, ClassVar, Final

from .callbacks import as_coroutine, enter_scope
from .close import Close, CloseCode
from .errors import ConnectionClosed
from .interruption import Interruption, current_task
from .message import message_size
from .stepping import DONE, carry_on, step

if TYPE_CHECKING:
    from .crew import Crew
    from .link import Handler, Link
    from .message import Message

TURN: Final = 500
"""Messages after which the event loop gets its turn, however many more are buffered."""

MAX_READ_FAILURES: Final = 10
"""Reads that may fail in a row before the connection counts as lost."""


class Mode(enum.Enum):
    """What a reader is doing."""

    IDLE = "idle"
    READING = "reading"
    """It waits for a message, or runs a handler that has not suspended."""
    BUSY = "busy"
    """It runs a callback that has suspended."""


class Reader:
    """Somebody who may have the lead. One task runs it until the session is over."""

    is_pilot: ClassVar[bool] = False
    neglects_reading: ClassVar[bool] = False
    outer: ClassVar[None] = None
    helps: ClassVar[bool] = False
    """Whether it handles what the standby has read ahead."""

    def __init__(self, crew: Crew, link: Link) -> None:
        self.engine = link.engine
        self._crew = crew
        self._link = link
        self._mode = Mode.IDLE
        self._waiter: asyncio.Future[None] | None = None
        self._coroutine = self._run()
        self._interruption: Interruption

    def work(self) -> Coroutine[Any, Any, None]:
        """Return the work of this reader, to be made a task of."""
        return self._coroutine

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
        return self._mode is Mode.BUSY

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
            if crew.leader is self:
                await self._lead()
            elif self.helps and crew.backlog and not crew.paused:
                await self._help()
            elif crew.ended:
                return
            else:
                await self._rest()

    async def _lead(self) -> None:
        self._mode = Mode.READING
        try:
            await self._read()
        except asyncio.CancelledError:
            if not self._interruption.absorb():
                raise
            self._crew.give_up_lead(self)
        except Exception as error:
            await self._read_failed(error)
        finally:
            self._mode = Mode.IDLE

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
        link.read_errors += 1
        if crew.count_failure(link.received) >= MAX_READ_FAILURES:
            reason = f"{MAX_READ_FAILURES} reads in a row failed"
            crew.end(Close(CloseCode.ABNORMAL_CLOSURE, reason))
        try:
            pending = as_coroutine(link.on_read_error(link.session, error))
            if pending is not None:
                await pending
        except (Exception, asyncio.CancelledError) as raised:
            self._callback_failed("on_read_error", raised)

    def _callback_failed(self, name: str, error: Exception | asyncio.CancelledError) -> None:
        if isinstance(error, asyncio.CancelledError) and current_task().cancelling():
            raise error  # this task is being cancelled; the callback only passed it on
        self._link.failed(name, error)


class Worker(Reader):
    """Runs `on_message`: of what it reads itself while it leads, and of the backlog."""

    helps = True

    def _resting(self) -> None:
        self._crew.rest(self)

    async def _read(self) -> None:
        if self._crew.backlog:
            await self._help()
        else:
            await self._read_on()

    async def _read_on(self) -> None:
        """The hot path: receive, handle, again; until a handler suspends or the lead is gone."""
        crew, link = self._crew, self._link
        receive, session = link.receive, link.session
        incoming = link.incoming
        while True:
            for on_message in link.turn(TURN):
                message = await receive()
                # `Traffic.count`, written out for speed.
                if type(message) is bytes:
                    incoming.binaries += 1
                    incoming.binary_bytes += len(message)
                else:
                    incoming.texts += 1
                    ascii_only = message.isascii()
                    incoming.text_bytes += len(message) if ascii_only else message_size(message)
                try:
                    pending = on_message(session, message)
                    if pending is not None and (
                        type(pending) is CoroutineType or (pending := as_coroutine(pending))
                    ):
                        # `step`, written out: a call less for each message.
                        yielded = next(pending.__await__(), DONE)
                        if yielded is not DONE:
                            await self._carry_on(pending, yielded)
                            return
                except (Exception, asyncio.CancelledError) as error:
                    self._callback_failed("on_message", error)
                if crew.leader is not self:
                    return
            await asyncio.sleep(0)

    async def _help(self) -> None:
        crew = self._crew
        for on_message in self._link.turn(TURN):
            message = crew.backlog.pop()
            crew.took_from_backlog()
            await self._handle(on_message, message)
            if not crew.backlog or crew.paused:
                return
        await asyncio.sleep(0)

    async def _handle(self, on_message: Handler, message: Message) -> None:
        try:
            pending = as_coroutine(on_message(self._link.session, message))
            if pending is not None and (yielded := step(pending)) is not DONE:
                await self._carry_on(pending, yielded)
        except (Exception, asyncio.CancelledError) as error:
            self._callback_failed("on_message", error)

    async def _carry_on(self, pending: Coroutine[Any, Any, Any], yielded: Any) -> None:
        """Hand the lead on, and see a handler that has suspended to its end."""
        self._mode = Mode.BUSY
        self._crew.give_up_lead(self)
        try:
            await carry_on(pending, yielded)
        finally:
            self._mode = Mode.IDLE


class Standby(Reader):
    """Reads ahead into the backlog while all workers are busy.

    So pings are answered, replies arrive and a close is noticed while handlers are slow.
    """

    async def _read(self) -> None:
        crew, link = self._crew, self._link
        receive, backlog = link.receive, crew.backlog
        while True:
            for _ in range(TURN):
                message = await receive()
                link.incoming.count(message)
                backlog.append(message)
                if crew.has_idle_worker or not backlog.has_room:
                    crew.give_up_lead(self)
                    return
            await asyncio.sleep(0)
