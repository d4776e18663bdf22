"""Requests, subscriptions and the outbox, against real servers, with every adapter."""

from __future__ import annotations

import asyncio
import json
import time
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection

from wsengine import (
    ConnectionClosed,
    ConnectOptions,
    DecodeError,
    Engine,
    EngineConfig,
    JsonCodec,
    JsonCorrelator,
    RequestFailed,
    RequestTimeoutError,
    Session,
)

from .conftest import AT_ONCE
from .measuring import until
from .recorder import Recorder
from .servers import PoliteServer

pytestmark = pytest.mark.usefixtures("nothing_held")


def conversing(url: str, endpoint: Any, adapter: str, **settings: Any) -> Engine:
    """Return an engine that speaks JSON with ids, with short time-outs."""
    quick = {"stop_timeout": 0.5, "open_timeout": 5.0, "reconnect": AT_ONCE}
    return Engine(
        url,
        endpoint,
        adapter=adapter,
        options=ConnectOptions(proxy=None, compression=None),
        config=EngineConfig(**{**quick, **settings}),
        codec=JsonCodec(),
        correlator=JsonCorrelator(error_field="error"),
    )


class Exchange:
    """A server that answers, keeps subscriptions, and asks back.

    Attributes:
        subscribed: The keys that each connection is subscribed to, one list for each.
        said: What clients said that is neither a request nor a subscription.
    """

    def __init__(self) -> None:
        self.subscribed: list[list[str]] = []
        self.said: list[Any] = []

    async def __call__(self, connection: ServerConnection) -> None:
        mine: list[str] = []
        self.subscribed.append(mine)
        async for text in connection:
            message = json.loads(text)
            match message:
                case {"subscribe": key}:
                    mine.append(key)
                case {"unsubscribe": key}:
                    mine.remove(key)
                case {"op": "late", "after": seconds}:
                    await asyncio.sleep(seconds)
                case {"op": "say", "messages": messages}:
                    for each in messages:
                        await connection.send(json.dumps(each))
                case {"op": "close"}:
                    await connection.close(4001, "as you wish")
                    return
                case {"op": "odd"}:
                    await connection.send("{")
                case _ if "id" not in message:
                    self.said.append(message)
            if "id" in message:
                reply = {"id": message["id"], "echo": message}
                if message.get("op") == "fail":
                    reply["error"] = {"code": 7, "message": "no"}
                await connection.send(json.dumps(reply))


class Asking(Recorder):
    """Asks inside its callbacks."""

    def __init__(self) -> None:
        super().__init__()
        self.replies: list[Any] = []

    async def on_open(self, session: Session, *, restarting: bool) -> None:
        said = [{"n": 1}, {"n": 2}]
        self.replies.append(await session.request({"op": "say", "messages": said}))
        super().on_open(session, restarting=restarting)

    async def on_message(self, session: Session, message: Any) -> None:
        super().on_message(session, message)
        if "n" in message:
            self.replies.append(await session.request({"op": "x", "n": message["n"]}))


@pytest.mark.parametrize("workers", [1, 4])
async def test_requests_inside_callbacks(adapter: str, workers: int) -> None:
    endpoint = Asking()
    async with (
        PoliteServer(Exchange()) as server,
        conversing(server.url, endpoint, adapter, workers=workers) as engine,
    ):
        await until(lambda: len(endpoint.replies) == 3)
        assert endpoint.messages == [{"n": 1}, {"n": 2}]
        assert sorted(reply["id"] for reply in endpoint.replies) == [1, 2, 3]
        assert engine.session is not None
        assert engine.session.stats().replies_unmatched == 0


