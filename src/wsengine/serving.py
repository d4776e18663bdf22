"""One session at work: from the end of `on_open` to the end of the connection."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any, Protocol

from .adapter import CLOSE_TIMEOUT, Connection
from .backlog import Backlog
from .bounds import StopSchedule, first_of, reap
from .callbacks import OneCall
from .close import GOING_AWAY, Close, CloseCode
from .config import EngineConfig
from .crew import Crew
from .errors import ConfigError, ConnectionClosed
from .keepalive import Keepalive
from .link import Link
from .session import GOING_AWAY_BY_CLIENT, Session
from .telemetry import SessionTelemetry

if TYPE_CHECKING:
    from .engine import Engine

logger = logging.getLogger(__name__)

DEAD_CLOSE_TIMEOUT = 0.1
"""Seconds for closing a connection that is lost: nobody will answer."""


class Owner(Protocol):
    """What a session tells its supervisor."""

    def endpoint_failed(self, serving: Serving, name: str, error: BaseException) -> None:
        """Note that a callback raised."""

    def reader_crashed(self, serving: Serving, error: BaseException) -> None:
        """Note that a reader's task ended by itself."""


class Serving:
    """Runs one session, and closes it.

    Args:
        engine: The engine.
        owner: Told of what goes wrong.
        telemetry: Told of what happens; it has the endpoint to call.
        connection: The fresh connection.
    """

    def __init__(
        self, engine: Engine, owner: Owner, telemetry: SessionTelemetry, connection: Connection
    ) -> None:
        config: EngineConfig = engine.config
        self._loop = asyncio.get_running_loop()
        self.telemetry = telemetry
        self._endpoint = telemetry.endpoint
        self._owner = owner
        self._timeout = config.stop_timeout
        self._began = self._loop.time()
        self._ended: float | None = None
        self._hurried_at: float | None = None
        self._hurried: asyncio.Future[None] = self._loop.create_future()
        self.restart_wanted = False
        self.dropped = 0
        self.link = Link(
            engine,
            connection,
            on_message=self._endpoint.on_message,
            sampling=telemetry.sampling(self._endpoint.on_message),
            on_read_error=self._endpoint.on_read_error,
            failed=self.callback_failed,
        )
        self.crew = Crew(
            self.link,
            workers=config.workers,
            backlog=Backlog(config.backlog_messages, config.backlog_bytes),
            on_crash=lambda error: owner.reader_crashed(self, error),
        )
        self.session = self.link.session = Session(engine, self)
        self.name = f"{engine.name}: session {self.session.id[:8]}"
        self.keepalive = Keepalive(self.name, self.link, self.crew, config)

    @property
    def uptime(self) -> float:
        """Seconds since `on_open` was done, up to the end of the connection."""
        return (self._loop.time() if self._ended is None else self._ended) - self._began

    def callback_failed(self, name: str, error: BaseException) -> None:
        """Note that a callback raised."""
        self._owner.endpoint_failed(self, name, error)

    # Asking for the end.

    def restart(self, close: Close) -> None:
        """End the session in order to open another one."""
        self.restart_wanted = True
        self.hurry(close)

    def hurry(self, close: Close, *, since: float | None = None) -> None:
        """End the session, or if it is ending stop waiting for what is unread.

        Args:
            close: How it ends, unless it has ended already.
            since: The moment that the end was asked for, if that was earlier.
        """
        if not self._hurried.done():
            self._hurried.set_result(None)
            self._hurried_at = self._loop.time() if since is None else since
        self.crew.end(close)
        self.dropped += self.crew.backlog.clear()

    # The steps of a session, called by the supervisor in this order.

    async def serve(self) -> Close:
        """Run the session until its connection is closed, or its end is asked for."""
        self._began = self._loop.time()
        self.telemetry.began(self)
        self.crew.start()
        self.keepalive.start()
        try:
            await first_of(self.crew.closed)
        finally:
            self._ended = self._loop.time()
            await self.keepalive.stop()
        return self.crew.closed.result()

    async def drain(self) -> None:
        """Wait until what was read has been handled, or somebody is in a hurry."""
        while self.crew.tasks and not self._hurried.done():
            left = len(self.crew.tasks)
            await first_of(*self.crew.tasks, self._hurried, timeout=self._timeout)
            if left == len(self.crew.tasks) and not self._hurried.done():
                backlog, busy = len(self.crew.backlog), self.crew.busy_workers
                logger.warning(
                    "%s: closed, but %d messages and %d handlers are left; waiting for them",
                    self.name,
                    backlog,
                    busy,
                )

    async def close(self, close: Close) -> None:
        """See running handlers to their end, call `on_close`, and close the connection."""
        begin = self._loop.time() if self._hurried_at is None else self._hurried_at
        schedule = StopSchedule(begin, self._timeout)
        cancelled: asyncio.CancelledError | None = None
        try:
            handlers = f"{self.name}: a handler"
            until, grace = schedule.handlers, schedule.grace
            await reap(self.crew.tasks, until=until, grace=grace, what=handlers)
        except asyncio.CancelledError as cancellation:
            cancelled = cancellation  # the loop is going down: close properly, then obey
        answer = await self._ask_on_close(close, schedule)
        error = await self._close_connection(close, answer, schedule)
        if self.dropped:
            logger.warning("%s: %d unread messages dropped", self.name, self.dropped)
        if error is not None:
            logger.warning("%s: closing failed: %s", self.name, error)
            await self._call("on_close_error", schedule.on_close_error, schedule.grace, error)
        self.telemetry.ended(self, close, self.uptime)
        if cancelled is not None:
            raise cancelled

    async def abandon(self) -> None:
        """Close the connection of a session that was never opened; a moment is given to it."""
        self.crew.end(GOING_AWAY_BY_CLIENT)
        closing = asyncio.create_task(self.link.connection.close(*_frame(GOING_AWAY)))
        moment = 0.02 * self._timeout
        until = self._loop.time() + moment
        await reap([closing], until=until, grace=moment, what=f"{self.name}: close()")
        if closing.done() and not closing.cancelled() and closing.exception() is not None:
            logger.debug("%s: closing failed: %r", self.name, closing.exception())
        self.telemetry.abandoned(self)

    # Inside the close.

    async def _ask_on_close(self, close: Close, schedule: StopSchedule) -> Close:
        answer = await self._call("on_close", schedule.on_close, schedule.grace, close)
        if answer is None:
            return GOING_AWAY
        try:
            if not isinstance(answer, Close):
                raise ConfigError(f"on_close returned {answer!r}: it may return a Close, or None")
            answer.check_sendable()
        except ConfigError as error:
            self.callback_failed("on_close", error)
            return GOING_AWAY
        return answer

    async def _close_connection(
        self, close: Close, answer: Close, schedule: StopSchedule
    ) -> Exception | None:
        """Close the connection; return what failed."""
        lost = close.code == CloseCode.ABNORMAL_CLOSURE
        seconds = DEAD_CLOSE_TIMEOUT if lost else CLOSE_TIMEOUT
        until = min(self._loop.time() + seconds, schedule.close_frames)
        closing = asyncio.create_task(self.link.connection.close(*_frame(answer)))
        dropping = asyncio.create_task(self._drop_unread())
        grace = schedule.grace
        closed = await reap([closing], until=until, grace=grace, what=f"{self.name}: close()")
        await reap([dropping], until=0.0, grace=grace, what=f"{self.name}: receive()")
        if lost:
            return None
        if not closed:
            return TimeoutError("the server did not answer the close frame, and was cut off")
        return None if closing.cancelled() else _exception(closing)

    async def _drop_unread(self) -> None:
        """Read on while the close frames are exchanged: the server's comes after its messages."""
        if self.crew.leader is not None:
            return  # a pilot has not let go of the connection
        try:
            while True:
                for _ in range(1000):
                    await self.link.receive()
                    self.dropped += 1
                await asyncio.sleep(0)
        except Exception as error:
            if not isinstance(self.link.translate(error), ConnectionClosed):
                logger.debug("%s: reading while closing: %r", self.name, error)

    async def _call(self, name: str, until: float, grace: float, argument: object) -> Any:
        """Call one of the closing callbacks, bounded; return what it returned, or None."""
        call = OneCall(self.session.engine, getattr(self._endpoint, name))
        task = asyncio.create_task(call(self.session, argument))
        if not await reap([task], until=until, grace=grace, what=f"{self.name}: {name}"):
            self.callback_failed(name, TimeoutError(f"{name} took too long and was cancelled"))
        elif task.cancelled():
            self.callback_failed(name, asyncio.CancelledError(f"{name} raised CancelledError"))
        elif (error := _exception(task)) is not None:
            self.callback_failed(name, error)
        else:
            return task.result()
        return None


def _frame(close: Close) -> tuple[int, str]:
    return int(close.code), close.reason


def _exception(task: asyncio.Task[Any]) -> Exception | None:
    error = task.exception()
    if error is not None and not isinstance(error, Exception):
        raise error  # KeyboardInterrupt, SystemExit
    return error
