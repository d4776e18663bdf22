"""Subscriptions that are paced, and subscriptions that the server refuses."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    EngineStateError,
    RequestFailed,
    Session,
    Subscription,
    SubscriptionState,
)

from .measuring import until
from .recorder import Recorder
from .servers import PATIENCE, PoliteServer
from .test_conversations import conversing

pytestmark = pytest.mark.usefixtures("nothing_held")

RATE = 100.0
KEYS = [f"key {number}" for number in range(11)]
PACED = (len(KEYS) - 3) / RATE
"""Seconds between the first and the last of them, at least; less two for a busy machine."""


class Keeping:
    """A server that notes what comes and when, and answers where it is asked to.

    Attributes:
        came: What came on each connection: when, and the message.
        refused: The keys that it refuses.
    """

    def __init__(self) -> None:
        self.came: list[list[tuple[float, Any]]] = []
        self.refused: set[str] = set()

    async def __call__(self, connection: ServerConnection) -> None:
        mine: list[tuple[float, Any]] = []
        self.came.append(mine)
        async for text in connection:
            message = json.loads(text)
            mine.append((time.perf_counter(), message))
            if "id" in message:
                reply = {"id": message["id"]}
                if message.get("subscribe") in self.refused:
                    reply["error"] = {"code": 403, "message": "not for you"}
                await connection.send(json.dumps(reply))

    def messages(self, connection: int = -1) -> list[Any]:
        """Return what came on one connection, without the ids."""
        came = [message for _, message in self.came[connection]]
        return [{name: m[name] for name in m if name != "id"} for m in came]

    def seconds(self, connection: int = -1) -> float:
        """Return how long it took from the first message to the last subscription."""
        times = [when for when, message in self.came[connection] if "subscribe" in message]
        return times[-1] - times[0]


async def ready(*handles: Subscription) -> None:
    """Wait until all of them are active."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*[handle.ready() for handle in handles])


async def test_a_replay_is_paced_and_the_outbox_comes_behind_it(adapter: str) -> None:
    keeping, wanted = Keeping(), [{"subscribe": key} for key in KEYS]
    async with (
        PoliteServer(keeping) as server,
        conversing(server.url, Recorder(), adapter, subscription_max_rate=RATE) as engine,
    ):
        handles = [engine.subscriptions.add(key, subscribe={"subscribe": key}) for key in KEYS]
        await ready(*handles)
        await until(lambda: keeping.messages() == wanted)
        assert keeping.seconds() >= PACED
        for _ in range(2):
            server.drop_all()
            await until(lambda: engine.session is None)
            assert {handle.state for handle in handles} == {SubscriptionState.WAITING}
            await engine.send({"queued": 1}, when_closed="queue")
            await engine.send({"queued": 2}, when_closed="queue")
            await until(lambda: engine.session)
            await until(lambda: keeping.messages() == [*wanted, {"queued": 1}, {"queued": 2}])
            assert keeping.seconds() >= PACED
        assert len(keeping.came) == 3


async def test_the_pace_holds_nothing_else_up(adapter: str) -> None:
    """While subscriptions wait for their turn, messages and requests do not."""
    keeping = Keeping()
    async with (
        PoliteServer(keeping) as server,
        conversing(server.url, Recorder(), adapter, subscription_max_rate=0.1) as engine,
    ):
        for key in ("first", "second"):  # the second one's turn is in ten seconds
            engine.subscriptions.add(key, subscribe={"subscribe": key})
        await until(lambda: len(keeping.came[0]) == 1)
        await engine.send({"said": 1})
        assert await engine.request({"op": "x"}) == {"id": 1}
        assert keeping.messages() == [{"subscribe": "first"}, {"said": 1}, {"op": "x"}]


async def test_a_subscription_that_is_refused_is_told_and_tried_again(
    adapter: str, caplog: pytest.LogCaptureFixture
) -> None:
    keeping, endpoint = Keeping(), Recorder()
    keeping.refused.add("secret")
    async with (
        PoliteServer(keeping) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        good, bad = [
            engine.subscriptions.add(
                key,
                subscribe={"subscribe": key},
                unsubscribe={"unsubscribe": key},
                acknowledged=True,
            )
            for key in ("public", "secret")
        ]
        with (
            caplog.at_level(logging.WARNING, "wsengine"),
            pytest.raises(RequestFailed, match="code 403, 'not for you'"),
        ):
            await ready(bad)
        assert "subscribing 'secret' failed" in caplog.text
        await ready(good)
        assert (good.state, bad.state) == (SubscriptionState.ACTIVE, SubscriptionState.FAILED)
        assert isinstance(bad.error, RequestFailed)
        assert engine.subscriptions.failures == 1

        keeping.refused.clear()
        server.drop_all()
        await until(lambda: len(keeping.came) == 2)
        await until(lambda: bad.state is SubscriptionState.ACTIVE)
        await ready(good, bad)
        assert bad.error is None
        assert keeping.messages() == [{"subscribe": "public"}, {"subscribe": "secret"}]
        assert engine.subscriptions.failures == 1
        engine.subscriptions.remove("secret")
        await until(lambda: keeping.messages()[2:] == [{"unsubscribe": "secret"}])
        assert bad.state is SubscriptionState.REMOVED
    assert endpoint.messages == []  # acknowledgements are replies


async def test_an_acknowledgement_that_the_connection_takes_along(adapter: str) -> None:
    """`ready` lasts over the reconnect, and the subscription is sent again."""
    silent = Keeping()

    async def deaf(connection: ServerConnection) -> None:
        await connection.recv()
        connection.transport.abort()

    async with (
        PoliteServer(deaf, silent) as server,
        conversing(server.url, Recorder(), adapter) as engine,
    ):
        handle = engine.subscriptions.add("a", subscribe={"subscribe": "a"}, acknowledged=True)
        await ready(handle)
        assert silent.messages() == [{"subscribe": "a"}]
        assert engine.subscriptions.failures == 0


async def test_a_handler_that_waits_for_an_acknowledgement_does_not_hold_the_next_session_up(
    adapter: str,
) -> None:
    caught: list[EngineStateError] = []
    asked = Keeping()

    class Waiting(Recorder):
        async def on_message(self, session: Session, message: Any) -> None:
            subscriptions = session.engine.subscriptions
            try:
                await subscriptions.add(
                    "a", subscribe={"subscribe": "a"}, acknowledged=True
                ).ready()
            except EngineStateError as error:
                caught.append(error)

    async def deaf(connection: ServerConnection) -> None:
        await connection.send("{}")
        await connection.recv()
        connection.transport.abort()

    async with (
        PoliteServer(deaf, asked) as server,
        conversing(server.url, Waiting(), adapter) as engine,
    ):
        await until(lambda: asked.came and asked.messages() == [{"subscribe": "a"}])
        assert "inside a callback cannot wait for the next session" in str(caught[0])
        assert "a" in engine.subscriptions


async def test_what_was_refused_is_asked_for_again_by_whoever_adds_it_next(adapter: str) -> None:
    keeping = Keeping()
    keeping.refused.add("a")
    async with (
        PoliteServer(keeping) as server,
        conversing(server.url, Recorder(), adapter) as engine,
    ):

        def add() -> Subscription:
            return engine.subscriptions.add("a", subscribe={"subscribe": "a"}, acknowledged=True)

        first = add()
        with pytest.raises(RequestFailed):
            await ready(first)
        keeping.refused.clear()
        await ready(add())
        assert first.state is SubscriptionState.ACTIVE
        assert keeping.messages() == [{"subscribe": "a"}] * 2
