"""How long handlers take, for a sample of the messages."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Iterable
from time import perf_counter
from typing import Any, Final

from opentelemetry.metrics import Histogram
from opentelemetry.util.types import AttributeValue

Handler = Callable[[Any, Any], Any]

INTERVAL: Final = 0.1
"""Seconds between two samples: recording one costs more than many a handler."""


class HandlerSampling:
    """Times a handler now and then, at most every `INTERVAL`.

    The workers take what to call from a list, one entry for each message of a turn. To time the
    next message, whoever takes it, the whole list is filled with a handler that is timed, and
    which fills it with `on_message` again. So a sample costs the other messages nothing.

    Args:
        on_message: The callback.
        duration: Told of the samples.
        attributes: The attributes of the data points.
    """

    def __init__(
        self, on_message: Handler, duration: Histogram, attributes: dict[str, AttributeValue]
    ) -> None:
        self._on_message = on_message
        self._record = duration.record
        self._attributes = attributes
        self._due = 0.0
        self._turn: list[Handler] = []

    def turn(self, messages: int) -> Iterable[Handler]:
        """Return the handlers of a turn, one for each message."""
        if len(self._turn) != messages:
            self._turn = [self._on_message] * messages
        self.rearm()
        return self._turn

    def rearm(self) -> None:
        """Have the next handler timed, if a sample is due."""
        now = perf_counter()
        if now >= self._due:
            self._due = now + INTERVAL
            self._turn[:] = [self._timed] * len(self._turn)

    def _timed(self, session: Any, message: Any) -> Any:
        self._turn[:] = [self._on_message] * len(self._turn)
        begin = perf_counter()
        try:
            result = self._on_message(session, message)
        except BaseException:
            self._record(perf_counter() - begin, self._attributes)
            raise
        if result is not None and inspect.isawaitable(result):
            return self._until_done(result, begin)
        self._record(perf_counter() - begin, self._attributes)
        return result

    async def _until_done(self, pending: Awaitable[Any], begin: float) -> Any:
        try:
            return await pending
        finally:
            self._record(perf_counter() - begin, self._attributes)
