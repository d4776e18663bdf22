"""What a session sends by itself: the subscriptions that are wanted, then the outbox."""

from __future__ import annotations

import asyncio
import contextvars
import logging
from collections.abc import Coroutine
from typing import Any

from .bounds import reap
from .change import Change
from .config import EngineConfig
from .errors import ConnectionClosed
from .link import Link
from .outbox import Outbox
from .pending import Pending
from .subscription import Step
from .subscriptions import Subscriptions

logger = logging.getLogger(__name__)


class Dispatch:
    """Sends while one session is open, in a task as long as there is something to send.

    Args:
        name: What the session is called in the log.
        link: The connection.
        subscriptions: What is wanted.
        outbox: What waits to be sent.
        work: Tells that there is something to do.
        done: Told when there is nothing left to do.
        config: Says how fast subscriptions are sent, and how long their replies may take.
    """

    __slots__ = (
        "_acknowledge_timeout",
        "_done",
        "_interval",
        "_link",
        "_loop",
        "_name",
        "_next",
        "_outbox",
        "_sending",
        "_subscriptions",
        "_tasks",
        "_work",
    )

    def __init__(
        self,
        name: str,
        link: Link,
        *,
        subscriptions: Subscriptions,
        outbox: Outbox,
        work: Change,
        done: Change,
        config: EngineConfig,
    ) -> None:
        self._name = name
        self._link = link
        self._subscriptions = subscriptions
        self._outbox = outbox
        self._work = work
        self._done = done
        rate = config.subscription_max_rate
        self._interval = 0.0 if rate is None else 1 / rate
        self._acknowledge_timeout = config.acknowledge_timeout
        self._loop = asyncio.get_running_loop()
        self._next = 0.0
        self._sending = False
        self._tasks: dict[asyncio.Task[None], None] = {}

    def start(self) -> None:
        """Begin: all that is wanted is to be sent."""
        self._subscriptions.begin()
        self._work.told = self._send_on
        self._send_on()

    async def stop(self, *, grace: float) -> None:
        """Stop sending, within `grace` seconds. What was not sent is left to the next session."""
        self._work.told = None
        tasks = tuple(self._tasks)
        try:
            await reap(tasks, until=0.0, grace=grace, what=f"{self._name}: send()", why=None)
        finally:
            self._subscriptions.end()

    def _send_on(self) -> None:
        if not self._sending and (self._subscriptions.due or self._outbox):
            self._sending = True
            self._spawn(self._run())

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        # A fresh context: what is sent is no child of whatever span started the engine.
        task = self._loop.create_task(work, context=contextvars.Context())
        self._tasks[task] = None
        task.add_done_callback(self._ended)

    def _ended(self, task: asyncio.Task[None]) -> None:
        del self._tasks[task]
        if not task.cancelled() and (error := task.exception()) is not None:
            logger.error("%s: a fault in wsengine; please report it", self._name, exc_info=error)

    async def _run(self) -> None:
        try:
            while True:
                if self._subscriptions.due:
                    await self._take_step()
                elif self._outbox:
                    await self._outbox.send_next(self._link.transmit)
                    await asyncio.sleep(0)
                else:
                    self._done.tell()
                    break
        except ConnectionClosed as error:
            logger.debug("%s: sending ended: %s", self._name, error)  # whoever reads will tell how
            self._work.told = None
            # Whoever reads may be one who waits for this here, and must not.
            self._subscriptions.end()
            self._done.tell()
        finally:
            self._sending = False

    async def _take_step(self) -> None:
        await asyncio.sleep(max(0.0, self._next - self._loop.time()))
        step = self._subscriptions.next_step()
        if step is None:
            return
        self._next = max(self._next, self._loop.time()) + self._interval
        self._subscriptions.sending = True
        try:
            await self._send(step)
        except ConnectionClosed:
            raise
        except Exception as error:
            self._subscriptions.failed(step, error)
        finally:
            self._subscriptions.sending = False

    async def _send(self, step: Step) -> None:
        requests = self._link.requests
        if not step.subscription.acknowledged or requests is None:
            await self._link.transmit(step.message)
            self._subscriptions.done(step)
            return
        identified = requests.identify(step.message)
        await requests.wait_free(identified[1], self._acknowledge_timeout)
        pending = requests.begin(step.message, self._acknowledge_timeout, identified)
        try:
            await self._link.send(pending.message)
        except BaseException:
            requests.forget(pending)
            raise
        self._spawn(self._acknowledge(step, pending))

    async def _acknowledge(self, step: Step, pending: Pending) -> None:
        if self._link.requests is None:
            return
        try:
            await self._link.requests.answered(pending)
        except ConnectionClosed:
            return  # the next session sends it again
        except Exception as error:
            self._subscriptions.failed(step, error)
        else:
            self._subscriptions.done(step)
