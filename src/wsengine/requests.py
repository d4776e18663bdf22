"""Requests that wait for their replies, on one session."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Hashable
from typing import Any

from .close import Close
from .correlator import Correlation
from .errors import ConfigError, ConnectionClosed, RequestTimeoutError

logger = logging.getLogger(__name__)


class Pending:
    """One request in flight.

    Args:
        request_id: Its id.
        message: What is to be sent, with the id in it.
    """

    __slots__ = ("_loop", "began", "message", "reply", "request_id", "sending")

    def __init__(self, request_id: Hashable, message: Any) -> None:
        self._loop = asyncio.get_running_loop()
        self.request_id = request_id
        self.message = message
        self.began = self._loop.time()
        self.reply: asyncio.Future[Any] = self._loop.create_future()
        self.sending: asyncio.Timeout | None = None
        """Its time-out, while the transport may hold it up."""

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return self._loop.time() - self.began

    def fail(self, error: Exception) -> None:
        """End it without a reply."""
        if not self.reply.done():
            self.reply.set_exception(error)
        if self.sending is not None and not self.sending.expired():
            self.sending.reschedule(self._loop.time())  # nobody waits for the transport any more


class Requests:
    """The requests in flight. A reply costs the same however many there are.

    Args:
        correlation: Knows the ids.

    Attributes:
        unmatched: Messages that looked like a reply, but for which no request waited.
        begun: Called when a request begins to wait, for whoever reads.
    """

    def __init__(self, correlation: Correlation) -> None:
        self.unmatched = 0
        self.begun: Callable[[], object] = _nobody_reads
        self._correlation = correlation
        self._pending: dict[Hashable, Pending] = {}
        self._closed: Close | None = None
        self._complained = False

    def __len__(self) -> int:
        return len(self._pending)

    # The side that asks.

    async def request(
        self, message: Any, timeout: float | None, send: Callable[[Any], Awaitable[object]]
    ) -> Any:
        """Send a request, and return its reply; see `Session.request`."""
        return await self.answered(self.begin(message), timeout, send)

    def begin(self, message: Any) -> Pending:
        """Return a request to be sent; from now on its reply is waited for.

        Raises:
            ConfigError: The message has no id, or one that is in flight.
            ConnectionClosed: The session is over.
        """
        if self._closed is not None:
            raise ConnectionClosed(self._closed)
        given = message
        message, request_id = self.identify(given)
        for _ in range(len(self._pending)):
            if request_id not in self._pending or message is given:
                break
            message, request_id = self.identify(given)  # the id filled in is one of the user's own
        if request_id in self._pending:
            raise ConfigError(
                f"request id {request_id!r}: another request with this id waits for its reply; "
                "ids in flight must differ"
            )
        pending = self._pending[request_id] = Pending(request_id, message)
        self.begun()
        return pending

    def identify(self, message: Any) -> tuple[Any, Hashable]:
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

    async def answered(
        self,
        pending: Pending,
        timeout: float | None,
        send: Callable[[Any], Awaitable[object]] | None = None,
    ) -> Any:
        """Wait for a reply, and forget the request whatever comes of it.

        Args:
            pending: The request.
            timeout: Seconds, for the sending too, or `None`.
            send: What sends it, if that is still to be done.
        """
        limit = asyncio.timeout(timeout)
        try:
            async with limit:
                if send is not None:
                    pending.sending = limit
                    await send(pending.message)
                    pending.sending = None
                return await pending.reply
        except TimeoutError:
            if pending.reply.done() and not pending.reply.cancelled():
                return pending.reply.result()  # it came, or can never come, while sending waited
            if not limit.expired():
                raise
            raise RequestTimeoutError(pending.request_id, round(pending.age, 3)) from None
        finally:
            self.forget(pending)

    def forget(self, pending: Pending) -> None:
        """Wait for a reply no longer: if it comes, it is a message."""
        pending.sending = None
        if self._pending.get(pending.request_id) is pending:
            del self._pending[pending.request_id]
        if pending.reply.done() and not pending.reply.cancelled():
            pending.reply.exception()  # seen: it may be that nobody has awaited it

    def end(self, close: Close) -> None:
        """Fail all of them: the session is over."""
        self._closed = close
        for pending in self._pending.values():
            pending.fail(ConnectionClosed(close))
        self._pending.clear()

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
            pending = self._pending.pop(request_id, None)
        except Exception:
            self._complain()
            return False
        if pending is None or pending.reply.done():
            self.unmatched += not ahead
            return False
        try:
            failure = self._correlation.error(message)
        except Exception as error:
            failure = error
        if failure is None:
            pending.reply.set_result(message)
        else:
            pending.reply.set_exception(failure)
        return True

    def _complain(self) -> None:
        """Tell once of a correlator that fails on what comes in: messages come by the million."""
        if not self._complained:
            self._complained = True
            logger.exception("the correlator failed; such messages go to on_message")


def _nobody_reads() -> None:
    """Do nothing: there is no crew."""
