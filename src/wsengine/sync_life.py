"""One life of a `SyncEngine`, from `start()` to its end, with all its threads."""

from __future__ import annotations

import asyncio
import atexit
import concurrent.futures
import logging
from typing import Final

from .engine import Engine
from .errors import EngineStartError
from .sync_calls import Call, wait
from .sync_endpoint import ThreadedEndpoint
from .sync_portal import Portal
from .sync_threads import CallbackThreads

logger = logging.getLogger(__name__)

GRACE: Final = 0.02
"""The share of `stop_timeout` for a callback that is given up; the engine itself allows 0.03."""
LEFT_BEHIND: Final = 32
"""Callbacks that may be left behind, besides as many as there are workers."""


class Life:
    """Runs an engine in a thread with an event loop, which ends when the engine has stopped.

    Args:
        engine: The engine.
        endpoint: Its endpoint.

    Attributes:
        portal: The way into the loop.
    """

    def __init__(self, engine: Engine, endpoint: ThreadedEndpoint) -> None:
        self._engine = engine
        self._timeout = engine.config.stop_timeout
        self._threads = CallbackThreads(
            engine.name,
            grace=GRACE * self._timeout,
            most_left=LEFT_BEHIND + engine.config.workers,
        )
        self._started: concurrent.futures.Future[None] = concurrent.futures.Future()
        self._begun = asyncio.Event()
        self.portal = Portal(self._live, name=f"{engine.name}: event loop")
        endpoint.begin(self.portal, self._threads)

    def start(self) -> None:
        """Begin. From now until its end it is stopped with the program, if nobody else does.

        Raises:
            EngineStartError: There is no thread for it, and nothing is left running.
        """
        atexit.register(self.stop)
        self.portal.done.add_done_callback(lambda _: atexit.unregister(self.stop))
        try:
            self.portal.start()
        except Exception as error:
            raise EngineStartError(
                f"could not start: no thread for the event loop: {error}; end threads that are of "
                "no use any more, or have the system allow more of them"
            ) from error

    @property
    def is_over(self) -> bool:
        """Whether the engine has stopped."""
        return self.portal.is_over

    def wait_started(self) -> None:
        """Wait until the first session is open.

        Raises:
            EngineStartError: There is none, and nothing is left running.
        """
        started, done = self._started, self.portal.done
        wait(started, done)
        if not started.done():
            done.result()  # raises: SystemExit, for example
        elif started.exception() is not None:
            self.portal.wait_done(self._timeout)
        started.result()

    def wait_over(self, timeout: float | None) -> bool:
        """Wait for the end; return whether it came within `timeout` seconds.

        Raises:
            EngineFailedError: The engine stopped by itself.
        """
        over = self.portal.wait_done(timeout)
        if over and self.portal.failure is not None:
            raise self.portal.failure
        return over

    def exit(self) -> None:
        """Ask the engine to stop, and return at once."""
        self.portal.soon(self._exit)

    def stop(self) -> None:
        """Stop the engine, and wait for the end, but no longer than `stop_timeout`."""
        atexit.unregister(self.stop)
        self.portal.soon(Call(self._stop).begin)
        if not self.portal.wait_done(self._timeout) and not self.portal.is_forked:
            logger.error("%s: did not stop in time, and is left behind", self._engine.name)

    # On the loop. What is asked for before the engine has begun to start must not be lost.

    def _exit(self) -> None:
        if self._begun.is_set():
            self._engine.exit()
        else:
            asyncio.get_running_loop().call_soon(self._exit)

    async def _stop(self) -> None:
        await self._begun.wait()
        await self._engine.stop()

    async def _live(self) -> None:
        self._begun.set()
        try:
            await self._engine.start()
        except Exception as error:
            self._started.set_exception(error)
        else:
            self._started.set_result(None)
            await self._engine.wait_stopped()
        finally:
            await self._engine.stop()  # where the loop is going down, it still runs
            self._threads.close()