async def test_many_requests_at_once_and_what_becomes_of_each(adapter: str) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(Exchange()) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        replies = await asyncio.gather(*[engine.request({"n": n}) for n in range(1000)])
        assert [reply["echo"]["n"] for reply in replies] == list(range(1000))
        with pytest.raises(RequestFailed, match="code 7, 'no'"):
            await engine.request({"op": "fail"})
        with pytest.raises(RequestTimeoutError, match=r"within 0\.1 s$"):
            await engine.request({"op": "late", "after": 0.3}, timeout=0.1)
        await until(lambda: len(endpoint.messages) == 1)  # it came late
        assert engine.session is not None
        assert engine.session.stats().replies_unmatched == 1
        with pytest.raises(ConnectionClosed, match="as you wish"):
            await engine.request({"op": "close"}, timeout=60)


async def test_what_cannot_be_decoded_costs_one_message(adapter: str) -> None:
    endpoint = Recorder()
    async with (
        PoliteServer(Exchange()) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        await engine.send({"op": "odd"})
        await until(lambda: len(endpoint.read_errors) == 1)
        (error,) = endpoint.read_errors
        assert isinstance(error, DecodeError)
        assert error.message == "{"
        assert (await engine.request({}))["echo"] == {"id": 1}
        assert len(endpoint.sessions) == 1


async def test_a_request_that_the_transport_holds_up_is_bounded(adapter: str) -> None:
    async def deaf(connection: ServerConnection) -> None:
        connection.transport.pause_reading()
        await asyncio.sleep(2)
        connection.transport.abort()

    async with (
        PoliteServer(deaf) as server,
        conversing(server.url, Recorder(), adapter) as engine,
    ):
        await asyncio.sleep(0.05)
        began = time.perf_counter()
        with pytest.raises(RequestTimeoutError):
            await engine.request({"much": "x" * 30_000_000}, timeout=0.5)
        assert 0.4 < time.perf_counter() - began < 1.5
        assert engine.session is not None
        assert engine.session.stats().messages_sent == 0  # the transport has not taken it


async def test_subscriptions_and_the_outbox_over_lost_connections(adapter: str) -> None:
    exchange = Exchange()
    endpoint = Recorder()
    async with (
        PoliteServer(exchange) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        add = engine.subscriptions.add
        for key in "ab":
            add(key, subscribe={"subscribe": key}, unsubscribe={"unsubscribe": key})
        handle = add("c", subscribe={"subscribe": "c"}, acknowledged=True)
        await handle.ready()
        assert sorted(exchange.subscribed[-1]) == ["a", "b", "c"]
        for time_around in range(3):
            server.drop_all()
            await until(lambda: engine.session is None)
            engine.subscriptions.remove("a")
            add("a", subscribe={"subscribe": "a"}, unsubscribe={"unsubscribe": "a"})
            for number in range(3):
                await engine.send({"said": [time_around, number]}, when_closed="queue")
            done = 3 * time_around + 3
            # The default binds this turn's count; mypy cannot infer a lambda that has one.
            await until(lambda done=done: len(exchange.said) == done)  # type: ignore[misc]
            await handle.ready()
            assert sorted(exchange.subscribed[-1]) == ["a", "b", "c"]
        said = [message["said"] for message in exchange.said]
        assert said == [[around, number] for around in range(3) for number in range(3)]
        engine.subscriptions.remove("b")
        await until(lambda: sorted(exchange.subscribed[-1]) == ["a", "c"])


async def test_by_pausing_without_ids(adapter: str) -> None:
    async def answer(connection: ServerConnection) -> None:
        async for text in connection:
            for each in ({"tick": 1}, {"tick": 2}, {"time": text}, {"tick": 3}):
                await connection.send(json.dumps(each))

    endpoint = Recorder()
    async with (
        PoliteServer(answer) as server,
        conversing(server.url, endpoint, adapter) as engine,
    ):
        assert engine.session is not None
        async with asyncio.timeout(5), engine.session.paused() as connection:
            await connection.send("what time is it?")
            while "time" not in (message := await connection.receive()):
                connection.put_back(message)
        assert message == {"time": '"what time is it?"'}
        await until(lambda: len(endpoint.messages) == 3)
        assert endpoint.messages == [{"tick": 1}, {"tick": 2}, {"tick": 3}]
