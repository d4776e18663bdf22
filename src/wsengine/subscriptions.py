"""What an engine is to be subscribed to, whatever happens to its connections."""

from __future__ import annotations

import copy
import logging
from collections.abc import Callable, Hashable, Iterator
from typing import Any

from .change import Change
from .errors import ConfigError
from .message import as_it_is_now
from .subscription import Step, Subscription, SubscriptionState
from .telemetry.tally import Tally

logger = logging.getLogger(__name__)


class Subscriptions:
    """The subscriptions that are wanted: `engine.subscriptions`.

    What is added is sent when a session is open, and sent again, once, on each new connection.
    What changes while there is none is only noted: added and removed again, nothing is sent.
    Plain functions, to be called from anywhere on the event loop.

    Args:
        name: What the engine is called in the log.
        encode: Encodes a message.
        changed: Told when there is something to send.
        settled: Told when what was to be sent need not be any more.
        tally: Where to count what fails.
        can_acknowledge: Whether there is a correlator.
        check_wait: Raises where it would wait for itself who waits for the next session.

    Attributes:
        sending: Whether a message of theirs is being sent.
    """

    __slots__ = (
        "_can_acknowledge",
        "_changed",
        "_check_wait",
        "_due",
        "_encode",
        "_name",
        "_present",
        "_settled",
        "_stopped",
        "_tally",
        "_wanted",
        "sending",
    )

    def __init__(
        self,
        name: str,
        encode: Callable[[Any], Any],
        changed: Change,
        settled: Change,
        tally: Tally,
        *,
        can_acknowledge: bool,
        check_wait: Callable[[str], object] | None = None,
    ) -> None:
        self.sending = False
        self._name = name
        self._tally = tally
        self._encode = encode
        self._changed = changed
        self._settled = settled
        self._can_acknowledge = can_acknowledge
        self._check_wait = check_wait
        self._wanted: dict[Hashable, Subscription] = {}
        self._present: dict[Hashable, Subscription] = {}  # what the open session has been told
        self._due: dict[Hashable, None] = {}  # where the two may differ, in order
        self._stopped = False

    def __contains__(self, key: Hashable) -> bool:
        return key in self._wanted

    def __iter__(self) -> Iterator[Subscription]:
        return iter(tuple(self._wanted.values()))

    def __len__(self) -> int:
        return len(self._wanted)

    @property
    def failures(self) -> int:
        """Messages that could not be sent, were refused, or were not acknowledged in time."""
        return self._tally.subscription_failures

    def add(
        self, key: Hashable, *, subscribe: Any, unsubscribe: Any = None, acknowledged: bool = False
    ) -> Subscription:
        """Want a subscription; one that is there already is wanted once more.

        One that has failed is tried again now, for all who want it. The messages are taken as they
        are now: what you do to the objects later changes nothing.

        Not to be called in `on_open`, which runs on each new connection: each call would want the
        subscription once more, and one `remove` would not end it. Call it once, before `start()`
        or after it, or while `restarting` is `False`; the engine sends it again by itself.

        Args:
            key: What to call it; `remove` takes the same.
            subscribe: The message that asks for it.
            unsubscribe: The message that ends it; `None` sends nothing.
            acknowledged: Whether to send both by `request`, and to wait for the replies.

        Raises:
            ConfigError: The key is there with other messages, or `acknowledged` needs a
                correlator and there is none.
            TypeError: A message is neither text nor bytes, and there is no codec.
            Exception: What the codec raises for a message that it cannot encode.
        """
        if acknowledged and not self._can_acknowledge:
            raise ConfigError("acknowledged=True: needs a correlator: Engine(..., correlator=...)")
        new = self._made(key, (subscribe, unsubscribe), acknowledged)
        wanted = self._wanted.get(key)
        if wanted is not None and not wanted.is_like(new):
            raise ConfigError(
                f"key={key!r}: is subscribed to with other messages; remove() it first, or use "
                "another key"
            )
        if wanted is None:
            present = self._present.get(key)
            kept = present is not None and present.is_like(new)
            failed = present is not None and present.error is not None
            wanted = self._wanted[key] = present if kept and not failed and present else new
            wanted.note_stopped(self._stopped)
            self._note(key)
        elif wanted.state is SubscriptionState.FAILED:
            self._try_again(wanted, new)
        wanted.want(+1)
        return wanted

    def remove(self, key: Hashable) -> None:
        """Want a subscription once less; what is not wanted any more is ended.

        Raises:
            ConfigError: There is none with this key.
        """
        subscription = self._wanted.get(key)
        if subscription is None:
            raise ConfigError(f"key={key!r}: there is no such subscription to remove")
        subscription.want(-1)
        if not subscription.wanted:
            del self._wanted[key]
            self._note(key)

    def _made(self, key: Hashable, messages: tuple[Any, Any], acknowledged: bool) -> Subscription:
        subscribe, unsubscribe = messages
        encoded = (
            as_it_is_now(self._encode(subscribe)),
            None if unsubscribe is None else as_it_is_now(self._encode(unsubscribe)),
        )
        # What is acknowledged gets its ids later, so it is kept as it is; but as it is now.
        kept = copy.deepcopy(tuple(map(as_it_is_now, messages))) if acknowledged else encoded
        return Subscription(
            key, *kept, acknowledged=acknowledged, encoded=encoded, check_wait=self._check_wait
        )

    def _try_again(self, failed: Subscription, stand_in: Subscription) -> None:
        if failed.key in self._present:  # what was sent: it may have to be ended first
            stand_in.enter(SubscriptionState.FAILED, failed.error)
            self._present[failed.key] = stand_in
        failed.enter(SubscriptionState.WAITING)
        self._note(failed.key)

    def _note(self, key: Hashable) -> None:
        if key in self._wanted or key in self._present:
            self._due[key] = None
        else:
            self._due.pop(key, None)  # the server is not to hear of what has come and gone
            if not self.unsent:
                self._settled.tell()
        self._changed.tell()

    # For the task of the session.

    def begin(self) -> None:
        """Have everything sent: the session is new."""
        self._present.clear()
        self._due = dict.fromkeys(self._wanted)
        for subscription in self:
            subscription.enter(SubscriptionState.WAITING)

    def end(self) -> None:
        """Note that the session is over. What failed stays so until the next one."""
        for subscription in self._present.values():
            if subscription.state is not SubscriptionState.FAILED:
                subscription.enter(SubscriptionState.WAITING)
        self._present.clear()
        for subscription in self:
            subscription.look_again()  # also at what was not sent yet

    def stopped(self) -> None:
        """Note that the engine has stopped: nobody need wait. All are wanted as before."""
        self._note_stopped(True)

    def started(self) -> None:
        """Note that the engine starts, perhaps not for the first time."""
        self._note_stopped(False)

    def _note_stopped(self, stopped: bool) -> None:
        self._stopped = stopped
        for subscription in self:
            subscription.note_stopped(stopped)

    @property
    def due(self) -> bool:
        """Whether there may be something to send."""
        return bool(self._due)

    @property
    def unsent(self) -> bool:
        """Whether a change is not sent yet, or being sent. What was removed unsent is none."""
        return self.sending or any(key in self._wanted or key in self._present for key in self._due)

    def next_step(self) -> Step | None:
        """Return what to send next, taken as sent; `None` if all is as it is wanted."""
        while self._due:
            key = next(iter(self._due))
            present, wanted = self._present.get(key), self._wanted.get(key)
            if present is not None and present is not wanted:
                ends = present.unsubscribe is not None and present.may_be_there
                if wanted is None and present.may_be_there and not ends:
                    del self._due[key]  # the server keeps it: another `add` has nothing to send
                    continue
                del self._present[key]
                if ends:
                    return Step(present, present.unsubscribe, False)
                continue
            del self._due[key]
            if wanted is not None and present is None:
                self._present[key] = wanted
                wanted.enter(SubscriptionState.SENT)
                return Step(wanted, wanted.subscribe, True)
        return None

    def done(self, step: Step) -> None:
        """Note that a message was sent; and acknowledged, if that was asked for."""
        subscription = step.subscription
        if step.subscribing and self._present.get(subscription.key) is subscription:
            subscription.enter(SubscriptionState.ACTIVE)

    def failed(self, step: Step, error: Exception) -> None:
        """Note that a message was refused, not acknowledged in time, or could not be sent."""
        self._tally.subscription_failures += 1
        subscription = step.subscription
        what = "subscribing" if step.subscribing else "unsubscribing"
        logger.warning("%s: %s %r failed: %s", self._name, what, subscription.key, error)
        if step.subscribing and self._present.get(subscription.key) is subscription:
            subscription.enter(SubscriptionState.FAILED, error)
