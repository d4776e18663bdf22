"""One subscription, as the user holds it."""

from __future__ import annotations

import enum
from collections.abc import Callable, Hashable
from typing import Any, NamedTuple

from .change import Change
from .errors import EngineStateError, RequestTimeoutError


class SubscriptionState(enum.Enum):
    """Where a subscription is, in the session that is open."""

    WAITING = "waiting"
    """To be sent: there is no session, or its turn has not come."""
    SENT = "sent"
    """Being sent, or sent and not yet acknowledged."""
    ACTIVE = "active"
    """Sent; and acknowledged, where that was asked for."""
    FAILED = "failed"
    """Refused, or not acknowledged in time. It is tried again on the next connection, or when it
    is added once more."""
    REMOVED = "removed"
    """Not wanted any more."""


class Subscription:
    """A subscription that is wanted. `engine.subscriptions.add` returns it.

    Attributes:
        key: What it is called.
        subscribe: The message that asks for it.
        unsubscribe: The message that ends it, or `None`.
        acknowledged: Whether the server's replies are waited for.
        wanted: How many times it was added and not removed.
        error: Why it failed, or `None`.
    """

    def __init__(
        self,
        key: Hashable,
        subscribe: Any,
        unsubscribe: Any,
        *,
        acknowledged: bool,
        encoded: tuple[Any, Any] | None = None,
        check_wait: Callable[[str], object] | None = None,
    ) -> None:
        self.key = key
        self.subscribe = subscribe
        self.unsubscribe = unsubscribe
        self.acknowledged = acknowledged
        self.wanted = 0
        self.error: Exception | None = None
        self._in_session = SubscriptionState.WAITING
        self._encoded = (subscribe, unsubscribe) if encoded is None else encoded
        self._check_wait = check_wait
        self._stopped = False
        self._changed = Change()

    def __repr__(self) -> str:
        return f"<Subscription {self.key!r} {self.state.value}>"

    @property
    def state(self) -> SubscriptionState:
        """Where it is."""
        return self._in_session if self.wanted else SubscriptionState.REMOVED

    async def ready(self) -> None:
        """Wait until it is active; not bounded in time, and lasting over reconnects.

        Raises:
            RequestFailed: The server refused it.
            RequestTimeoutError: The server did not acknowledge it in time.
            EngineStateError: It was removed, or the engine stopped, before it was active; or no
                session is open, and a callback or a pause would wait for itself. So it cannot be
                awaited in `on_open`, after which subscriptions are sent.
        """
        while self.state is not SubscriptionState.ACTIVE:
            if self.state is SubscriptionState.REMOVED:
                raise EngineStateError(f"subscription {self.key!r} was removed")
            if self.state is SubscriptionState.FAILED and self.error is not None:
                raise self.error
            if self._stopped:
                raise EngineStateError(
                    f"the engine stopped before subscription {self.key!r} was active"
                )
            if self._check_wait is not None:
                self._check_wait(f"ready() of subscription {self.key!r}")
            await self._changed.wait()

    # For `Subscriptions`.

    def is_like(self, other: Subscription) -> bool:
        """Return whether the server could not tell it from another one."""
        if self.acknowledged != other.acknowledged:
            return False
        # Either will do: objects need not compare, nor dictionaries have one order.
        if self._encoded == other._encoded:
            return True
        return (self.subscribe, self.unsubscribe) == (other.subscribe, other.unsubscribe)

    @property
    def may_be_there(self) -> bool:
        """Whether the server may have it: what was not acknowledged in time may have come late."""
        failed = self._in_session is SubscriptionState.FAILED
        return not failed or isinstance(self.error, RequestTimeoutError)

    def enter(self, state: SubscriptionState, error: Exception | None = None) -> None:
        """Note where it is in the session now."""
        self._in_session, self.error = state, error
        self._changed.tell()

    def want(self, more: int) -> None:
        """Note that it was added, or removed."""
        self.wanted += more
        self._changed.tell()

    def note_stopped(self, stopped: bool) -> None:
        """Note that the engine has stopped, or was started again."""
        self._stopped = stopped
        self._changed.tell()

    def look_again(self) -> None:
        """Have all who wait find out whether they still may: the session is over."""
        self._changed.tell()


class Step(NamedTuple):
    """One message to be sent, to bring the server a step nearer to what is wanted."""

    subscription: Subscription
    message: Any
    subscribing: bool
