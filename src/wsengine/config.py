"""The settings of an engine."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from .conflation import conflate
from .reconnect import ReconnectPolicy
from .validation import (
    check_choice,
    check_name,
    check_number,
    check_share,
    check_type,
    check_whole,
    refuse,
)


@dataclass(frozen=True, kw_only=True, slots=True)
class EngineConfig:
    """The settings of an engine; each is checked at once, and none changes afterwards.

    Args:
        name: What the engine is called in logs; where it is `None`, the URL without its
            secrets, or "engine" for a URL that is a function.
        workers: How many `on_message` calls may run at once. They start in the order of
            arrival; with 1 they also finish in order.
        reconnect: How to come back, or `None` to stop at the end of the first session.
        retry_start: Whether `start()` retries the first open as `reconnect` says, instead of
            failing at once.
        open_timeout: Seconds for one dial and its `on_open` together.
        stop_timeout: Seconds within which `stop()` ends, whatever the server, the network or a
            callback does. Running handlers have half of it before they are cancelled.
        ping_interval: Seconds between keepalive pings, or `None` for none.
        ping_timeout: Seconds to wait for the pong; without it the session is dead
            (close 1006); four times as long while messages keep coming, as it may stand behind
            them. `None` measures the round trip only.
        idle_timeout: Seconds without a message after which the session is dead, or `None`.
        order_by: A function of a message that returns its key, or `None`. Messages of one key
            are then handled in their order, one at a time, those of different keys at the same
            time: up to `workers` handlers at once. A message whose key is busy waits in the
            backlog. With a codec it is called with what the codec made of the message, which is
            decoded once more for that.
        backlog_messages: How many messages are read ahead while all workers are busy. 0 reads
            nothing ahead. At the bound reading stops, and TCP pushes back on the server. While a
            request waits for its reply, which may stand behind more, only `backlog_bytes` holds.
        backlog_bytes: The same bound in bytes of payload; one message may always be held.
        backlog_policy: What happens at these bounds: "wait" stops reading, so that TCP pushes back
            on the server and nothing is lost; "drop_oldest" and "drop_newest" read on and drop;
            `conflate(key)` keeps the newest message of each key. What is dropped is counted in
            `SessionStats.messages_dropped` and logged.
        blocked_after: Seconds after which something that blocks the event loop is logged, by its
            name and its place in the code, while it does; `None` for never. The greatest delay
            of this is a quarter of a second.
        subscription_max_rate: How many messages of `engine.subscriptions` are sent per second at
            most, evenly; `None` sets no bound. The outbox waits until all are sent: it may fill up
            meanwhile, though a session is open.
        acknowledge_timeout: Seconds for the server to acknowledge a message of
            `engine.subscriptions` that was added with `acknowledged=True`.
        outbox_messages: How many messages `engine.send(..., when_closed="queue")` keeps while no
            session is open, or one sends its subscriptions.
        outbox_policy: What happens to one more: the oldest is dropped, the new one is dropped,
            or `send` raises `EngineStateError`.
        trace_messages: Which messages have a span of their own, where an OpenTelemetry SDK
            listens: "all", "off", or a share of them between 0 and 1. The SDK's sampler still
            has its say.
        extract: A function of a message that returns the trace context inside it, as a mapping
            of propagation fields (`traceparent`, ...), or `None`.
        extract_as: What that context is to the message's span: a "link", or its "parent".
        on_endpoint_error: What to do when a callback of a session raises, besides
            logging it: go on, restart the session, or exit (`run()` then raises).
    """

    name: str | None = None
    workers: int = 1
    reconnect: ReconnectPolicy | None = field(default_factory=ReconnectPolicy)
    retry_start: bool = False
    open_timeout: float = 10.0
    stop_timeout: float = 10.0
    ping_interval: float | None = 20.0
    ping_timeout: float | None = 20.0
    idle_timeout: float | None = None
    order_by: Callable[[Any], Hashable] | None = None
    backlog_messages: int = 1024
    backlog_bytes: int = 16 * 1024 * 1024
    backlog_policy: Literal["wait", "drop_oldest", "drop_newest"] | conflate = "wait"
    blocked_after: float | None = 1.0
    subscription_max_rate: float | None = None
    acknowledge_timeout: float = 10.0
    outbox_messages: int = 1000
    outbox_policy: Literal["drop_oldest", "drop_newest", "raise"] = "drop_oldest"
    trace_messages: Literal["all", "off"] | float = "all"
    extract: Callable[[Any], Mapping[str, str] | None] | None = None
    extract_as: Literal["link", "parent"] = "link"
    on_endpoint_error: Literal["continue", "restart", "exit"] = "continue"

    def __post_init__(self) -> None:
        check_name("name", self.name)
        check_whole("workers", self.workers, least=1)
        check_type("reconnect", self.reconnect, ReconnectPolicy)
        check_choice("retry_start", self.retry_start, (True, False))
        check_number("open_timeout", self.open_timeout, above=0)
        check_number("stop_timeout", self.stop_timeout, above=0)
        check_number("ping_interval", self.ping_interval, above=0, optional=True)
        check_number("ping_timeout", self.ping_timeout, above=0, optional=True)
        check_number("idle_timeout", self.idle_timeout, above=0, optional=True)
        check_whole("backlog_messages", self.backlog_messages, least=0)
        if self.order_by is not None:
            if not callable(self.order_by):
                raise refuse("order_by", self.order_by, "must be a function of a message, or None")
            if self.backlog_messages == 0:
                raise refuse("backlog_messages", 0, "must be at least 1 with order_by")
        check_whole("backlog_bytes", self.backlog_bytes, least=1)
        self._check_policy()
        check_number("blocked_after", self.blocked_after, above=0, optional=True)
        check_number("subscription_max_rate", self.subscription_max_rate, above=0, optional=True)
        check_number("acknowledge_timeout", self.acknowledge_timeout, above=0)
        check_whole("outbox_messages", self.outbox_messages, least=1)
        check_choice("outbox_policy", self.outbox_policy, ("drop_oldest", "drop_newest", "raise"))
        check_choice("on_endpoint_error", self.on_endpoint_error, ("continue", "restart", "exit"))
        check_share("trace_messages", self.trace_messages, ("all", "off"))
        if self.extract is not None and not callable(self.extract):
            raise refuse("extract", self.extract, "must be a function of a message, or None")
        check_choice("extract_as", self.extract_as, ("link", "parent"))
        if self.retry_start and self.reconnect is None:
            raise refuse("retry_start", True, "needs a reconnect policy, but reconnect is None")

    def _check_policy(self) -> None:
        policy = self.backlog_policy
        if not isinstance(policy, conflate):
            check_choice("backlog_policy", policy, ("wait", "drop_oldest", "drop_newest"))
        if policy == "wait":
            return
        if self.order_by is not None:
            raise refuse("backlog_policy", policy, 'must be "wait" with order_by')
        if self.backlog_messages == 0:
            raise refuse(
                "backlog_messages", 0, f"must be at least 1 with backlog_policy={policy!r}"
            )
