"""One request that waits for its reply."""

from __future__ import annotations

import asyncio
from collections.abc import Hashable
from math import inf
from typing import Any

from .errors import RequestTimeoutError
from .interruption import Interruption


class Pending:
    """One request in flight.

    Args:
        request_id: Its id.
        message: What is to be sent, with the id in it.
        timeout: Seconds that it may take, or `None`.
        loop: The event loop.
    """

    __slots__ = (
        "_interruption",
        "began",
        "cancelled_before",
        "deadline",
        "message",
        "reply",
        "request_id",
        "sender",
    )

    def __init__(
        self,
        request_id: Hashable,
        message: Any,
        timeout: float | None,
        loop: asyncio.AbstractEventLoop,
    ) -> None:
        self.request_id = request_id
        self.message = message
        self.began = loop.time()
        self.deadline = inf if timeout is None else self.began + timeout
        self.reply: asyncio.Future[Any] = loop.create_future()
        self.sender: asyncio.Task[Any] | None = None
        """Who waits for the transport, while the message is being sent."""
        self.cancelled_before = 0
        """How often that task had been cancelled when it began to."""
        self._interruption: Interruption | None = None  # hardly ever needed, so not made before

    @property
    def age(self) -> float:
        """Seconds since it was made."""
        return self.reply.get_loop().time() - self.began

    @property
    def is_answered(self) -> bool:
        """Whether there is a reply, and no error."""
        reply = self.reply
        return reply.done() and not reply.cancelled() and reply.exception() is None

    def expire(self) -> None:
        """End it: no reply came in time."""
        self.fail(RequestTimeoutError(self.request_id, round(self.age, 3)))

    def fail(self, error: Exception) -> None:
        """End it without a reply."""
        if not self.reply.done():
            self.reply.set_exception(error)
            if self.sender is not None:
                self._stop_sending(self.sender)

    def succeed(self, reply: Any) -> None:
        """End it with its reply."""
        self.reply.set_result(reply)
        if self.sender is not None:
            self._stop_sending(self.sender)

    def absorb_interruption(self) -> bool:
        """Return whether the `CancelledError` just caught came from here only; if so, undo it."""
        return self._interruption is not None and self._interruption.absorb()

    def _stop_sending(self, sender: asyncio.Task[Any]) -> None:
        if sender is not asyncio.current_task():
            self._interruption = Interruption(sender, before=self.cancelled_before)
            self._interruption.interrupt()
