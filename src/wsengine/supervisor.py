"""The supervisor: one coroutine that owns a whole life of an engine.

open (dial, on_open)  ->  serve (workers)  ->  close (on_close, close frame)
     ^                                              |
     +------------- reopen (delay, dial) <----------+---> stopped
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from .backoff import Backoff, Ending
from .bounds import first_of
from .close import Close, CloseCode
from .errors import EngineFailedError, EngineStartError
from .opening import Opening
from .serving import Serving
from .session import GOING_AWAY_BY_CLIENT, Session
from .states import EngineState
from .telemetry import where_recorded
from .telling import Telling

if TYPE_CHECKING:
    from .engine import Engine

logger = logging.getLogger(__name__)

_THEN = {"continue": "going on", "restart": "restarting", "exit": "stopping"}


class Supervisor:
    """Runs an engine from `start()` to `STOPPED`; each start has a fresh one.

    Args:
        engine: The engine.
    """

    def __init__(self, engine: Engine) -> None:
        self._loop = asyncio.get_running_loop()
        self._engine = engine
        self._telemetry = engine.telemetry
        self._telling = Telling(engine)
        self._backoff = Backoff(engine.config.reconnect)
        self._opening: Opening | None = None
        self._serving: Serving | None = None
        self._exiting: asyncio.Future[float] = self._loop.create_future()
        self._redial: asyncio.Future[None] | None = None
        self.started: asyncio.Future[None] = self._loop.create_future()
        """Done when the first session is open, or with the error why there is none."""
        self.failure: BaseException | None = None
        """Why the engine stopped by itself, if it did."""
        self.task: asyncio.Task[None]

    def begin(self) -> None:
        """Begin to live, once the engine knows of this supervisor."""
        self.task = asyncio.create_task(self._live(), name=f"wsengine: {self._engine.name}")

    @property
    def over(self) -> bool:
        """Whether this life is over, or its event loop is."""
        return self._loop.is_closed() or (hasattr(self, "task") and self.task.done())

    @property
    def session(self) -> Session | None:
        """The session that is being served."""
        return None if self._serving is None else self._serving.session

    @property
    def exiting(self) -> bool:
        """Whether the end was asked for."""
        return self._exiting.done()

    # Requests: plain functions, which only leave word.

    def exit(self) -> None:
        """Ask for the end."""
        if not self._exiting.done():
            self._telemetry.phases.asked_to_stop()
            self._exiting.set_result(self._loop.time())
            self._engine.changed.tell()
        if self._serving is not None:
            self._serving.hurry(GOING_AWAY_BY_CLIENT, since=self._exiting.result())

    def restart(self) -> None:
        """Ask for a fresh connection: end the session, or the delay before the next dial."""
        if self._serving is not None:
            self._serving.restart(GOING_AWAY_BY_CLIENT)
        elif self._opening is not None:
            self._opening.restart()
        elif self._redial is not None and not self._redial.done():
            self._redial.set_result(None)

    # What sessions tell.

    def endpoint_failed(self, serving: Serving, name: str, error: BaseException) -> None:
        """Log a callback that raised, and do what the configuration says."""
        self._telemetry.callback_failed(name)
        action = self._engine.config.on_endpoint_error
        with where_recorded(error):
            then = f"{_THEN[action]} (on_endpoint_error={action!r})"
            logger.error("%s: %s raised %r; %s", serving.name, name, error, then, exc_info=error)
        if action == "restart" and not serving.crew.ended:
            serving.restart(GOING_AWAY_BY_CLIENT, Ending.FAILED)
        elif action == "exit":
            failure = EngineFailedError(f"{name} raised {error!r}; on_endpoint_error='exit'")
            failure.__cause__ = error
            self._fail(failure)

    def reader_crashed(self, serving: Serving, error: BaseException) -> None:
        """Deal with a reader that ended by itself."""
        if isinstance(error, asyncio.CancelledError):
            logger.warning("%s: a worker was cancelled from outside; stopping", serving.name)
            self.exit()
        elif isinstance(error, Exception):
            logger.error("%s: a fault in wsengine; please report it", serving.name, exc_info=error)
            serving.crew.end(Close(CloseCode.ABNORMAL_CLOSURE, "internal error of the client"))
        else:
            self._fail(error)  # KeyboardInterrupt, SystemExit

    def _fail(self, failure: BaseException) -> None:
        if self.failure is None:
            self.failure = failure
        self.exit()

    # The life.

    def _enter(self, state: EngineState, reason: str, *, delay: float | None = None) -> None:
        self._telemetry.follow(self._engine.lifecycle.enter, state, reason, delay=delay)

    async def _live(self) -> None:
        reason = "exit"  # unless it turns out otherwise
        try:
            self._enter(EngineState.OPENING, "dialling")
            await asyncio.sleep(0)  # an eager task begins before `begin` has noted it
            serving = await self._open()
            while serving is not None:
                await self._serve(serving)
                if self._is_the_end(serving):
                    reason = f"closed: {serving.crew.closed.result()}"
                    break
                serving = await self._reopen(serving)
        except EngineFailedError as error:
            self.failure = self.failure or error
        except EngineStartError as error:
            self.started.set_exception(error)
        except asyncio.CancelledError:
            reason = "cancelled"
            raise
        except Exception as error:
            logger.exception("%s: a fault in wsengine; please report it", self._engine.name)
            self.failure = error
        except BaseException as error:  # a callback's, such as SystemExit: `run` raises it
            logger.exception("%s: stopped by what a callback raised", self._engine.name)
            self.failure = self.failure or error
        finally:
            if not self._loop.is_closed():
                self._stopped(reason)

    def _stopped(self, reason: str) -> None:
        if not self.started.done():
            self.started.set_exception(self._not_started())
        failure = self.failure or self.started.exception()
        if isinstance(self.failure, EngineFailedError):
            logger.warning("%s: stopped by itself: %s", self._engine.name, str(self.failure))
        self._enter(EngineState.STOPPED, str(failure or reason))

    def _not_started(self) -> BaseException:
        if self.failure is None:
            return EngineStartError("asked to stop before the first session was open")
        if not isinstance(self.failure, Exception):
            return self.failure
        error = EngineStartError(f"could not start: {self.failure}")
        error.__cause__ = self.failure.__cause__ or self.failure
        return error

    async def _open(self, previous: Serving | None = None) -> Serving | None:
        """Dial until a session is open; return `None` if an exit was asked for."""
        while not self._exiting.done():
            if self._engine.state is not EngineState.OPENING:
                self._enter(EngineState.OPENING, "dialling")
            self._opening = Opening(self._engine, self, previous)
            try:
                serving = await self._opening.run(self._exiting)
            except Exception as error:
                told = self._opening.describe(error)
                if self._exiting.done():
                    self._telling.failed(error, told, "stopping anyway")
                    break
                self._opening, self._redial = None, self._loop.create_future()
                delay = await self._open_failed(error, told, restarting=previous is not None)
                await self._wait(delay, self._redial, f"opening failed: {told}")
            else:
                return serving
        return None

    async def _open_failed(self, error: Exception, told: str, *, restarting: bool) -> float:
        """Tell of a failed open; return the seconds until the next one."""
        engine, backoff = self._engine, self._backoff
        if not restarting and not engine.config.retry_start:
            raise EngineStartError(f"could not start: {told}") from error
        try:
            delay = backoff.after_failure(error, told)
        except EngineFailedError:
            await self._telling.attempt_failed(error, told, backoff.failures, None, self._exiting)
            raise
        await self._telling.attempt_failed(error, told, backoff.failures, delay, self._exiting)
        return delay

    async def _serve(self, serving: Serving) -> None:
        """Run a session from its open to its close."""
        self._opening, self._serving = None, serving
        if self._exiting.done():
            self.exit()
        self._enter(EngineState.OPEN, f"session {serving.session.id[:8]} is open")
        self._telling.open()
        if not self.started.done():
            self.started.set_result(None)
        close = GOING_AWAY_BY_CLIENT
        try:
            close = await serving.serve()
            self._enter(EngineState.CLOSING, str(close))
            await serving.drain()
        except asyncio.CancelledError:
            serving.hurry(GOING_AWAY_BY_CLIENT)  # the loop is going down: close properly, then obey
            if self._engine.state is EngineState.OPEN:
                self._enter(EngineState.CLOSING, "cancelled")
            raise
        finally:
            try:
                await serving.close(close)
            finally:
                self._serving = None

    async def _reopen(self, serving: Serving) -> Serving | None:
        """Open the next session; return `None` if there is none to be."""
        close = serving.crew.closed.result()
        if self._exiting.done():
            return None
        wanted = serving.ending is not Ending.LOST
        self._telemetry.reconnecting(close, wanted=wanted)
        self._redial = self._loop.create_future()
        delay = self._backoff.after_session(close, serving.uptime, serving.ending)
        if serving.ending is Ending.LOST:
            self._telling.lost(close, serving.uptime, delay)
        await self._wait(delay, self._redial, "restart" if wanted else f"connection ended: {close}")
        return await self._open(serving)

    def _is_the_end(self, serving: Serving) -> bool:
        """Whether a session without reconnection ended as one should."""
        close = serving.crew.closed.result()
        normal = (CloseCode.NORMAL_CLOSURE, CloseCode.GOING_AWAY, CloseCode.NO_STATUS_RECEIVED)
        alone = self._engine.config.reconnect is None and not self._exiting.done()
        return alone and serving.ending is Ending.LOST and close.code in normal

    async def _wait(self, delay: float, redial: asyncio.Future[None], reason: str) -> None:
        """Wait for the next dial; an exit or restart ends the wait at once."""
        self._enter(EngineState.WAITING, f"{reason}; next dial in {delay:.2f} s", delay=delay)
        await first_of(self._exiting, redial, timeout=delay)
