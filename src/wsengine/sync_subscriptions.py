"""What an engine is to be subscribed to, for all threads."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, Protocol

from .subscription import Subscription, SubscriptionState
from .subscriptions import Subscriptions
from .sync_portal import within


class Calling(Protocol):
    """Calls a function (sync or async) on the event loop, and waits for it."""

    def __call__(self, function: Callable[..., Any], /, *args: Any, **options: Any) -> Any:
        """Return what the function returns."""


class SyncSubscriptions:
    """The subscriptions that are wanted: `SyncEngine.subscriptions`; as `Subscriptions`.

    Args:
        subscriptions: Those of the engine.
        call: Calls plain functions, also where there is no loop.
        wait: Calls what has to wait.
    """

    def __init__(self, subscriptions: Subscriptions, call: Calling, wait: Calling) -> None:
        self._subscriptions = subscriptions
        self._call = call
        self._wait = wait

    def __contains__(self, key: Hashable) -> bool:
        return key in self._subscriptions

    def __iter__(self) -> Iterator[SyncSubscription]:
        wanted = self._call(tuple, self._subscriptions)
        return iter([SyncSubscription(each, self._wait) for each in wanted])

    def __len__(self) -> int:
        return len(self._subscriptions)

    @property
    def failures(self) -> int:
        """Messages that could not be sent, were refused, or were not acknowledged in time."""
        return self._subscriptions.failures

    def add(
        self, key: Hashable, *, subscribe: Any, unsubscribe: Any = None, acknowledged: bool = False
    ) -> SyncSubscription:
        """Want a subscription; as `Subscriptions.add`."""
        subscription = self._call(
            self._subscriptions.add,
            key,
            subscribe=subscribe,
            unsubscribe=unsubscribe,
            acknowledged=acknowledged,
        )
        return SyncSubscription(subscription, self._wait)

    def remove(self, key: Hashable) -> None:
        """Want a subscription once less; as `Subscriptions.remove`."""
        self._call(self._subscriptions.remove, key)


class SyncSubscription:
    """A subscription that is wanted. `SyncSubscriptions.add` returns it; equal ones are the same.

    Attributes:
        key: What it is called.
        subscribe: The message that asks for it.
        unsubscribe: The message that ends it, or `None`.
        acknowledged: Whether the server's replies are waited for.
    """

    def __init__(self, subscription: Subscription, wait: Calling) -> None:
        self.key = subscription.key
        self.subscribe = subscription.subscribe
        self.unsubscribe = subscription.unsubscribe
        self.acknowledged = subscription.acknowledged
        self._subscription = subscription
        self._wait = wait

    def __repr__(self) -> str:
        return f"<SyncSubscription {self.key!r} {self.state.value}>"

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, SyncSubscription):
            return NotImplemented
        return self._subscription is other._subscription

    def __hash__(self) -> int:
        return hash(self._subscription)

    @property
    def wanted(self) -> int:
        """How many times it was added and not removed."""
        return self._subscription.wanted

    @property
    def state(self) -> SubscriptionState:
        """Where it is."""
        return self._subscription.state

    @property
    def error(self) -> Exception | None:
        """Why it failed, or `None`."""
        return self._subscription.error

    def ready(self, *, timeout: float | None = None) -> None:
        """Wait until it is active, lasting over reconnects; as `Subscription.ready`.

        Raises:
            TimeoutError: It is not active within `timeout` seconds.
        """
        self._wait(within, timeout, self._subscription.ready)
