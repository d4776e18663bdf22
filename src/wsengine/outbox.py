"""Messages that wait for a connection."""

from __future__ import annotations

import heapq
import itertools
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from .change import Change
from .config import EngineConfig
from .errors import ConnectionClosed, EngineStateError
from .message import SendableMessage, as_it_is_now
from .telemetry.tally import Tally

logger = logging.getLogger(__name__)

POLICIES: Final = {
    "drop_oldest": "the oldest messages are dropped",
    "drop_newest": "new messages are dropped",
}


class Outbox:
    """A bounded first-in first-out queue, which is emptied when a session is open.

    A message leaves it when it has been sent; where a connection breaks in the middle of that, it
    is sent again on the next one.

    Args:
        name: What the engine is called in the log.
        config: Says how many messages are held, and what happens to one more.
        filled: Told of every message that is put here.
        tally: Where to count what is dropped.
    """

    __slots__ = (
        "_burst",
        "_config",
        "_filled",
        "_name",
        "_sending",
        "_tally",
        "_tickets",
        "_waiting",
    )

    def __init__(self, name: str, config: EngineConfig, filled: Change, tally: Tally) -> None:
        self._name = name
        self._config = config
        self._tally = tally
        self._filled = filled
        self._tickets = itertools.count()
        self._waiting: list[tuple[int, SendableMessage]] = []  # a heap: tickets all differ
        self._sending: tuple[int, SendableMessage] | None = None
        self._burst = 0

    def __len__(self) -> int:
        return len(self._waiting) + (self._sending is not None)

    @property
    def dropped(self) -> int:
        """Messages that were never sent: there was no room, or the engine stopped."""
        return self._tally.outbox_dropped

    def ticket(self) -> int:
        """Return the place in the order that a message has which is to be sent now."""
        return next(self._tickets)

    def put(self, message: SendableMessage, ticket: int) -> None:
        """Add a message, behind all with an earlier ticket.

        Raises:
            EngineStateError: It is full, and `outbox_policy` is "raise".
        """
        config = self._config
        message = as_it_is_now(message)
        drop_oldest = config.outbox_policy == "drop_oldest"
        # What is being sent may come back. Then it is the oldest, which may be dropped.
        full = len(self._waiting if drop_oldest else self) >= config.outbox_messages
        if full and config.outbox_policy == "raise":
            raise EngineStateError(
                f"{self._name}: the outbox is full (outbox_messages={config.outbox_messages}) and "
                "there is no connection; try again later, or choose another outbox_policy"
            )
        if full and config.outbox_policy == "drop_newest":
            self._drop()
            return
        heapq.heappush(self._waiting, (ticket, message))
        if full:
            heapq.heappop(self._waiting)
            self._drop()
        self._filled.tell()

    async def send_next(self, send: Callable[[SendableMessage], Awaitable[object]]) -> None:
        """Send the first message. It stays if the connection is closed, or this is cancelled.

        Raises:
            ConnectionClosed: The connection is closed.
        """
        entry = self._sending = heapq.heappop(self._waiting)
        done = False
        try:
            await send(entry[1])
            done = True
        except ConnectionClosed:
            raise
        except Exception:
            done = True  # it would fail again, and nothing behind it would ever be sent
            self._tally.outbox_dropped += 1
            logger.exception("%s: a message of the outbox cannot be sent", self._name)
        finally:
            self._sending = None
            if not done:
                heapq.heappush(self._waiting, entry)
                if len(self._waiting) > self._config.outbox_messages:
                    heapq.heappop(self._waiting)
                    self._drop()
        if not self._waiting:
            self._end_burst()

    def clear(self) -> None:
        """Drop everything: the engine has stopped."""
        left = len(self._waiting)
        self._waiting.clear()
        self._end_burst()
        if left:
            self._tally.outbox_dropped += left
            logger.warning(
                "%s: stopped with %d messages in the outbox; they are dropped", self._name, left
            )

    def _drop(self) -> None:
        self._tally.outbox_dropped += 1
        self._burst += 1
        if self._burst == 1:
            what = POLICIES[self._config.outbox_policy]
            most = self._config.outbox_messages
            logger.warning(
                "%s: the outbox is full (outbox_messages=%d): %s", self._name, most, what
            )

    def _end_burst(self) -> None:
        if self._burst:
            logger.warning("%s: %d messages dropped from the outbox", self._name, self._burst)
            self._burst = 0
