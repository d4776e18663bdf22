"""The side of a `SyncEngine` that sends: whatever the session, and also while there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal

from .codec import Codec
from .engine import Engine
from .outbox import Outbox
from .sync_portal import within
from .sync_session import SyncSession
from .sync_subscriptions import Calling, SyncSubscriptions


class SyncOutbox:
    """The messages that wait for a connection: `SyncEngine.outbox`. Its length is their number."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox

    def __len__(self) -> int:
        return len(self._outbox)

    @property
    def dropped(self) -> int:
        """Messages that were never sent: there was no room, or the engine stopped."""
        return self._outbox.dropped


class SyncConversing:
    """What `SyncEngine` inherits in order to converse.

    Args:
        engine: The engine underneath.
        session: Returns the open session, or `None`.
        call: Calls plain functions of it, also where there is no loop.
        wait: Calls what has to wait.

    Attributes:
        codec: The codec, or `None`.
        subscriptions: What the engine is to be subscribed to.
        outbox: The messages that wait for a connection, and how many were dropped.
    """

    def __init__(
        self,
        engine: Engine,
        session: Callable[[], SyncSession | None],
        call: Calling,
        wait: Calling,
    ) -> None:
        self.codec: Codec | None = engine.codec
        self.outbox = SyncOutbox(engine.outbox)
        self.subscriptions = SyncSubscriptions(engine.subscriptions, call, wait)
        self.__engine = engine
        self.__session = session
        self.__wait = wait

    def send(
        self,
        message: Any,
        *,
        when_closed: Literal["raise", "wait", "queue"] = "raise",
        timeout: float | None = None,
    ) -> None:
        """Send a message on the open session; as `Engine.send`.

        Raises:
            ConfigError: `timeout` is no number of seconds; nothing is sent.
            TimeoutError: It was not sent within `timeout` seconds.
            Exception: As `Engine.send`.
        """
        self.__wait(within, timeout, self.__engine.send, message, when_closed=when_closed)

    def drain(self, *, timeout: float | None = None) -> None:
        """Wait until all that waits to be sent has been sent; as `Engine.drain`.

        Raises:
            TimeoutError: Not all was sent within `timeout` seconds.
            Exception: As `Engine.drain`.
        """
        self.__wait(self.__engine.drain, timeout=timeout)

    def request(self, message: Any, *, timeout: float | None = 5.0) -> Any:
        """Send a request on the open session, and return the reply; as `Engine.request`.

        Raises:
            EngineStateError: This thread has paused the session, so nobody would read the reply.
            Exception: As `Engine.request`.
        """
        session = self.__session()
        if session is not None:
            session.refuse_pilot()
        return self.__wait(self.__engine.request, message, timeout=timeout)
