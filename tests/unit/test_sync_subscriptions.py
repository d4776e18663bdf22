from __future__ import annotations

import threading
from typing import Any

import pytest

from wsengine import (
    ConfigError,
    EngineStateError,
    JsonCodec,
    JsonCorrelator,
    SubscriptionState,
)
from wsengine.testing import Accept, Delay, Lose

from .sync_tools import PATIENCE, Gate, Silent, adapter_of, make


def test_what_is_wanted_before_the_start_is_sent_then() -> None:
    engine = make(Silent())
    wanted = engine.subscriptions.add("a", subscribe="+a", unsubscribe="-a")
    assert wanted.state is SubscriptionState.WAITING
    with engine:
        wanted.ready(timeout=PATIENCE)
        assert wanted.state is SubscriptionState.ACTIVE
        assert wanted.error is None
        assert repr(wanted) == "<SyncSubscription 'a' active>"
        assert adapter_of(engine).connection.sent == ["+a"]


def test_any_thread_may_add_and_remove() -> None:
    engine = make(Silent())
    subscriptions = engine.subscriptions

    def add(key: str) -> None:
        subscriptions.add(key, subscribe=f"+{key}").ready(timeout=PATIENCE)

    with engine:
        threads = [threading.Thread(target=add, args=(str(n),)) for n in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(PATIENCE)
        assert len(subscriptions) == 8
        assert set(adapter_of(engine).connection.sent) == {f"+{n}" for n in range(8)}
        subscriptions.remove("3")
        assert "3" not in subscriptions
        assert "4" in subscriptions
        with pytest.raises(ConfigError, match="no such subscription"):
            subscriptions.remove("3")
        assert subscriptions.failures == 0
    assert len(subscriptions) == 7


class Subscribing(Silent):
    """Adds a subscription in its callbacks."""

    def __init__(self) -> None:
        super().__init__()
        self.reopened = Gate()
        self.engine: Any = None

    def on_open(self, session: Any, *, restarting: bool) -> None:
        if restarting:
            self.reopened.open()
        else:
            session.engine.subscriptions.add("key", subscribe="+key")


def test_it_is_sent_once_on_every_connection() -> None:
    endpoint = Subscribing()
    engine = make(endpoint, Accept("x", Lose()))
    with engine:
        endpoint.reopened.wait()
        engine.subscriptions.add("other", subscribe="+other").ready(timeout=PATIENCE)
        assert adapter_of(engine).connection.sent == ["+key", "+other"]


def test_it_tells_what_subscriptions_tells() -> None:
    engine = make(Silent(), codec=JsonCodec(), correlator=JsonCorrelator())
    first = engine.subscriptions.add("a", subscribe={"to": "a"}, acknowledged=True)
    second = engine.subscriptions.add("b", subscribe="+b", unsubscribe="-b")
    assert engine.subscriptions.add("b", subscribe="+b", unsubscribe="-b") == second
    assert (first.subscribe, first.unsubscribe, first.acknowledged) == ({"to": "a"}, None, True)
    assert (second.subscribe, second.unsubscribe) == ('"+b"', '"-b"')
    assert (first.wanted, second.wanted) == (1, 2)
    assert first != second
    assert first != "a"
    assert len({first, second, *engine.subscriptions}) == 2
    with engine:
        assert list(engine.subscriptions) == [first, second]


def test_to_wait_for_one_the_engine_must_run() -> None:
    wanted = make(Silent()).subscriptions.add("a", subscribe="+a")
    with pytest.raises(EngineStateError, match=r"call start\(\) first"):
        wanted.ready()


def test_within_a_listener_it_can_be_added_as_well() -> None:
    engine = make(Silent())
    engine.watch(lambda change: engine.subscriptions.add("a", subscribe="+a"))
    with engine:
        assert "a" in engine.subscriptions


@pytest.mark.parametrize("callback", ["on_open", "on_message"])
def test_a_callback_does_not_wait_for_itself(callback: str) -> None:
    class Waiting(Silent):
        def wait(self, session: Any) -> None:
            handle = session.engine.subscriptions.add("a", subscribe={"op": 1}, acknowledged=True)
            waiting.open()
            with pytest.raises(EngineStateError, match="inside a callback cannot wait for the"):
                handle.ready(timeout=PATIENCE)
            refused.open()

        def on_open(self, session: Any, *, restarting: bool) -> None:
            if callback == "on_open" and not restarting:
                self.wait(session)

        def on_message(self, session: Any, message: Any) -> None:
            self.wait(session)

    waiting, refused = Gate(), Gate()
    script = [Accept("{}", Delay(0.05), Lose())] if callback == "on_message" else []
    with make(Waiting(), *script, codec=JsonCodec(), correlator=JsonCorrelator()):
        waiting.wait()
        refused.wait()
