"""One session at work: from the end of `on_open` to the end of the connection."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from .adapter import Connection
from .backlogs import make_backlog
from .backoff import Ending
from .bounds import StopSchedule, first_of, reap, shielded
from .close import GOING_AWAY, Close
from .closing import ask_on_close, call, close_connection, frame, tells_the_end
from .config import EngineConfig
from .conversation import Conversation
from .crew import Crew
from .dispatch import Dispatch
from .gap import Gap
from .keepalive import Keepalive
from .link import Link
from .session import GOING_AWAY_BY_CLIENT, Session
from .telemetry import SessionTelemetry

if TYPE_CHECKING:
    from .engine import Engine

logger = logging.getLogger(__name__)


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
        gap: What lies between the previous session and this one.
    """

    def __init__(
        self,
        engine: Engine,
        owner: Owner,
        telemetry: SessionTelemetry,
        connection: Connection,
        gap: Gap | None = None,
    ) -> None:
        config: EngineConfig = engine.config
        self._loop = asyncio.get_running_loop()
        self.name = f"{engine.name}: session {telemetry.session_id[:8]}"
        self.telemetry = telemetry
        self.endpoint = telemetry.endpoint
        self._owner = owner
        self._timeout = config.stop_timeout
        self._began = self._loop.time()
        self._ended: float | None = None
        self._hurried_at: float | None = None
        self._exit_asked_at: float | None = None
        self._hurried: asyncio.Future[None] | None = None
        self.ending = Ending.LOST
        """Why it ends, or will."""
        self._held: BaseException | None = None
        self.conversation = Conversation(
            engine.codec,
            engine.correlation,
            on_read_error=self.endpoint.on_read_error,
            failed=self.callback_failed,
        )
        self.link = self._link(engine, connection)
        self.crew = Crew(
            self.link,
            workers=config.workers,
            backlog=make_backlog(self.name, config, self.conversation.decode, self.callback_failed),
            on_crash=lambda error: owner.reader_crashed(self, error),
        )
        self.session = self.link.session = Session(engine, self, gap)
        self.keepalive = Keepalive(self.name, self.link, self.crew, config)
        self.dispatch = Dispatch(
            self.name,
            self.link,
            subscriptions=engine.subscriptions,
            outbox=engine.outbox,
            work=engine.to_send,
            done=engine.changed,
            config=config,
        )

    def _link(self, engine: Engine, connection: Connection) -> Link:
        with_raw = self.telemetry.traces_messages
        on_message = self.conversation.handler(self.endpoint.on_message, with_raw=with_raw)
        return Link(
            engine,
            connection,
            on_message=on_message,
            decoder=self.conversation.decoder(with_raw=with_raw),
            sampling=self.telemetry.sampling(on_message),
            on_read_error=self.endpoint.on_read_error,
            failed=self.callback_failed,
            conversation=self.conversation,
        )

    @property
    def uptime(self) -> float:
        """Seconds since `on_open` was done, up to the end of the connection."""
        return (self._loop.time() if self._ended is None else self._ended) - self._began

    @property
    def dropped(self) -> int:
        """Messages that came and were never handled."""
        return self.crew.unread + self.crew.backlog.dropped

    @property
    def unmatched(self) -> int:
        """Messages that looked like a reply, but for which no request waited."""
        return 0 if self.link.requests is None else self.link.requests.unmatched

    @property
    def requests_in_flight(self) -> int:
        """Requests that wait for their reply."""
        return 0 if self.link.requests is None else len(self.link.requests)

    def gap_after(self) -> Gap:
        """Return what lies between this session, which is over, and a connection made now."""
        seconds = 0.0 if self._ended is None else self._loop.time() - self._ended
        return Gap(seconds, self.crew.closed.result(), self.session.id, self.session.attributes)

    def callback_failed(self, name: str, error: BaseException) -> None:
        """Note that a callback raised; that the connection is closed is nobody's mistake."""
        if tells_the_end(error, self):
            logger.info("%s: %s ended with the connection: %s", self.name, name, error)
        else:
            self._owner.endpoint_failed(self, name, error)

    # Asking for the end.

    def restart(self, close: Close, ending: Ending = Ending.ASKED) -> None:
        """End the session in order to open another one."""
        if self.ending is not Ending.ASKED:
            self.ending = ending
        self.hurry(close)

    def hurry(self, close: Close, *, since: float | None = None) -> None:
        """End the session, or if it is ending stop waiting for what is unread.

        Args:
            close: How it ends, unless it has ended already.
            since: The moment that the end was asked for, if that was earlier.
        """
        if since is not None:
            self._exit_asked_at = since
        if self._hurried_at is None:
            self._hurried_at = self._loop.time() if since is None else since
            if self._hurried is not None:
                self._hurried.set_result(None)
        self.crew.end(close)
        self.crew.drop_unread()

    # The steps of a session, called by the supervisor in this order.

    async def serve(self) -> Close:
        """Run the session until its connection is closed, or its end is asked for."""
        self._began = self._loop.time()
        if self._hurried_at is not None:  # in on_open, which then took its time
            self._hurried_at = self._exit_asked_at or self._began
        self.telemetry.began(self)
        self.crew.start()
        self.keepalive.start()
        self.dispatch.start()
        try:
            await shielded(self.crew.closed)
        finally:
            self._ended = self._loop.time()
            grace = StopSchedule(0.0, self._timeout).grace
            await self.keepalive.stop(grace=grace)
            await self.dispatch.stop(grace=grace)
        return self.crew.closed.result()

    async def drain(self) -> None:
        """Wait until what was read has been handled, or somebody is in a hurry."""
        hurried = self._hurried = self._loop.create_future()
        while self.crew.tasks and self._hurried_at is None:
            left = len(self.crew.tasks)
            await first_of(*self.crew.tasks, hurried, timeout=self._timeout)
            if left == len(self.crew.tasks) and not hurried.done():
                backlog, busy = len(self.crew.backlog), self.crew.busy_workers
                logger.warning(
                    "%s: closed, but %d messages and %d handlers are left; waiting for them",
                    self.name,
                    backlog,
                    busy,
                )

    async def close(self, close: Close) -> None:
        """See running handlers to their end, call `on_close`, and close the connection.

        All of it is done, also when it is cancelled, or a callback raises what is no `Exception`.
        """
        begin = self._loop.time() if self._hurried_at is None else self._hurried_at
        schedule, answer, error = StopSchedule(begin, self._timeout), GOING_AWAY, None
        with self._holding():
            handlers = f"{self.name}: a handler"
            until, grace = schedule.handlers, schedule.grace
            await reap(self.crew.tasks, until=until, grace=grace, what=handlers)
        with self._holding():
            answer = await ask_on_close(self, close, schedule)
        with self._holding():
            error = await close_connection(self, close, answer, schedule)
        if self.crew.unread:
            logger.warning("%s: %d unread messages dropped", self.name, self.crew.unread)
        if error is not None:
            logger.warning("%s: closing failed: %s", self.name, error)
            with self._holding():
                await call(self, "on_close_error", error, schedule.on_close_error, schedule.grace)
        self.telemetry.ended(self, close, self.uptime)
        if self._held is not None:
            raise self._held

    @contextlib.contextmanager
    def _holding(self) -> Iterator[None]:
        """Hold back what must end the engine until the connection is closed."""
        try:
            yield
        except Exception:
            raise
        except BaseException as error:
            self._held = self._held or error

    async def abandon(self) -> None:
        """Close the connection of a session that was never opened; a moment is given to it."""
        self.crew.end(GOING_AWAY_BY_CLIENT)
        self.crew.drop_unread()
        closing = asyncio.create_task(self.link.connection.close(*frame(GOING_AWAY)))
        moment = 0.02 * self._timeout
        until = self._loop.time() + moment
        left = [closing, *self.crew.tasks]
        await reap(left, until=until, grace=moment, what=f"{self.name}: close()")
        if closing.done() and not closing.cancelled() and closing.exception() is not None:
            logger.debug("%s: closing failed: %r", self.name, closing.exception())
        self.telemetry.abandoned(self)
