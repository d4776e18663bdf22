"""Requests that wait for their replies, on one session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Final, TypeAlias

from .bounds import first_of
from .close import Close
from .correlator import Correlation
from .deadlines import Deadlines
from .errors import ConfigError, ConnectionClosed
from .interruption import current_task
from .pending import Pending

Identified: TypeAlias = tuple[Any, Hashable]
"""A message with its id filled in, and that id."""

Send: TypeAlias = Callable[[Any], Coroutine[Any, Any, object]]

RAISED: Final = (Exception, asyncio.CancelledError)
"""What a plain function of the user's may raise by itself: nobody can have cancelled it there."""

logger = logging.getLogger(__name__)


class Requests:
    """The requests in flight. A reply costs the same however many there are.

    Args:
        correlation: Knows the ids.

    Attributes:
        unmatched: Messages that looked like a reply, but for which no request waited any more.
        begun: Called when a request begins to wait, for whoever reads.
        in_flight: The requests that wait, by their ids.
    """

    def __init__(self, correlation: Correlation) -> None:
        self.unmatched = 0
        self.begun: Callable[[], object] = _nobody_reads
        self._correlation = correlation
        self._loop = asyncio.get_running_loop()
        self.in_flight: dict[Hashable, Pending] = {}
        self._deadlines = Deadlines(self.in_flight.values)
        self._closed: Close | None = None
        self._complained = False

    def __len__(self) -> int:
        return len(self.in_flight)

    # The side that asks.

    async def request(
        self,
        message: Any,
        timeout: float | None,
        send: Send,
        identified: Identified | None = None,
    ) -> Any:
        """Send a request, and return its reply; see `Session.request`."""
        pending = self.begin(message, timeout, identified)
        try:
            pending.sender = task = current_task()
            pending.cancelled_before = task.cancelling()
            try:
                await send(pending.message)
            except asyncio.CancelledError:
                if not pending.absorb_interruption():
                    raise
            pending.sender = None
            return self._correlation.result(await pending.reply)
        except BaseException as error:
            if isinstance(error, asyncio.CancelledError):
                self._dropped(pending)
            self.forget(pending)  # what was answered is forgotten
            raise

    async def answered(self, pending: Pending) -> Any:
        """Wait for the reply to a request that was sent, and forget it whatever comes of it."""
        try:
            return await pending.reply
        except asyncio.CancelledError:
            self._dropped(pending)
            raise
        finally:
            self.forget(pending)

    def _dropped(self, pending: Pending) -> None:
        """Count the reply that nobody gets, if there is one: the request was cancelled."""
        if pending.is_answered:
            self.unmatched += 1
            logger.warning(
                "the reply to request %r is dropped: it came in the moment in which the "
                "request was cancelled",
                pending.request_id,
            )

    def begin(
        self, message: Any, timeout: float | None, identified: Identified | None = None
    ) -> Pending:
        """Return a request to be sent; from now on its reply is waited for.

        Args:
            message: The request.
            timeout: Seconds for sending and reply, or `None`.
            identified: What `identify` has made of it before, if it has.

        Raises:
            ConfigError: The message has no id, or one that is in flight.
            ConnectionClosed: The session is over.
        """
        if self._closed is not None:
            raise ConnectionClosed(self._closed)
        ready, request_id = identified or self.identify(message)
        if request_id in self.in_flight:
            ready, request_id = self._identify_anew(message, ready, request_id)
        pending = self.in_flight[request_id] = Pending(request_id, ready, timeout, self._loop)
        if pending.deadline < self._deadlines.earliest:  # hardly ever: it is worth asking here
            self._deadlines.watch(pending.deadline)
        self.begun()
        return pending

    def _identify_anew(self, given: Any, message: Any, request_id: Hashable) -> Identified:
        """Have another id filled in: the one that was is one of the user's own, in flight.

        Raises:
            ConfigError: There is none that is free, or the user's own stands in the message.
        """
        for _ in range(len(self.in_flight)):
            if request_id not in self.in_flight or message is given:
                break
            message, request_id = self.identify(given)
        if request_id in self.in_flight:
            raise ConfigError(
                f"request id {request_id!r}: another request with this id waits for its reply; "
                "ids in flight must differ"
            )
        return message, request_id

    def identify(self, message: Any) -> Identified:
        """Return the message with its id filled in, and the id.

        Raises:
            ConfigError: The correlator finds no id in it.
        """
        message = self._correlation.prepare(message)
        request_id = self._correlation.request_id(message)
        if request_id is None:
            raise ConfigError(
                f"request() of a {type(message).__name__}: the correlator finds no id in it, so "
                "no reply could be told to be its own; use send() for what wants no reply"
            )
        return message, request_id

    async def wait_free(self, request_id: Hashable, timeout: float) -> None:
        """Wait until no request with this id is in flight, or so many seconds."""
        until = self._loop.time() + timeout
        while (other := self.in_flight.get(request_id)) is not None:
            if (left := until - self._loop.time()) <= 0:
                return
            await first_of(other.reply, timeout=left)
            await asyncio.sleep(0)  # so that who waited for it forgets it

    def forget(self, pending: Pending) -> None:
        """Wait for a reply no longer: if it comes, it is a message."""
        if self.in_flight.get(pending.request_id) is pending:
            del self.in_flight[pending.request_id]
        if not pending.reply.cancel() and not pending.reply.cancelled():
            pending.reply.exception()  # seen: it may be that nobody has awaited it

    def end(self, close: Close) -> None:
        """Fail all of them: the session is over."""
        self._closed = close
        for pending in self.in_flight.values():
            pending.fail(ConnectionClosed(close))
        self.in_flight.clear()
        self._deadlines.clear()

    # The side that reads.

    def take(self, message: Any, *, ahead: bool = False) -> bool:
        """Give a reply to the request that waits for it; return whether it was one.

        Args:
            message: Any message, decoded.
            ahead: Whether it will come here once more if it was none.
        """
        try:
            request_id = self._correlation.response_id(message)
            if request_id is None:
                return False
            pending = self.in_flight.get(request_id)
        except RAISED:
            self._complain()
            return False
        if pending is None or pending.reply.done():
            self.unmatched += not ahead
            return False
        failure: object
        try:
            failure = self._correlation.error(message)
        except RAISED as error:
            failure = error
        del self.in_flight[request_id]  # not before: what is not answered keeps its time-out
        if failure is None:
            pending.succeed(message)
        else:
            pending.fail(_as_failure(failure))
            del failure, pending  # a traceback may have this frame: no circle
        return True

    def count_late(self, message: Any, by: int = 1) -> None:
        """Count a message that was taken for no reply, if it looks like one."""
        try:
            self.unmatched += by * (self._correlation.response_id(message) is not None)
        except RAISED:
            self._complain()

    def _complain(self) -> None:
        """Tell once of a correlator that fails on what comes in: messages come by the million."""
        if not self._complained:
            self._complained = True
            logger.exception("the correlator failed; such messages go to on_message")


def _nobody_reads() -> None:
    """Do nothing: there is no crew."""


def _as_failure(told: object) -> Exception:
    """Return what a request raises, whatever the correlator's `error()` has returned or raised."""
    if isinstance(told, StopIteration | asyncio.CancelledError):  # a future takes neither
        failure = RuntimeError(f"the correlator's error() raised or returned {told!r}")
        failure.__cause__ = told
        return failure
    if isinstance(told, Exception):
        return told
    return TypeError(
        f"the correlator's error() returned {type(told).__name__}: it must return the "
        "exception to raise, or None"
    )
